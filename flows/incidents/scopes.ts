/** Scopes and their incidents: a room, the centre itself, and the one list of PCs unheard since a gap of ours (R19). */
import type { Contents } from '../ledger/model.ts';
import type { Book } from './book.ts';
import { follow } from './incident.ts';
import type { Incident, KnownPc } from './model.ts';
import type { PassageOptions, Passages } from './passages.ts';
import { emptyScene, faultKey, type Scene, type Standing, sceneOfList, sceneOfPc, standingFault } from './standing.ts';

/** R13: after this many answers that could not be read, a PC's reports are a finding. */
export const unreadableLimit = 3;
const endedMemoryMs = 3_600_000;

export type Asking = { needed: boolean; askedAt: number; unreadable: number };

export type EngineOptions = Omit<PassageOptions, 'facts'> & {
  contents: Contents;
  known: readonly KnownPc[];
  /** Times at which `flows` started, this start included. */
  starts: readonly number[];
};

/** What the engine holds between two events. */
export type Core = {
  options: EngineOptions;
  book: Book;
  passages: Passages;
  known: Map<string, KnownPc>;
  /** What is to be asked of a PC, and how its answers were. */
  asking: Map<string, Asking>;
  /** Faults of the centre's own that stand. */
  centre: Map<string, Standing>;
  /** Our own last SUBACK; null while we are not subscribed. */
  subscribedAt: number | null;
  unsubscribedAt: number | null;
  /** When the default route last had to step in, and when central last had the list of what is unknown for a day. */
  unfinishedAt: number;
  namedAt: number;
};

/** Follows the room of one PC; a PC that is no longer in the site table closes its incident. */
export function followPc(core: Core, pc: string, now: number): void {
  const record = core.book.pcs.get(pc);
  if (record === undefined) return;
  const unreadable = (core.asking.get(pc)?.unreadable ?? 0) >= unreadableLimit;
  followScope(core, pc, core.known.has(pc) ? sceneOfPc(record, unreadable, now) : emptyScene, now);
}

/** Follows the one list of PCs that nobody heard since a gap of our own. */
export function followUnheard(core: Core, now: number): void {
  const list = [...core.book.pcs.values()].filter((record) => record.unheard && record.presence === 'silent' && core.known.has(record.pc));
  const unheard = list.map(({ pc }) => {
    const { room, site } = core.options.place(pc);
    return { ...standingFault('centre.unheard', pc, now), name: `${room.en}, ${site.en}` };
  });
  followScope(core, 'centre/unheard', sceneOfList(unheard), now);
}

/** Says of a fault of the centre's own whether it stands. */
export function setCentre(core: Core, said: { fault: string; device: string; standing: boolean }, now: number): void {
  const key = faultKey(said.fault, said.device);
  if (core.centre.has(key) === said.standing) return;
  if (said.standing) core.centre.set(key, { ...standingFault(said.fault, said.device, now), name: said.device || null });
  else core.centre.delete(key);
  followScope(core, 'centre', sceneOfList(core.centre.values()), now);
}

/** Follows every scope with an open incident: clear times pass without any word. */
export function followOpen(core: Core, now: number): void {
  for (const scope of core.book.openScopes()) {
    if (scope === 'centre') followScope(core, scope, sceneOfList(core.centre.values()), now);
    else if (scope === 'centre/unheard') followUnheard(core, now);
    else followPc(core, scope, now);
  }
}

function followScope(core: Core, scope: string, scene: Scene, now: number): void {
  const { book, passages } = core;
  const record = book.pcs.get(scope);
  const before = book.openIncident(scope);
  const ended = record?.ended ?? {};
  const done = follow({ incident: before, scene, ended, now, open: () => newIncident(book.newId('incident'), scope, now) });
  if (done.incident === undefined) return;
  if (JSON.stringify(before) !== JSON.stringify(done.incident)) book.putIncident(done.incident);
  if (record !== undefined && done.ended !== ended) book.putPc({ ...record, ended: recent(done.ended, now) }, true);
  for (const news of done.news) passages.add(done.incident, news, now);
  if (done.news.length > 0) passages.proceed(done.incident.id, now);
}

function newIncident(id: number, scope: string, now: number): Incident {
  const nothing = { overAt: null, over: null, closedBecause: null, acknowledged: null, faults: [], told: [], notes: [] };
  return { id, scope, openedAt: now, severity: 'info', flapping: false, ...nothing };
}

function recent(ended: Record<string, number>, now: number): Record<string, number> {
  return Object.fromEntries(Object.entries(ended).filter(([, at]) => now - at < endedMemoryMs));
}
