/** What the nodes on the tabs reach: the pipeline that is open, the people, the dates. */

import type { Dates } from './dates.ts';
import type { Numbers } from './engine/correlation/numbers.ts';
import type { WireMessage } from './engine/records/incidents.ts';
import type { People } from './engine/records/notices.ts';
import type { Ingest } from './ingest/ingest.ts';
import type { Waits, Wires } from './node-red/wires.ts';
import type { Offers, Takers } from './notify/people/channels/offered.ts';
import { createMoments } from './sites/calendar/when.ts';

/** What wires stand on; `ingest` is undefined while the ledger is opened anew, `numbers` is what correlation goes by. */
export type WiresOptions = {
  ingest(): Ingest | undefined;
  now(): number;
  takers: Takers<WireMessage>;
  dates: Dates;
  offers: Pick<Offers, 'take' | 'outcome'>;
  roster: { people(): People };
  channels: ReadonlyMap<string, unknown>;
  numbers: Numbers;
};

/** The wires of one runtime, whichever pipeline is open. */
export function createWires({ ingest, now, takers, dates, offers, roster, channels, numbers }: WiresOptions): Wires {
  const moment = createMoments({
    calendar: dates.calendar,
    table: () => ingest()?.table(),
    members: (scope) => ingest()?.memory.openIncident(scope)?.spread?.members ?? [],
    now,
  });
  return {
    head: (take) => takers.take('', take),
    waiting: takers.take,
    waits: (node) => waitsFor(ingest(), node),
    conclude: (message, how, way) => ingest()?.conclude(message, how, way),
    people: roster.people,
    channels: () => [...channels.keys()],
    offered: offers.take,
    outcome: offers.outcome,
    moment(scope, rules) {
      dates.before.ms = rules.beforeMs;
      return moment(scope, rules);
    },
    correlate: (changed) => void Object.assign(numbers, changed),
    now,
  };
}

function waitsFor(ingest: Ingest | undefined, node: string): Waits {
  const due = [...(ingest?.memory.timers.values() ?? [])].flatMap((timer) => (timer.node === node ? [timer.dueAt] : []));
  return { count: due.length, nextAt: due.length === 0 ? null : Math.min(...due) };
}
