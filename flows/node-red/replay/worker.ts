/**
 * Worker thread of a replay. Input: a set of tabs and the past. Output: the notifications that people would have received. It has no ledger
 * and no channel.
 */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Incident, OfferMessage } from '../../engine/records/incidents.ts';
import type { PlaceDetails } from '../../engine/records/notices.ts';
import type { PastIncidents, SentRow } from '../../engine/records/ops.ts';
import type { Meeting, Member, TreeNode } from '../../engine/records/sites.ts';
import type { Channels } from '../../notify/people/channels/channels.ts';
import { createRoster, recipientsOf } from '../../notify/people/roster.ts';
import { createCalendar } from '../../sites/calendar/calendar.ts';
import { createOfficeStates } from '../../sites/calendar/when.ts';
import { createSiteTable } from '../../sites/table.ts';
import { startNodeRed } from '../node-red.ts';
import { keyOf } from '../path-recorder.ts';
import { isKnownType } from '../tabs.ts';
import type { FlowNode } from '../tabs-storage.ts';
import type { Wires } from '../wires.ts';
import { type ReplayResult, type ReplayWorld, replayPast, type TabsDecision } from './run.ts';

/** Current sites, people and channels, and the past as pages of the ledger. */
export type ReplayInput = {
  pages: readonly string[];
  nodes: readonly FlowNode[];
  until: number;
  people: readonly Member[];
  /** All open channels, and those that reach each person. */
  channels: string[];
  reach: Readonly<Record<string, readonly string[]>>;
  places: readonly TreeNode[];
  meetings: readonly Meeting[];
};

export type IncidentAbout = Pick<Incident, 'id' | 'scope' | 'openedAt'> & { fault: string; place: PlaceDetails };

/** The replay, the notifications that were really sent, and their incidents; or one line with the reason of failure. */
export type ReplayOutput = { ok: true; played: ReplayResult; sent: SentRow[]; about: IncidentAbout[] } | { ok: false; line: string };

const port = parentPort;
if (port) {
  replay(workerData).then(
    (output) => port.postMessage(output),
    (error: Error) => port.postMessage({ ok: false, line: error.message } satisfies ReplayOutput),
  );
}

async function replay(input: ReplayInput): Promise<ReplayOutput> {
  const past = mergePages(input.pages);
  const table = createSiteTable(input.places);
  const known = new Map(table.known.map((one) => [one.pc, one]));
  let now = input.until;
  const roster = createRoster([], table.groupsOf);
  roster.use(input.people);
  // These channels only know which persons they reach; they cannot send.
  const channel = { close: () => {}, send: async () => ({ result: 'refused', reason: 'a replay notifies nobody' }) as const };
  const reaches = (name: string) => ({ channel, reaches: ({ id }: { id: string }) => input.reach[id]?.includes(name) === true });
  const channels: Channels = new Map(input.channels.map((name) => [name, reaches(name)]));
  const calendar = createCalendar(input.meetings, () => table);
  // The member sites of a group incident, as the incident had them at that time.
  const members = (scope: string) => past.incidents.findLast((one) => one.scope === scope && one.openedAt <= now)?.spread?.members ?? [];
  const moment = createOfficeStates({ calendar: () => calendar, table: () => table, members, now: () => now });
  const decide = await startSandbox(input.nodes, { channels: () => input.channels, moment, now: () => now });
  const world: ReplayWorld = {
    ...recipientsOf({ roster, channels, log: { warn() {} } }),
    place: table.place,
    facts(scope) {
      const { link = 'fibre', elevationM = 0 } = known.get(scope) ?? {};
      return { link, elevationM, timeZone: table.place(scope).timeZone };
    },
    setNow(at) {
      now = at;
    },
    decide,
  };
  const played = await replayPast(past, world, input.until);
  const firsts = new Map(past.transitions.toReversed().map(({ incident, about }) => [incident, about[0]?.fault ?? '']));
  const about = past.incidents.map(({ id, scope, openedAt }) => {
    return { id, scope, openedAt, fault: firsts.get(id) ?? '', place: table.place(scope) };
  });
  return { ok: true, played, sent: past.sent, about };
}

function mergePages(pages: readonly string[]): PastIncidents {
  const parts = pages.map((page) => JSON.parse(page) as PastIncidents);
  const all = <K extends keyof PastIncidents>(key: K) =>
    parts.flatMap((part) => part[key] as PastIncidents[K][number][]) as PastIncidents[K];
  const changes = new Map(all('changes').map((one) => [`${one.pc} ${one.component} ${one.at}`, one]));
  return {
    incidents: all('incidents'),
    transitions: all('transitions'),
    sent: all('sent'),
    changes: [...changes.values()],
  };
}

/**
 * Limit of turns of the event loop per message. Node-RED moves a message by one node per turn, so a message without a conclusion after
 * these turns has none.
 */
const turnsAtMost = 400;

/**
 * Starts the tabs in a Node-RED without any output. It takes messages and returns the decisions of the nodes. `queries`: what nodes may
 * query. Rejects with one line if the tabs do not run. Node-RED ends with this thread.
 */
async function startSandbox(
  nodes: readonly FlowNode[],
  queries: Pick<Wires, 'channels' | 'moment' | 'now'>,
): Promise<ReplayWorld['decide']> {
  const waits = new Map<string, (message: OfferMessage) => void>();
  const ends = new Map<string, TabsDecision>();
  let head: ((message: OfferMessage) => void) | undefined;
  const wires: Wires = {
    ...queries,
    head(take) {
      head = take;
      return () => {};
    },
    waiting(node, take) {
      waits.set(node, take);
      return () => waits.delete(node);
    },
    waits: () => ({ count: 0, nextAt: null }),
    conclude: (message, how) => void ends.set(keyOf(message), { acts: message.acts, severity: message.severity, how }),
    people: () => ({ roles: [], groups: [], persons: [] }),
    offered: () => () => {},
    outcome: () => {},
    correlate: () => {},
  };
  const quiet = () => {};
  const log = { fatal: quiet, error: quiet, warn: quiet, info: quiet, debug: quiet, trace: quiet };
  const kept = decidingOnly(nodes);
  const save = async () => {
    throw new Error('these tabs are not changed');
  };
  await startNodeRed({ wires, tabs: { load: () => structuredClone(kept), save, running: () => kept, lint: () => [] }, log });
  return async (message, node) => {
    const take = (node === null ? undefined : waits.get(node)) ?? head;
    take?.(message);
    const key = keyOf(message);
    for (let turn = 0; turn < turnsAtMost && !ends.has(key); turn += 1) await setImmediate();
    const end = ends.get(key);
    ends.delete(key);
    return end;
  };
}

/** Removes nodes that start by themselves, and community nodes, which would send. */
function decidingOnly(nodes: readonly FlowNode[]): FlowNode[] {
  const kept = nodes.filter(({ type }) => isKnownType(type) && type !== 'inject');
  const ids = new Set(kept.map(({ id }) => id));
  const keptOf = (port: readonly string[]) => port.filter((to) => ids.has(to));
  return kept.map((node) => (node.wires === undefined ? node : { ...node, wires: node.wires.map(keptOf) }));
}
