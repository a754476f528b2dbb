/** What is read from the ledger's tables. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { LedgerAudit, RegistryEntry, RollCallSummary, RollCallView } from '#contracts';
import type { Incident, PcRecord, Timer, Transition } from '../incidents/model.ts';
import type { OutboxRow } from '../people/model.ts';
import type { TreeNode } from '../sites/model.ts';
import type { Change, Contents } from './model.ts';
import { integrityOf, numberFrom } from './schema.ts';

/** Meta key of the version of the registry's last published snapshot. */
export const registryVersionKey = 'registry.version';
const rollcallsShown = 50;

/** Everything that `flows` needs to begin. The last day of incidents is counted from the newest that is over, so that no clock is needed. */
export function load(db: DatabaseSync): Contents {
  const number = (sql: string): number => numberFrom(db, sql);
  const metaRows = db.prepare('SELECT key, value FROM meta').all();
  const meta = Object.fromEntries(metaRows.map((row) => [String(row['key']), String(row['value'])]));
  const registry = rows<RegistryEntry>(db, 'SELECT row FROM registry ORDER BY pc');
  return {
    // A record that an older version wrote lacks what came later.
    pcs: rows<PcRecord>(db, 'SELECT row FROM pcs ORDER BY pc').map((record) => ({ ...record, calledAt: record.calledAt ?? null })),
    incidents: rows<Incident>(db, `SELECT row FROM incidents WHERE ${wanted} ORDER BY id`),
    transitions: rows<Transition>(
      db,
      `SELECT row FROM transitions
       WHERE state <> 'concluded' OR incident IN (SELECT id FROM incidents WHERE ${wanted}) ORDER BY id`,
    ),
    timers: rows<Timer>(db, 'SELECT row FROM timers ORDER BY id'),
    outbox: rows<OutboxRow>(db, `SELECT row FROM outbox WHERE state = 'waiting' ORDER BY key`),
    registry: { version: Number(meta[registryVersionKey] ?? 0), entries: registry },
    nodes: rows<TreeNode>(db, 'SELECT row FROM nodes ORDER BY path'),
    rollcall: rows<RollCallView>(db, 'SELECT row FROM rollcalls ORDER BY at DESC, id LIMIT 1')[0] ?? null,
    meta,
    nextIncident: number('SELECT max(id) FROM incidents') + 1,
    nextTransition: number('SELECT max(id) FROM transitions') + 1,
    nextTimer: number(`SELECT max(seq) FROM sqlite_sequence WHERE name = 'timers'`) + 1,
  };
}

/** Changes of a PC since a time, and of each component the last one before it, oldest first. */
export function history(db: DatabaseSync, pc: string, since: number): Change[] {
  const query = `
    SELECT component, at, status, faults FROM changes c
    WHERE pc = :pc AND at >= coalesce(
      (SELECT max(at) FROM changes WHERE pc = :pc AND component = c.component AND at < :since), :since)
    ORDER BY at, component`;
  return Array.from(db.prepare(query).all({ pc, since }), (row) => ({
    component: String(row['component']),
    at: Number(row['at']),
    status: String(row['status']),
    faults: JSON.parse(String(row['faults'])) as string[],
  }));
}

/** The newest finished roll calls, without their rows. */
export function rollcalls(db: DatabaseSync): RollCallSummary[] {
  return rows(db, `SELECT summary AS row FROM rollcalls ORDER BY at DESC, id LIMIT ${rollcallsShown}`);
}

/** One finished roll call in full. */
export function rollcall(db: DatabaseSync, id: string): RollCallView | undefined {
  return rows<RollCallView>(db, 'SELECT row FROM rollcalls WHERE id = ?', id)[0];
}

/**
 * Numbers up to `up_to` that are neither held nor settled would be a fault of the ledger itself and are counted as gaps.
 * `twice` are events that stand under numbers of several spools of one PC; within a spool the key forbids it.
 */
export function audit(db: DatabaseSync): LedgerAudit {
  const number = (sql: string): number => numberFrom(db, sql);
  const settled = (why: string) => number(`SELECT total(b - a + 1) FROM settled WHERE why = '${why}'`);
  const over = (how: string) => number(`SELECT count(*) FROM incidents WHERE row ->> '$.over' IS ${how}`);
  const sent = (state: OutboxRow['state']) => number(`SELECT count(*) FROM outbox WHERE state = '${state}'`);
  const unaccounted = number(`
    SELECT total(up_to
      - (SELECT count(*) FROM events e WHERE e.spool = s.id AND e.seq <= s.up_to)
      - (SELECT total(min(b, s.up_to) - a + 1) FROM settled t WHERE t.spool = s.id AND t.a <= s.up_to)) FROM spools s`);
  return {
    events: number('SELECT count(*) FROM events'),
    spools: number('SELECT count(*) FROM spools'),
    gaps: settled('gap') + unaccounted,
    dropped: settled('dropped'),
    twice: number(`
      SELECT total(n - 1) FROM (
        SELECT count(DISTINCT e.spool) AS n FROM events e JOIN spools s ON s.id = e.spool
        GROUP BY e.mark, s.pc, e.boot, e.at, e.kind, e.body)`),
    forks: number('SELECT count(*) FROM forks'),
    incidents: {
      raised: number('SELECT count(*) FROM incidents'),
      cleared: over(`'cleared'`),
      closed: over(`'closed'`),
      open: over('NULL'),
    },
    notifications: { delivered: sent('delivered'), refused: sent('refused'), waiting: sent('waiting') },
    integrity: integrityOf(db, 'integrity_check'),
  };
}

/** Open, over within a day of the newest that is over, or with a step that is not concluded. */
const wanted = `over_at IS NULL
  OR over_at >= (SELECT max(over_at) FROM incidents) - 86400000
  OR id IN (SELECT incident FROM transitions WHERE state <> 'concluded')`;

function rows<T>(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): T[] {
  return Array.from(db.prepare(sql).all(...values), (row) => JSON.parse(String(row['row'])) as T);
}
