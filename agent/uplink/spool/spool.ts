/**
 * The agent's queue of numbered events. An event that `append` returned is never lost without being counted.
 * Implements R1 (event identity), R2 (commit before send), R4 (cumulative acknowledgement) and R5 (the ack always advances).
 * Also implements R7 (idempotent apply, and forks) and R8 (bounded spool and refused messages).
 */
import { believedSession, budgets, type Clock, decode, type EventMessage, encode, payloadLimitBytes } from '@sabha/contracts';
import { type AckResult, type AckWord, applyAck, dayMs, leaveDamaged, openAnother } from './acks.ts';
import type { SpoolDisk } from './database.ts';
import { type Counters, freshCounters, type Grade, type Row, readRow, rowBytes, single } from './rows.ts';
import { attempt, type Core, commit, damaged, dropTo, load, newId, write } from './transaction.ts';

/** The event with its number, or the reason of the refusal. */
export type Appended = { ok: true; event: EventMessage } | { ok: false; reason: string };
/** First and last stored number (last + 1 and last if empty). `carries` names the forked spool until the first ack (R5, R7). */
export type SpoolRange = { id: string; first: number; last: number; carries?: string };
/** Unacknowledged events, bytes on the disk, and events and readings lost within a day. */
export type SpoolFigures = { waiting: number; bytes: number; droppedInLastDay: number };

export type Spool = ReturnType<typeof openSpool>;

export type SpoolOptions = {
  disk: SpoolDisk;
  clock: Clock;
  /** Uniform in [0, 1), for the id of the spool. */
  random: () => number;
  boot: string;
  limitBytes?: number;
};

const defaultLimitBytes = 64 * 1024 * 1024;
/** Margin for the brackets of a batch around the largest event. */
const envelopeBytes = 1_024;
const refusalsBeforeQuarantine = 3;
const quarantineKeeps = 100;
/** Attempts to make space on a full disk. Each attempt drops twice as much as the previous one. */
const roundsOnFullDisk = 6;

/**
 * Opens the spool on its disk.
 * Guarantee: an event that `append` returned is on disk and keeps its number (R2, R1). It leaves the spool in three ways only: an ack
 * (R4), a fork that renumbers it (R7), or a drop that an event records (R8).
 * Disk faults are returned, never thrown.
 */
export function openSpool({ limitBytes = defaultLimitBytes, ...given }: SpoolOptions) {
  const core: Core = {
    ...given,
    limitBytes,
    counters: freshCounters(newId(given)),
    saved: undefined,
    birth: 'new',
    refusals: new Map(),
    unnumbered: { event: 0, reading: 0 },
  };
  attempt(core, () => load(core));
  const unclean = recall(core, 'running') === 'yes';
  remember(core, 'running', 'yes');
  return {
    id: (): string => core.counters.id,
    range: (): SpoolRange => rangeOf(core),
    acked: (): number => core.counters.acked,
    append: (kind: string, body: Record<string, unknown>, grade: Grade = 'event'): Appended => append(core, { kind, body, grade }),
    /** Returns events with a number above `seq`, in order, including acknowledged ones that are still kept. */
    after: (seq: number, limit: number): EventMessage[] =>
      read(core, 'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?', [seq, limit]),
    tombstones: (): EventMessage[] => unackedTombstones(core),
    ack: (word: AckWord): AckResult => applyAck(core, word),
    /** Counts a refusal of an event by the server. Returns true if the event was quarantined for it (R8). */
    refused: (seq: number, reason: string): boolean => refused(core, seq, reason),
    /**
     * Guarantee: returns a number above every earlier session, and stores it unless the disk refuses. See R16 (sessions, births and the
     * time of the server).
     */
    nextSession: (): number => nextSession(core),
    /**
     * Raises the counter to a session that the server knows. A restored disk image counts from a lower number.
     * Guarantee: a value from the server is capped, so that higher numbers remain.
     */
    knowSession: (session: number): void => {
      core.counters = { ...core.counters, session: Math.max(core.counters.session, Math.min(session, believedSession)) };
    },
    figures: (): SpoolFigures => figuresOf(core),
    /** Stores a text with the spool, such as the last known checks. Returns false if the disk refused. */
    remember: (key: string, value: string): boolean => remember(core, key, value),
    recall: (key: string): string | undefined => recall(core, key),
    /**
     * Sets the owner: the id of the credential that admits this PC. R30 (replacement): a new credential means a new machine, and the
     * server no longer trusts the old spool.
     * Guarantee: another owner gets another spool with all unacknowledged events. If the disk refuses, the next start repeats it.
     */
    ownedBy: (owner: string): void => ownedBy(core, owner),
    /** True if the previous run ended without `close`. */
    unclean: (): boolean => unclean,
    /** True if this spool replaced a damaged one, in this run or an earlier one. All texts stored with the old spool are lost. */
    isRebuilt: (): boolean =>
      core.birth === damaged || read(core, 'SELECT * FROM events WHERE seq = 1', []).some(({ body }) => body['reason'] === damaged),
    close: (): void => {
      remember(core, 'running', 'no');
      attempt(core, () => core.disk.close());
    },
  };
}

