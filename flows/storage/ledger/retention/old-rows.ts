/** What is deleted for its age, a few rows at a time: incidents with their steps, notices, forks, spools of PCs that are gone, and free pages. */
import type { DatabaseSync } from 'node:sqlite';
import type { Retention } from '../../../engine/records/ops.ts';

/** So many rows of a kind go with one slice. */
const rowsAtOnce = 64;
/** A spool takes its ranges with it, however many those are: so many of them at a time. */
const rangesAtOnce = 512;
/** So many pages are given back at a time: each is moved from the end of the file. */
const pagesAtOnce = 64;
/** What stays free is used by the next events, and need not be asked of the disk again: a part of the file, and some pages of a small one. */
const freePart = 0.02;
const freePages = 256;

/**
 * Opens what is deleted. The step is to stand in a transaction of its own.
 * Guarantee: the newest incident and step stay, since the next ones are numbered by them; what is open, waits or is not concluded stays.
 */
export function openOldRows(db: DatabaseSync): Retention['forgetBefore'] {
  const deletes = (sql: string): Kind => {
    const statement = db.prepare(sql);
    return (before) => statement.run({ before }).changes > 0;
  };
  // Incidents that were over before; the ids of the oldest.
  const oldIncidents = `
    SELECT id FROM incidents WHERE over_at < :before AND id < (SELECT max(id) FROM incidents)
      AND NOT EXISTS (SELECT 1 FROM transitions t WHERE t.incident = incidents.id AND t.state <> 'concluded')
    ORDER BY over_at LIMIT ${rowsAtOnce}`;
  const kinds = [
    deletes(`DELETE FROM transitions WHERE id IN (
      SELECT id FROM transitions WHERE incident IN (${oldIncidents}) AND id < (SELECT max(id) FROM transitions) LIMIT ${rowsAtOnce})`),
    // By now their steps are gone, except the newest of all.
    deletes(`DELETE FROM incidents WHERE id IN (${oldIncidents})`),
    deletes(`DELETE FROM outbox WHERE key IN (
      SELECT key FROM outbox INDEXED BY outbox_done WHERE state <> 'waiting' AND row ->> '$.createdAt' < :before LIMIT ${rowsAtOnce})`),
    deletes(`DELETE FROM forks WHERE (spool, seq, mark) IN (
      SELECT spool, seq, mark FROM forks INDEXED BY forks_received WHERE received < :before LIMIT ${rowsAtOnce})`),
    openGoneSpools(db),
  ];
  return (before) => kinds.some((kind) => kind(before));
}

type Kind = (before: number) => boolean;

/** Of a PC that nobody knows any more, all that it said, the last of it before: in archives, and what no archive takes, above a hole or as its last number. */
function openGoneSpools(db: DatabaseSync): Kind {
  const found = db.prepare(`
    SELECT id FROM spools s
    WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.path = s.pc)
      AND (EXISTS (SELECT 1 FROM archive_spools a WHERE a.spool = s.id) OR EXISTS (SELECT 1 FROM events e WHERE e.spool = s.id))
      AND NOT EXISTS (SELECT 1 FROM archive_spools a WHERE a.spool = s.id AND a.newest >= :before)
      AND coalesce((SELECT received FROM events e WHERE e.spool = s.id ORDER BY seq DESC LIMIT 1), 0) < :before LIMIT 1`);
  const ranges = ['archived', 'settled', 'pieces'].map((rows) =>
    db.prepare(`DELETE FROM ${rows} WHERE spool = :spool AND a IN (SELECT a FROM ${rows} WHERE spool = :spool LIMIT ${rangesAtOnce})`),
  );
  const some = (rows: string, most: number) =>
    db.prepare(`DELETE FROM ${rows} WHERE spool = :spool AND seq IN (SELECT seq FROM ${rows} WHERE spool = :spool LIMIT ${most})`);
  const numbers = ['copies', 'forks'].map((rows) => some(rows, rangesAtOnce));
  const events = some('events', rowsAtOnce);
  const left = db.prepare('SELECT 1 FROM events WHERE spool = :spool LIMIT 1');
  const sums = db.prepare('DELETE FROM archive_spools WHERE spool = :spool');
  const row = db.prepare('DELETE FROM spools WHERE id = :spool');
  const ended = db.prepare('UPDATE spools SET up_to = 0, last = 0 WHERE id = :spool AND up_to > 0');
  return (before) => {
    const spool = found.get({ before })?.['id'];
    if (spool === undefined) return false;
    const one = { spool: Number(spool) };
    // First nothing of it counts any more, last goes that by which it is found: a kill between two slices leaves no gap, and it goes on.
    if ([ended, ...numbers, ...ranges].some((statement) => statement.run(one).changes > 0)) return true;
    events.run(one);
    if (left.get(one) !== undefined) return true;
    for (const statement of [sums, row]) statement.run(one);
    return true;
  };
}

/** Opens the step that gives free pages back to the disk. */
export function openShrink(db: DatabaseSync): Retention['shrink'] {
  const free = db.prepare('SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count');
  const mode = db.prepare('SELECT auto_vacuum AS mode FROM pragma_auto_vacuum');
  const spare = () => {
    const { free: count, pages } = free.get() as { free: number; pages: number };
    return count - Math.max(freePages, Math.floor(pages * freePart));
  };
  return () => {
    // 2 = incremental, which a database in memory is not.
    if (Number(mode.get()?.['mode']) !== 2 || spare() <= 0) return false;
    db.exec(`PRAGMA incremental_vacuum(${Math.min(pagesAtOnce, spare())})`);
    return spare() > 0;
  };
}
