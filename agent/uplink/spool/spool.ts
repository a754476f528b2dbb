/**
 * Spool: the agent's queue of numbered events. An event that `append` returned is never lost without being counted. Implements R1 (event
 * identity), R2 (commit before send), R4 (cumulative acknowledgement) and R5 (the ack always advances). Also implements R7 (idempotent
 * apply, and forks) and R8 (bounded spool and refused messages).
 */
import { budgets, type Clock, decode, type EventMessage, encode, maxTrustedSession, payloadLimitBytes } from '@sabha/contracts';
import { type AckResult, applyAck, dayMs, replaceDamagedSpool, replaceSpool, type SpoolAck } from './acks.ts';
import type { SpoolDisk } from './database.ts';
import { type Counters, freshCounters, type Grade, readRow, rowBytes, type SpoolRow, single } from './rows.ts';
import { attempt, commit, damaged, dropTo, load, newId, type SpoolContext, write } from './transaction.ts';

/** The stored event with its number, or the reason why it was not stored. */
export type AppendResult = { ok: true; event: EventMessage } | { ok: false; reason: string };
/**
 * First and last stored number; last + 1 and last if the spool is empty. `carries`: id of the forked spool, until the first ack (R5, R7).
 */
export type SpoolRange = { id: string; first: number; last: number; carries?: string };
/** Number of unacknowledged events, bytes on disk, and number of events and readings dropped in the last day. */
export type SpoolFigures = { waiting: number; bytes: number; droppedInLastDay: number };

export type Spool = ReturnType<typeof openSpool>;

export type SpoolOptions = {
  disk: SpoolDisk;
  clock: Clock;
  /** Returns a random number in [0, 1), uniformly distributed, for the id of the spool. */
  random: () => number;
  boot: string;
  limitBytes?: number;
};

const defaultLimitBytes = 64 * 1024 * 1024;
/** Margin in a message for the largest event and the brackets of a batch. */
const envelopeBytes = 1_024;
const refusalsBeforeQuarantine = 3;
const quarantineLimit = 100;
/** Attempts to free space on a full disk. Each attempt frees twice as much as the one before. */
const roundsOnFullDisk = 6;

/**
 * Opens the spool on its disk.
 * Guarantee: an event that `append` returned is on disk and keeps its number (R2, R1). It leaves the spool in three ways only: an ack (R4),
 * a fork that renumbers it (R7), or a drop that an event records (R8). Disk faults are returned, never thrown.
 */
export function openSpool({ limitBytes = defaultLimitBytes, ...given }: SpoolOptions) {
  const context: SpoolContext = {
    ...given,
    limitBytes,
    counters: freshCounters(newId(given)),
    saved: undefined,
    birth: 'new',
    refusals: new Map(),
    unnumbered: { event: 0, reading: 0 },
  };
  attempt(context, () => load(context));
  const unclean = recall(context, 'running') === 'yes';
  remember(context, 'running', 'yes');
  return {
    id: (): string => context.counters.id,
    range: (): SpoolRange => rangeOf(context),
    acked: (): number => context.counters.acked,
    append: (kind: string, body: Record<string, unknown>, grade: Grade = 'event'): AppendResult => append(context, { kind, body, grade }),
    /** Returns events with a number above `seq`, in order, including acknowledged events that are still kept. */
    after: (seq: number, limit: number): EventMessage[] =>
      read(context, 'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?', [seq, limit]),
    tombstones: (): EventMessage[] => unackedTombstones(context),
    ack: (word: SpoolAck): AckResult => applyAck(context, word),
    /** Counts a refusal of an event by the server. Returns true if the event was therefore quarantined (R8). */
    refused: (seq: number, reason: string): boolean => refused(context, seq, reason),
    /**
     * Guarantee: returns a number above every earlier session, and stores it unless the disk refuses. See R16 (sessions, births and the
     * time of the server).
     */
    nextSession: (): number => nextSession(context),
    /**
     * Raises the counter to a session number that the server knows, because a restored disk image has a lower counter.
     * Guarantee: a value from the server is capped, so that higher numbers remain.
     */
    raiseSession: (session: number): void => {
      context.counters = { ...context.counters, session: Math.max(context.counters.session, Math.min(session, maxTrustedSession)) };
    },
    figures: (): SpoolFigures => figuresOf(context),
    /** Stores a text in the database of the spool, such as the last checks. Returns false if the disk refused. */
    remember: (key: string, value: string): boolean => remember(context, key, value),
    recall: (key: string): string | undefined => recall(context, key),
    /**
     * Sets the owner: the id of the credential that admits this PC. R30 (replacement): a new credential means a new machine, and the server
     * no longer trusts the old spool.
     * Guarantee: another owner gets a new spool with all unacknowledged events. If the disk refuses, the next start repeats it.
     */
    setOwner: (owner: string): void => setOwner(context, owner),
    /** Returns true if the previous process ended without `close`. */
    unclean: (): boolean => unclean,
    /** Returns true if this spool once replaced a damaged one. All texts stored with the damaged spool are lost. */
    isRebuilt: (): boolean =>
      context.birth === damaged || read(context, 'SELECT * FROM events WHERE seq = 1', []).some(({ body }) => body['reason'] === damaged),
    close: (): void => {
      remember(context, 'running', 'no');
      attempt(context, () => context.disk.close());
    },
  };
}

