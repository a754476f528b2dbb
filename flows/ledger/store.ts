/** The ledger's tables, written and read in whichever thread holds the file. */
import type { DatabaseSync } from 'node:sqlite';
import type { RegistryEntry } from '#contracts';
import type { Incident, PcRecord, Timer, Transition } from '../incidents/model.ts';
import type { OutboxRow } from '../people/model.ts';
import { asLedgerError } from './errors.ts';
import type { Contents, LedgerAudit, Op, Receipt } from './model.ts';
import { integrityOf, migrate, numberFrom } from './schema.ts';
import { openSpools, type SpoolBatch } from './spools.ts';

/** Meta key of the version of the registry's last published snapshot. */
export const registryVersionKey = 'registry.version';

/** The ledger without a thread around it. */
export type Store = {
  /**
   * Writes several batches as one transaction; a receipt for each.
   * Guarantee: returns when all of it is on disk; throws a `LedgerError` with nothing of it written.
   */
  commit(batches: Op[][]): Receipt[];
  /** The last day of incidents that are over is counted from the newest of them, so that no clock is needed and none is left out. */
  load(): Contents;
  /** Reads every row and blocks the thread for as long: seconds for millions of events. */
  audit(): LedgerAudit;
  close(): void;
};

/** Opens the ledger in an open database, whose tables are made or brought up to date first. */
export function openStore(db: DatabaseSync): Store {
  migrate(db);
  const beginSpools = openSpools(db);
  const write = openWriter(db);
  return {
    commit(batches) {
      try {
        db.exec('BEGIN IMMEDIATE');
        const receipts = batches.map((ops) => {
          const spools = beginSpools();
          for (const op of ops) write(op, spools);
          return spools.end();
        });
        db.exec('COMMIT');
        return receipts;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw asLedgerError(error);
      }
    },
    load: () => load(db),
    audit: () => audit(db),
    close: () => db.close(),
  };
}

function openWriter(db: DatabaseSync): (op: Op, spools: SpoolBatch) => void {
  const pc = db.prepare('REPLACE INTO pcs VALUES (?, ?)');
  const incident = db.prepare('REPLACE INTO incidents VALUES (?, ?, ?)');
  const transition = db.prepare('REPLACE INTO transitions VALUES (?, ?, ?, ?)');
  const timer = db.prepare('REPLACE INTO timers VALUES (?, ?)');
  const timerGone = db.prepare('DELETE FROM timers WHERE id = ?');
  const outbox = db.prepare('INSERT INTO outbox VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const outboxSet = db.prepare('REPLACE INTO outbox VALUES (?, ?, ?)');
  const audited = db.prepare('INSERT INTO audit (at, who, what, about) VALUES (?, ?, ?, ?)');
  const registry = db.prepare('REPLACE INTO registry VALUES (?, ?)');
  const meta = db.prepare('REPLACE INTO meta VALUES (?, ?)');
  const json = JSON.stringify;

  return (op, spools) => {
    switch (op.op) {
      case 'birth':
        return spools.birth(op);
      case 'event':
        return spools.event(op);
      case 'pc':
        return void pc.run(op.record.pc, json(op.record));
      case 'incident':
        return void incident.run(op.incident.id, op.incident.overAt, json(op.incident));
      case 'transition':
        return void transition.run(op.transition.id, op.transition.incident, op.transition.state, json(op.transition));
      case 'timer':
        return void timer.run(op.timer.id, json(op.timer));
      case 'timer-gone':
        return void timerGone.run(op.id);
      case 'outbox':
        return void outbox.run(op.row.key, op.row.state, json(op.row));
      case 'outbox-set':
        return void outboxSet.run(op.row.key, op.row.state, json(op.row));
      case 'audit':
        return void audited.run(op.at, op.who, op.what, op.about);
      case 'registry':
        return void registry.run(op.entry.pc, json(op.entry));
      case 'meta':
        return void meta.run(op.key, op.value);
    }
  };
}

function load(db: DatabaseSync): Contents {
  const rows = <T>(sql: string): T[] => Array.from(db.prepare(sql).all(), (row) => JSON.parse(String(row['row'])) as T);
  const number = (sql: string): number => numberFrom(db, sql);
  const metaRows = db.prepare('SELECT key, value FROM meta').all();
  const meta = Object.fromEntries(metaRows.map((row) => [String(row['key']), String(row['value'])]));
  return {
    pcs: rows<PcRecord>('SELECT row FROM pcs ORDER BY pc'),
    incidents: rows<Incident>(`SELECT row FROM incidents WHERE ${wanted} ORDER BY id`),
    transitions: rows<Transition>(`
      SELECT row FROM transitions
      WHERE state <> 'concluded' OR incident IN (SELECT id FROM incidents WHERE ${wanted}) ORDER BY id`),
    timers: rows<Timer>('SELECT row FROM timers ORDER BY id'),
    outbox: rows<OutboxRow>(`SELECT row FROM outbox WHERE state = 'waiting' ORDER BY key`),
    registry: { version: Number(meta[registryVersionKey] ?? 0), entries: rows<RegistryEntry>('SELECT row FROM registry ORDER BY pc') },
    meta,
    nextIncident: number('SELECT max(id) FROM incidents') + 1,
    nextTransition: number('SELECT max(id) FROM transitions') + 1,
    nextTimer: number(`SELECT max(seq) FROM sqlite_sequence WHERE name = 'timers'`) + 1,
  };
}

/** Open, over within a day of the newest that is over, or with a step that is not concluded. */
const wanted = `over_at IS NULL
  OR over_at >= (SELECT max(over_at) FROM incidents) - 86400000
  OR id IN (SELECT incident FROM transitions WHERE state <> 'concluded')`;

/**
 * Numbers up to `up_to` that are neither held nor settled would be a fault of the ledger itself and are counted as gaps.
 * `twice` are events that stand under numbers of several spools of one PC; within a spool the key forbids it.
 */
function audit(db: DatabaseSync): LedgerAudit {
  const number = (sql: string): number => numberFrom(db, sql);
  const settled = (why: string) => number(`SELECT total(b - a + 1) FROM settled WHERE why = '${why}'`);
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
    integrity: integrityOf(db, 'integrity_check'),
  };
}
