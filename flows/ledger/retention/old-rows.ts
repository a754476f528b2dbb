/** What is deleted for its age, a few rows at a time: incidents with their steps, notices, forks, and spools of PCs that are gone. */
import type { DatabaseSync } from 'node:sqlite';
import type { Retention } from '../../records/archives.ts';

/** So many rows of a kind go with one slice. */
const rowsAtOnce = 64;
/** A spool takes its ranges with it, however many those are: so many of them at a time. */
const rangesAtOnce = 512;

/**
 * Opens what is deleted. `forget` is to stand in a transaction of its own.
 * Guarantee: the newest incident and step stay, since the next ones are numbered by them; what is open, waits or is not concluded stays.
 */
export function openOldRows(db: DatabaseSync): Retention['forget'] {
  const kinds = [openOldSteps(db), openOldIncidents(db), openOldNotices(db), openOldForks(db), openGoneSpools(db)];
  return (before) => kinds.some((kind) => kind(before));
}

type Kind = (before: number) => boolean;

/** Incidents that were over before; the ids of the oldest. */
const oldIncidents = `
  SELECT id FROM incidents WHERE over_at < :before AND id < (SELECT max(id) FROM incidents)
    AND NOT EXISTS (SELECT 1 FROM transitions t WHERE t.incident = incidents.id AND t.state <> 'concluded')
  ORDER BY over_at LIMIT ${rowsAtOnce}`;

function openOldSteps(db: DatabaseSync): Kind {
  return deletes(
    db,
    `DELETE FROM transitions WHERE id IN (
      SELECT id FROM transitions WHERE incident IN (${oldIncidents}) AND id < (SELECT max(id) FROM transitions) LIMIT ${rowsAtOnce})`,
  );
}

/** By now their steps are gone, but for the newest of all. */
function openOldIncidents(db: DatabaseSync): Kind {
  return deletes(db, `DELETE FROM incidents WHERE id IN (${oldIncidents})`);
}

function openOldNotices(db: DatabaseSync): Kind {
  return deletes(
    db,
    `DELETE FROM outbox WHERE key IN (
      SELECT key FROM outbox INDEXED BY outbox_done WHERE state <> 'waiting' AND row ->> '$.createdAt' < :before LIMIT ${rowsAtOnce})`,
  );
}

function openOldForks(db: DatabaseSync): Kind {
  return deletes(
    db,
    `DELETE FROM forks WHERE (spool, seq, mark) IN (
      SELECT spool, seq, mark FROM forks INDEXED BY forks_received WHERE received < :before LIMIT ${rowsAtOnce})`,
  );
}

/** All that its PC said stands in archives, the last of it before, and nobody knows the PC any more. */
function openGoneSpools(db: DatabaseSync): Kind {
  const found = db.prepare(`
    SELECT spool, max(newest) AS newest FROM archive_spools s
    WHERE NOT EXISTS (SELECT 1 FROM spools k JOIN nodes n ON n.path = k.pc WHERE k.id = s.spool)
      AND (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.spool = s.spool LIMIT 2)) <= 1
    GROUP BY spool HAVING max(newest) < ? LIMIT 1`);
  const ranges = ['archived', 'settled', 'pieces'].map((rows) =>
    db.prepare(`DELETE FROM ${rows} WHERE spool = :spool AND a IN (SELECT a FROM ${rows} WHERE spool = :spool LIMIT ${rangesAtOnce})`),
  );
  const numbers = ['copies', 'forks'].map((rows) =>
    db.prepare(`DELETE FROM ${rows} WHERE spool = :spool AND seq IN (SELECT seq FROM ${rows} WHERE spool = :spool LIMIT ${rangesAtOnce})`),
  );
  const last = ['events', 'archive_spools'].map((rows) => db.prepare(`DELETE FROM ${rows} WHERE spool = :spool`));
  const row = db.prepare('DELETE FROM spools WHERE id = :spool');
  const ended = db.prepare('UPDATE spools SET up_to = 0, last = 0 WHERE id = :spool AND up_to > 0');
  return (before) => {
    const spool = found.get(before)?.['spool'];
    if (spool === undefined) return false;
    const one = { spool: Number(spool) };
    // First nothing of it counts any more, last goes that by which it is found: a kill between two slices leaves no gap, and it goes on.
    if ([ended, ...numbers, ...ranges].some((statement) => statement.run(one).changes > 0)) return true;
    for (const statement of [...last, row]) statement.run(one);
    return true;
  };
}

function deletes(db: DatabaseSync, sql: string): Kind {
  const statement = db.prepare(sql);
  return (before) => statement.run({ before }).changes > 0;
}