function setOwner(context: SpoolContext, owner: string): void {
  const before = recall(context, 'owner');
  if (before === owner || (before !== undefined && !replaceSpool(context, 'admitted again'))) return;
  remember(context, 'owner', owner);
}

type RecordContent = { kind: string; body: Record<string, unknown>; grade: Grade };

function append(context: SpoolContext, content: RecordContent): AppendResult {
  const readable = decodeAsServer(context, content);
  if (!readable.ok) return refuseUnreadable(context, content, `${readable.reason}: ${readable.detail}`);
  const needed = rowBytes(JSON.stringify(readable.value.body));
  for (let round = 0; ; round += 1) {
    const done = attempt(context, () => commit(context, (draft) => store(context, draft, readable.value)));
    if (done.ok) {
      declareUnnumbered(context);
      return { ok: true, event: done.value };
    }
    if (done.full && round < roundsOnFullDisk && shrink(context, needed * 2 ** round)) continue;
    context.unnumbered[content.grade] += 1;
    return { ok: false, reason: done.reason };
  }
}

function store(context: SpoolContext, draft: Counters, content: RecordContent): EventMessage {
  const needed = rowBytes(JSON.stringify(content.body));
  if (draft.bytes + needed > context.limitBytes)
    dropTo(context, draft, Math.min(context.limitBytes * 0.95, context.limitBytes - 2 * needed));
  return write(context, draft, content);
}

/** Frees at least this many bytes on a full disk. Returns false if nothing is left to drop. */
function shrink(context: SpoolContext, bytes: number): boolean {
  const freed = attempt(context, () => {
    const before = context.counters.bytes;
    commit(context, (draft) => dropTo(context, draft, before - Math.max(bytes, before * 0.05)));
    return before - context.counters.bytes;
  });
  // A tombstone that does not fit on the full disk is not fatal: the next attempt drops more.
  return freed.ok ? freed.value > 0 : freed.full;
}

/** Declares events that got no number, because the disk refused them. Only their count is known. */
function declareUnnumbered(context: SpoolContext): void {
  for (const grade of ['event', 'reading'] as const) {
    const count = context.unnumbered[grade];
    if (count === 0) continue;
    const told = attempt(context, () =>
      commit(context, (draft) => write(context, draft, { kind: 'dropped', body: { ranges: [], grade, count } })),
    );
    if (told.ok) context.unnumbered[grade] = 0;
  }
}

/** Quarantines and reports an event that the server could never decode. The event gets no number. */
function refuseUnreadable(context: SpoolContext, { kind, body }: RecordContent, reason: string): AppendResult {
  attempt(context, () =>
    commit(context, (draft) => {
      writeQuarantine(context, { seq: null, kind, body: JSON.stringify(body).slice(0, payloadLimitBytes), reason });
      write(context, draft, { kind: 'quarantined', body: { seq: null, kind: kind.slice(0, 64), reason } });
    }),
  );
  return { ok: false, reason };
}

function writeQuarantine(
  context: SpoolContext,
  { seq, kind, body, reason }: { seq: number | null; kind: string; body: string; reason: string },
): void {
  const insert = 'INSERT INTO quarantine (spool, seq, kind, body, reason, at) VALUES (?, ?, ?, ?, ?, ?)';
  context.disk.run(insert, context.counters.id, seq, kind, body, reason, context.clock.now());
  context.disk.run('DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - ?', quarantineLimit);
}

function refused(context: SpoolContext, seq: number, reason: string): boolean {
  const times = (context.refusals.get(seq) ?? 0) + 1;
  context.refusals.set(seq, times);
  if (times < refusalsBeforeQuarantine) return false;
  const moved = attempt(context, () => commit(context, (draft) => quarantineEvent(context, draft, { seq, reason })));
  if (moved.ok) context.refusals.delete(seq);
  return moved.ok && moved.value;
}

