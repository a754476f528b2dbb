/** Rows and counters of the spool in the tables of its database. */
import { type EventMessage, eventHash } from '@sabha/contracts';
import { DiskError, type SpoolDisk } from './database.ts';

/** Importance of an event. When space is short, a `reading` is dropped first, an `event` last. */
export type Grade = EventMessage['grade'];
/** Event as stored; `at` is in milliseconds since 1970. */
export type SpoolRow = { seq: number; grade: Grade; kind: string; at: number; boot: string; body: string; mark: string; bytes: number };

export type Counters = ReturnType<typeof freshCounters>;

type StoredTotals = { last: number; rows: number; bytes: number };
const heldNow = 'SELECT COALESCE(MAX(seq), 0) AS last, COUNT(*) AS rows, TOTAL(bytes) AS bytes FROM events';

/** Approximate bytes of a row on disk without its body. */
const rowOverheadBytes = 120;

/** Returns the bytes of a row with this body, which count against the size limit. */
export function rowBytes(body: string): number {
  return Buffer.byteLength(body) + rowOverheadBytes;
}

/** Returns the counters of an empty spool. `seq`: last number used. `bytes`: sum of all stored rows. */
export function freshCounters(id: string) {
  return { id, seq: 0, acked: 0, session: 0, carries: null as string | null, bytes: 0 };
}

/** Returns the row of a query that always has one result. */
export function single<T>(disk: SpoolDisk, sql: string, ...values: number[]): T {
  return disk.all<T>(sql, ...values)[0] as T;
}

/** Returns the stored counters; undefined for an empty database. Throws DiskError `damaged` if they contradict the rows. */
export function loadCounters(disk: SpoolDisk): Counters | undefined {
  const meta = new Map(disk.all<{ key: string; value: string }>('SELECT key, value FROM meta').map((row) => [row.key, row.value]));
  const held = single<StoredTotals>(disk, heldNow);
  const id = meta.get('id');
  if (id === undefined && held.rows === 0) return undefined;
  const [seq, acked, session] = ['seq', 'acked', 'session'].map((key) => Number(meta.get(key)));
  const counters = { id: id ?? '', seq, acked, session, carries: meta.get('carries') || null, bytes: held.bytes } as Counters;
  const sound = [counters.seq, counters.acked, counters.session].every((n) => Number.isSafeInteger(n) && n >= 0);
  const fits = counters.acked <= counters.seq && held.last <= counters.seq;
  if (!sound || !fits || !/^[0-9a-f]{16}$/.test(counters.id)) throw new DiskError('damaged', 'the counters do not match the rows');
  return counters;
}

/** Writes the counters that differ from `before`; without `before` it writes all. */
export function saveCounters(disk: SpoolDisk, now: Counters, before: Counters | undefined): void {
  for (const key of ['id', 'seq', 'acked', 'session', 'carries'] as const) {
    if (now[key] !== before?.[key]) disk.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, String(now[key] ?? ''));
  }
}

export function writeRow(disk: SpoolDisk, event: EventMessage): number {
  const body = JSON.stringify(event.body);
  const bytes = rowBytes(body);
  const { seq, grade, kind, at, boot } = event;
  disk.run('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)', seq, grade, kind, at, boot, body, eventHash(event), bytes);
  return bytes;
}

/** Returns the event of a row, or undefined if its hash does not match. */
export function readRow({ seq, grade, kind, at, boot, body, mark }: SpoolRow, spool: string): EventMessage | undefined {
  try {
    const event = { spool, seq, boot, at, grade, kind, body: JSON.parse(body) };
    return eventHash(event) === mark ? event : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Deletes acknowledged rows and renumbers the others from 2 on. Number 1 is for the event that reports the new spool. A tombstone keeps its
 * count, but loses its ranges, which are numbers of the old spool.
 */
export function renumber(disk: SpoolDisk, acked: number): { rows: number; bytes: number } {
  disk.run('DELETE FROM events WHERE seq <= ?', acked);
  disk.run('DELETE FROM acks');
  disk.run('UPDATE events SET seq = -seq');
  disk.run(`WITH place AS (SELECT seq AS old, row_number() OVER (ORDER BY seq DESC) + 1 AS new FROM events)
    UPDATE events SET seq = place.new FROM place WHERE events.seq = place.old`);
  for (const row of disk.all<SpoolRow>("SELECT * FROM events WHERE kind = 'dropped'")) {
    const event = readRow(row, '');
    if (!event) continue;
    disk.run('DELETE FROM events WHERE seq = ?', row.seq);
    writeRow(disk, { ...event, body: { ...event.body, ranges: [] } });
  }
  return single<StoredTotals>(disk, heldNow);
}
