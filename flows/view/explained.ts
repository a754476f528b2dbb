/** What the tabs that run would do with a fault of a place: nodes, hold, persons, channels and texts. Nobody is told. */
import { type Explained, faultOf, isPcPath, siteOf, stateOf } from '#contracts';
import type { Way } from '../node-red/explain.ts';
import type { Channels } from '../people/channels/channels.ts';
import { ownOrder } from '../people/order.ts';
import { type Roster, wayTo } from '../people/roster.ts';
import { render } from '../people/words.ts';
import type { WireMessage } from '../records/incidents.ts';
import type { Notice } from '../records/notices.ts';
import type { SiteTable } from '../records/sites.ts';

/** What an explanation stands on; `way` sends a message over the wires, whose end is kept from the ledger. */
export type ExplainedOptions = {
  way(message: WireMessage): Promise<Way | undefined>;
  table(): Pick<SiteTable, 'known' | 'place'>;
  roster: Roster;
  channels: Channels;
  now(): number;
};

/** Explains a fault of a site, a PC or the centre, or says in one line why it cannot. */
export type Explain = (scope: string, fault: string) => Promise<{ ok: true; value: Explained } | { ok: false; line: string }>;

/** Makes the explanation of a fault that nobody has. */
export function createExplained(options: ExplainedOptions): Explain {
  return async (asked, fault) => {
    const row = faultOf(fault);
    if (row === undefined) return { ok: false, line: `there is no fault "${fault}"` };
    const pc = options.table().known.find((one) => one.pc === asked || siteOf(one.pc) === asked);
    if (pc === undefined && asked !== 'centre') return { ok: false, line: `there is no site or PC "${asked}" that is watched` };
    const scope = pc?.pc ?? 'centre';
    const place = { link: pc?.link ?? 'fibre', elevationM: pc?.elevationM ?? 0 } as const;
    const { severity, holdMs } = row;
    const way = await options.way(messageOf({ scope, place, fault, severity, holdMs, now: options.now() }));
    if (way === undefined) return { ok: false, line: 'the tabs do not run: the log of flows says why' };
    const tells = way.tells.flatMap((told) => toldOf(options, { scope, fault, told }));
    return { ok: true, value: { scope, fault, severity, holdMs, nodes: way.nodes, tells, how: way.how } };
  };
}

type Asked = Pick<WireMessage, 'severity' | 'holdMs' | 'fault'> & {
  scope: string;
  place: Pick<WireMessage['incident'], 'link' | 'elevationM'>;
  now: number;
};

function messageOf({ scope, place, fault, severity, holdMs, now }: Asked): WireMessage {
  const isPc = isPcPath(scope);
  const paths = { state: isPc ? stateOf(scope) : '', site: isPc ? siteOf(scope) : '' };
  return {
    topic: scope,
    transition: { id: 0, offer: 1, kind: 'raised', at: now },
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

type Told = { scope: string; fault: string; told: Way['tells'][number] };

function toldOf({ table, roster, channels, now }: ExplainedOptions, { scope, fault, told }: Told): Explained['tells'] {
  const { severity, afterMs } = told;
  const faults = [{ fault, device: '', name: null, reason: null, since: now() }];
  const about = { kind: 'raised', incident: null, severity, scope, faults, at: now(), flapping: false, lines: [] } as const;
  const notice: Notice = { ...about, lines: [], ...table().place(scope) };
  const ways = roster.resolve(told.to, scope).persons.map((person) => ({ ...person, way: wayTo(person, told.channel, channels).channel }));
  const reached = ways.filter(({ way }) => way === told.channel || told.channel === ownOrder);
  return reached.map(({ id, name, language, way }) => {
    return { person: id, name, channel: way, severity, afterMs, text: render(notice, language).text };
  });
}
