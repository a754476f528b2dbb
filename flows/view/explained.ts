/** Dry run of a fault through the running tabs: nodes, hold, persons, channels and texts. No person is notified. */
import { type Explanation, faultOf, isPcPath, siteOf, stateOf } from '@sabha/contracts';
import type { OfferMessage } from '../engine/records/incidents.ts';
import type { Notice } from '../engine/records/notices.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { TabsPath } from '../node-red/path-recorder.ts';
import type { PlaceNotifications } from '../notify/orders/check.ts';
import { type Channels, ownOrderWord } from '../notify/people/channels/channels.ts';
import { type Roster, routeTo } from '../notify/people/roster.ts';
import { render } from '../notify/people/words.ts';
import { liesWithin } from '../sites/table.ts';

/** Dependencies of a dry run. `way` sends a message through the tabs; its result is not written to the ledger. */
export type ExplainedOptions = {
  way(message: OfferMessage): Promise<TabsPath | undefined>;
  table(): Pick<SiteTable, 'known' | 'place' | 'pathsOf'>;
  roster: Roster;
  channels: Channels;
  now(): number;
};

/** Does a dry run for a fault of a site, a PC or the server, or returns one line why it cannot. */
export type Explain = ReturnType<typeof createExplain>;

type KnownPlace = SiteTable['known'][number];

/** A fault that every room can have and of which people are notified at once. */
const commonFault = 'microphone.missing';

/**
 * Returns the persons whom the running tabs would notify for each site of a scope. Each site needs one dry run, for its first PC. Undefined
 * if no tabs run.
 */
export function createRecipientsLookup(options: Pick<ExplainedOptions, 'way' | 'table' | 'now'>) {
  return async (scope: string): Promise<PlaceNotifications[] | undefined> => {
    const { known, pathsOf } = options.table();
    const within = known.filter(({ pc }) => liesWithin(pathsOf, scope, pc));
    const firsts = new Map(within.toReversed().map((one) => [siteOf(one.pc), one]));
    const places: PlaceNotifications[] = [];
    for (const one of [...firsts.values()].reverse()) {
      const found = await options.way(messageOf(options, one, commonFault));
      if (found === undefined) return undefined;
      places.push({ scope: one.pc, tells: found.notifications.map(({ to, afterMs }) => ({ to, afterMs })) });
    }
    return places;
  };
}

export function createExplain(options: ExplainedOptions) {
  return async (asked: string, fault: string): Promise<{ ok: true; value: Explanation } | { ok: false; line: string }> => {
    if (faultOf(fault) === undefined) return { ok: false, line: `there is no fault "${fault}"` };
    const { table, roster, channels, now } = options;
    const pc = table().known.find((one) => one.pc === asked || siteOf(one.pc) === asked);
    if (pc === undefined && asked !== 'centre') return { ok: false, line: `there is no site or PC "${asked}" that is watched` };
    const scope = pc?.pc ?? 'centre';
    const message = messageOf(options, pc, fault);
    const path = await options.way(message);
    if (path === undefined) return { ok: false, line: 'the tabs do not run: the log of flows says why' };
    const faults = [{ fault, device: '', name: null, reason: null, since: now() }];
    const tells = path.notifications.flatMap(({ to, channel, severity, afterMs }) => {
      const about = { kind: 'raised', incident: null, severity, scope, faults, at: now(), flapping: false } as const;
      const notice: Notice = { ...about, lines: [], ...table().place(scope) };
      const ways = roster
        .resolve(to, scope, { now: now() })
        .persons.map((one) => ({ ...one, way: routeTo(one, channel, channels).channel }));
      return ways
        .filter(({ way }) => way === channel || channel === ownOrderWord)
        .map(({ id, name, language, way }) => {
          return { person: id, name, channel: way, severity, afterMs, text: render(notice, language).text };
        });
    });
    const { severity, holdMs } = message;
    return { ok: true, value: { scope, fault, severity, holdMs, nodes: path.nodes, tells, how: path.how } };
  };
}

/** Returns the message of a fault as if it were raised now: of a PC, or of the server if no PC is given. */
function messageOf({ table, now }: Pick<ExplainedOptions, 'table' | 'now'>, known: KnownPlace | undefined, fault: string): OfferMessage {
  const { pc: scope = 'centre', link = 'fibre', elevationM = 0 } = known ?? {};
  const { severity, holdMs } = faultOf(fault) ?? { severity: 'major', holdMs: 0 };
  const place = { link, elevationM, timeZone: table().place(scope).timeZone };
  const isPc = isPcPath(scope);
  const paths = { state: isPc ? stateOf(scope) : '', site: isPc ? siteOf(scope) : '' };
  return {
    topic: scope,
    transition: { id: 0, offer: 1, kind: 'raised', at: now() },
    incident: { id: 0, scope, ...paths, ...place, severity, flapping: false, acknowledged: false, told: [], cause: null },
    fault,
    faults: [fault],
    outage: null,
    severity,
    holdMs,
    to: [],
    acts: [],
  };
}