function ownedBy(core: Core, owner: string): void {
  const before = recall(core, 'owner');
  if (before === owner || (before !== undefined && !openAnother(core, 'let in anew'))) return;
  remember(core, 'owner', owner);
}

type Content = { kind: string; body: Record<string, unknown>; grade: Grade };

function append(core: Core, content: Content): Appended {
  const readable = asTheCentreReads(core, content);
  if (!readable.ok) return setAside(core, content, `${readable.reason}: ${readable.detail}`);
  const needed = rowBytes(JSON.stringify(readable.value.body));
  for (let round = 0; ; round += 1) {
    const done = attempt(core, () => commit(core, (draft) => store(core, draft, readable.value)));
    if (done.ok) {
      declareUnnumbered(core);
      return { ok: true, event: done.value };
    }
    if (done.full && round < roundsOnFullDisk && shrink(core, needed * 2 ** round)) continue;
    core.unnumbered[content.grade] += 1;
    return { ok: false, reason: done.reason };
  }
}

function store(core: Core, draft: Counters, content: Content): EventMessage {
  const needed = rowBytes(JSON.stringify(content.body));
  if (draft.bytes + needed > core.limitBytes) dropTo(core, draft, Math.min(core.limitBytes * 0.95, core.limitBytes - 2 * needed));
  return write(core, draft, content);
}

/** Frees space on a full disk. Returns false if nothing is left to drop. */
function shrink(core: Core, bytes: number): boolean {
  const freed = attempt(core, () => {
    const before = core.counters.bytes;
    commit(core, (draft) => dropTo(core, draft, before - Math.max(bytes, before * 0.05)));
    return before - core.counters.bytes;
  });
  // If the tombstone itself did not fit, dropping more at once may make space for it.
  return freed.ok ? freed.value > 0 : freed.full;
}

/** Declares events that were lost before they got a number. Only their count is known. */
function declareUnnumbered(core: Core): void {
  for (const grade of ['event', 'reading'] as const) {
    const count = core.unnumbered[grade];
    if (count === 0) continue;
    const told = attempt(core, () => commit(core, (draft) => write(core, draft, { kind: 'dropped', body: { ranges: [], grade, count } })));
    if (told.ok) core.unnumbered[grade] = 0;
  }
}

/** Quarantines and reports an event that the server could never decode. It gets no number. */
function setAside(core: Core, { kind, body }: Content, reason: string): Appended {
  attempt(core, () =>
    commit(core, (draft) => {
      keepAside(core, { seq: null, kind, body: JSON.stringify(body).slice(0, payloadLimitBytes), reason });
      write(core, draft, { kind: 'quarantined', body: { seq: null, kind: kind.slice(0, 64), reason } });
    }),
  );
  return { ok: false, reason };
}

function keepAside(core: Core, { seq, kind, body, reason }: { seq: number | null; kind: string; body: string; reason: string }): void {
  const insert = 'INSERT INTO quarantine (spool, seq, kind, body, reason, at) VALUES (?, ?, ?, ?, ?, ?)';
  core.disk.run(insert, core.counters.id, seq, kind, body, reason, core.clock.now());
  core.disk.run('DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - ?', quarantineKeeps);
}

function refused(core: Core, seq: number, reason: string): boolean {
  const times = (core.refusals.get(seq) ?? 0) + 1;
  core.refusals.set(seq, times);
  if (times < refusalsBeforeQuarantine) return false;
  const moved = attempt(core, () => commit(core, (draft) => moveOut(core, draft, { seq, reason })));
  if (moved.ok) core.refusals.delete(seq);
  return moved.ok && moved.value;
}