/** Quarantines an event, but never a tombstone: without a tombstone the ack could not pass the numbers that it declares. */
function quarantineEvent(context: SpoolContext, draft: Counters, { seq, reason }: { seq: number; reason: string }): boolean {
  const row = context.disk.all<SpoolRow>("SELECT * FROM events WHERE seq = ? AND seq > ? AND kind <> 'dropped'", seq, draft.acked)[0];
  if (!row) return false;
  writeQuarantine(context, { seq, kind: row.kind, body: row.body, reason });
  context.disk.run('DELETE FROM events WHERE seq = ?', seq);
  draft.bytes -= row.bytes;
  write(context, draft, { kind: 'quarantined', body: { seq, kind: row.kind, reason } });
  write(context, draft, { kind: 'dropped', body: { ranges: [[seq, seq]], grade: row.grade, count: 1 } });
  return true;
}

function read(context: SpoolContext, sql: string, values: number[]): EventMessage[] {
  const found = attempt(context, () => context.disk.all<SpoolRow>(sql, ...values));
  if (!found.ok) return [];
  const events = found.value.map((row) => readRow(row, context.counters.id));
  const damaged = found.value.filter((_, at) => events[at] === undefined);
  if (damaged.length > 0) replaceDamagedSpool(context, damaged);
  return damaged.length > 0 ? [] : events.filter((event) => event !== undefined);
}

function nextSession(context: SpoolContext): number {
  // Starts from the wall clock if that is higher, so that sessions also rise after the spool was rebuilt or restored.
  const session = Math.max(context.counters.session + 1, Math.min(maxTrustedSession, Math.floor(context.clock.now() / 1_000)));
  attempt(context, () =>
    commit(context, (draft) => {
      draft.session = session;
    }),
  );
  context.counters = { ...context.counters, session };
  return session;
}

function unackedTombstones(context: SpoolContext): EventMessage[] {
  return read(context, "SELECT * FROM events WHERE kind = 'dropped' AND seq > ? ORDER BY seq", [context.counters.acked]);
}

function rangeOf(context: SpoolContext): SpoolRange {
  const found = attempt(context, () => single<{ first: number | null }>(context.disk, 'SELECT MIN(seq) AS first FROM events').first);
  const { id, seq, carries } = context.counters;
  // The first number must not exceed a number that an unacknowledged tombstone declares. The birth would otherwise report a gap (R5).
  const declared = unackedTombstones(context).flatMap(({ body }) => (body['ranges'] as [number, number][]).map(([from]) => from));
  const range = { id, first: Math.min((found.ok && found.value) || seq + 1, ...declared), last: seq };
  return carries === null ? range : { ...range, carries };
}

function figuresOf(context: SpoolContext): SpoolFigures {
  const read = attempt(context, () => ({
    waiting: single<{ n: number }>(context.disk, 'SELECT COUNT(*) AS n FROM events WHERE seq > ?', context.counters.acked).n,
    dropped: context.disk.all<SpoolRow>("SELECT * FROM events WHERE kind = 'dropped' AND at > ?", context.clock.now() - dayMs),
  }));
  const { waiting, dropped } = read.ok ? read.value : { waiting: 0, dropped: [] };
  const counts = dropped.map((row) => Number(readRow(row, '')?.body['count'] ?? 0));
  const { event, reading } = context.unnumbered;
  return { waiting, bytes: context.counters.bytes, droppedInLastDay: counts.reduce((sum, n) => sum + n, event + reading) };
}

function remember(context: SpoolContext, key: string, value: string): boolean {
  const put = () => context.disk.transact(() => context.disk.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', `word:${key}`, value));
  return attempt(context, put).ok;
}

function recall(context: SpoolContext, key: string): string | undefined {
  const read = attempt(context, () => context.disk.all<{ value: string }>('SELECT value FROM meta WHERE key = ?', `word:${key}`)[0]?.value);
  return read.ok ? read.value : undefined;
}

/**
 * Returns the event as `flows` would decode it, so that both sides compute the same hash. Returns the reason if `flows` cannot decode it.
 */
function decodeAsServer({ counters, boot, clock }: SpoolContext, content: RecordContent): ReturnType<typeof decode<'event'>> {
  const event = { spool: counters.id, seq: budgets.eventNumber.most, boot, at: clock.now(), ...content };
  const payload = encode('event', event);
  if (payload.length <= payloadLimitBytes - envelopeBytes) return decode('event', payload);
  return { ok: false, reason: 'oversized', detail: `${payload.length} bytes` };
}
