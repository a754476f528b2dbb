/** The agent's queue of numbered events (R1, R2, R4, R5, R7, R8): nothing that `append` returned is ever lost without being counted. */
import { believedSession, budgets, type Clock, decode, type EventMessage, encode, payloadLimitBytes } from '@sabha/contracts';
import { type AckResult, type AckWord, applyAck, dayMs, leaveDamaged, openAnother } from './acks.ts';
import type { SpoolDisk } from './database.ts';
import { type Counters, freshCounters, type Grade, type Row, readRow, rowBytes, single } from './rows.ts';
import { attempt, type Core, commit, damaged, dropTo, load, newId, write } from './transaction.ts';

/** The event with its number, or why it could not be kept. */
export type Appended = { ok: true; event: EventMessage } | { ok: false; reason: string };
/** First and last number held (last + 1 and last where nothing is); the spool that this one carries, until its first ack (R5, R7). */
export type SpoolRange = { id: string; first: number; last: number; carries?: string };
/** Events not acknowledged, bytes on the disk, and events and readings lost within a day. */
export type SpoolFigures = { waiting: number; bytes: number; droppedInLastDay: number };

/** The queue of events on the disk of this PC, and the words kept with it. */
export type Spool = ReturnType<typeof openSpool>;

/** Disk, clock and randomness of a spool, and how many bytes it may take. */
export type SpoolOptions = {
  disk: SpoolDisk;
  clock: Clock;
  /** Uniform in [0, 1): the spool's id comes from it. */
  random: () => number;
  boot: string;
  limitBytes?: number;
};

const defaultLimitBytes = 64 * 1024 * 1024;
/** Room for the brackets of a batch around the largest event. */
const envelopeBytes = 1_024;
const refusalsBeforeQuarantine = 3;
const quarantineKeeps = 100;
/** On a full disk each round drops twice as much as the one before. */
const roundsOnFullDisk = 6;

/**
 * Opens the spool on its disk.
 * Guarantee: an event returned by `append` is on disk (R2), keeps its number (R1) and leaves only when it is acknowledged (R4), in a fork
 * that numbers it anew (R7), or when its loss is written down as an event (R8). Faults of the disk are returned, never thrown.
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
    /** Everything up to here is acknowledged. */
    acked: (): number => core.counters.acked,
    append: (kind: string, body: Record<string, unknown>, grade: Grade = 'event'): Appended => append(core, { kind, body, grade }),
    /** Events with a number above `seq`, in order; acknowledged ones too while they are kept. */
    after: (seq: number, limit: number): EventMessage[] =>
      read(core, 'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?', [seq, limit]),
    /** The unacknowledged events that declare numbers dropped. */
    tombstones: (): EventMessage[] => unackedTombstones(core),
    ack: (word: AckWord): AckResult => applyAck(core, word),
    /** Counts that the centre refused an event; true when it left the queue for that (R8). */
    refused: (seq: number, reason: string): boolean => refused(core, seq, reason),
    /** Guarantee: higher than every session before, and on disk unless the disk takes nothing (R16). */
    nextSession: (): number => nextSession(core),
    /**
     * The centre knows this session of this spool, so that the next one must be higher: a disk that was put back counts from too low.
     * Guarantee: whatever is said, there is room to count on.
     */
    knowSession: (session: number): void => {
      core.counters = { ...core.counters, session: Math.max(core.counters.session, Math.min(session, believedSession)) };
    },
    figures: (): SpoolFigures => figuresOf(core),
    /** A word kept with the spool, such as the last known checks; false where the disk refused it. */
    remember: (key: string, value: string): boolean => remember(core, key, value),
    recall: (key: string): string | undefined => recall(core, key),
    /**
     * Whose spool it is, from now on: by which right this PC is let in. Who is let in by another one stands for another machine, of which the
     * centre believes no spool that it knew (R30).
     * Guarantee: under another owner it is another spool, with all that was unacknowledged; where the disk refuses, the next start does it.
     */
    ownedBy: (owner: string): void => ownedBy(core, owner),
    /** The run before this one ended without `close`. */
    unclean: (): boolean => unclean,
    /** It took the place of a damaged one, in this run or before: all words that were kept are gone. */
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

/** Frees space on a full disk; false where there is nothing left to drop. */
function shrink(core: Core, bytes: number): boolean {
  const freed = attempt(core, () => {
    const before = core.counters.bytes;
    commit(core, (draft) => dropTo(core, draft, before - Math.max(bytes, before * 0.05)));
    return before - core.counters.bytes;
  });
  // Where the tombstone found no place, dropping more at once may make one.
  return freed.ok ? freed.value > 0 : freed.full;
}

/** What found no place at all never had a number: only its count can be told. */
function declareUnnumbered(core: Core): void {
  for (const grade of ['event', 'reading'] as const) {
    const count = core.unnumbered[grade];
    if (count === 0) continue;
    const told = attempt(core, () => commit(core, (draft) => write(core, draft, { kind: 'dropped', body: { ranges: [], grade, count } })));
    if (told.ok) core.unnumbered[grade] = 0;
  }
}

/** What the centre could never read gets no number; it is kept aside and reported. */
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

/** A tombstone stays: the numbers that it declares would stop the ack for ever. */
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
  // Counted from the clock where that is ahead, so that sessions stay in order over a rebuilt or restored spool too.
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
  // Numbers that a tombstone is still to declare are not below the first: at the birth they would be counted as lost (R5).
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

/** The event as flows will decode it, so that both ends compute the same mark; or why flows could not read it. */
function asTheCentreReads({ counters, boot, clock }: Core, content: Content): ReturnType<typeof decode<'event'>> {
  const event = { spool: counters.id, seq: budgets.eventNumber.most, boot, at: clock.now(), ...content };
  const payload = encode('event', event);
  if (payload.length <= payloadLimitBytes - envelopeBytes) return decode('event', payload);
  return { ok: false, reason: 'oversized', detail: `${payload.length} bytes` };
}