/** Quarantines an event. A tombstone stays, because without it the ack could not pass the numbers that it declares. */
function moveOut(core: Core, draft: Counters, { seq, reason }: { seq: number; reason: string }): boolean {
  const row = core.disk.all<Row>("SELECT * FROM events WHERE seq = ? AND seq > ? AND kind <> 'dropped'", seq, draft.acked)[0];
  if (!row) return false;
  keepAside(core, { seq, kind: row.kind, body: row.body, reason });
  core.disk.run('DELETE FROM events WHERE seq = ?', seq);
  draft.bytes -= row.bytes;
  write(core, draft, { kind: 'quarantined', body: { seq, kind: row.kind, reason } });
  write(core, draft, { kind: 'dropped', body: { ranges: [[seq, seq]], grade: row.grade, count: 1 } });
  return true;
}

function read(core: Core, sql: string, values: number[]): EventMessage[] {
  const found = attempt(core, () => core.disk.all<Row>(sql, ...values));
  if (!found.ok) return [];
  const events = found.value.map((row) => readRow(row, core.counters.id));
  const damaged = found.value.filter((_, at) => events[at] === undefined);
  if (damaged.length > 0) leaveDamaged(core, damaged);
  return damaged.length > 0 ? [] : events.filter((event) => event !== undefined);
}

function nextSession(core: Core): number {
  // Starts from the wall clock if that is ahead, so that sessions also rise across a rebuilt or restored spool.
  const session = Math.max(core.counters.session + 1, Math.min(believedSession, Math.floor(core.clock.now() / 1_000)));
  attempt(core, () =>
    commit(core, (draft) => {
      draft.session = session;
    }),
  );
  core.counters = { ...core.counters, session };
  return session;
}

function unackedTombstones(core: Core): EventMessage[] {
  return read(core, "SELECT * FROM events WHERE kind = 'dropped' AND seq > ? ORDER BY seq", [core.counters.acked]);
}

function rangeOf(core: Core): SpoolRange {
  const found = attempt(core, () => single<{ first: number | null }>(core.disk, 'SELECT MIN(seq) AS first FROM events').first);
  const { id, seq, carries } = core.counters;
  // A number that an unacknowledged tombstone declares must not be below the first number. Otherwise the birth would count it as a gap
  // (R5).
  const declared = unackedTombstones(core).flatMap(({ body }) => (body['ranges'] as [number, number][]).map(([from]) => from));
  const range = { id, first: Math.min((found.ok && found.value) || seq + 1, ...declared), last: seq };
  return carries === null ? range : { ...range, carries };
}

function figuresOf(core: Core): SpoolFigures {
  const read = attempt(core, () => ({
    waiting: single<{ n: number }>(core.disk, 'SELECT COUNT(*) AS n FROM events WHERE seq > ?', core.counters.acked).n,
    dropped: core.disk.all<Row>("SELECT * FROM events WHERE kind = 'dropped' AND at > ?", core.clock.now() - dayMs),
  }));
  const { waiting, dropped } = read.ok ? read.value : { waiting: 0, dropped: [] };
  const counts = dropped.map((row) => Number(readRow(row, '')?.body['count'] ?? 0));
  const { event, reading } = core.unnumbered;
  return { waiting, bytes: core.counters.bytes, droppedInLastDay: counts.reduce((sum, n) => sum + n, event + reading) };
}

function remember(core: Core, key: string, value: string): boolean {
  const put = () => core.disk.transact(() => core.disk.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', `word:${key}`, value));
  return attempt(core, put).ok;
}

function recall(core: Core, key: string): string | undefined {
  const read = attempt(core, () => core.disk.all<{ value: string }>('SELECT value FROM meta WHERE key = ?', `word:${key}`)[0]?.value);
  return read.ok ? read.value : undefined;
}

/** Returns the event as `flows` decodes it, so that both sides compute the same hash, or the reason why `flows` cannot decode it. */
function asTheCentreReads({ counters, boot, clock }: Core, content: Content): ReturnType<typeof decode<'event'>> {
  const event = { spool: counters.id, seq: budgets.eventNumber.most, boot, at: clock.now(), ...content };
  const payload = encode('event', event);
  if (payload.length <= payloadLimitBytes - envelopeBytes) return decode('event', payload);
  return { ok: false, reason: 'oversized', detail: `${payload.length} bytes` };
}
