/** What leaves the ledger for its age, as steps that are short enough to stand between two commits. */
import type { DatabaseSync } from 'node:sqlite';
import type { Retention } from '../../../engine/records/ops.ts';
import { openArchiveRows } from './archive-rows.ts';
import { openOldRows } from './old-rows.ts';

/** So many pages are given back at a time: each is moved from the end of the file. */
const pagesAtOnce = 64;
/** What stays free is used by the next events, and need not be asked of the disk again: a part of the file, and some pages of a small one. */
const freePart = 0.02;
const freePages = 256;

/** The name of every step. */
export const retentionSteps: readonly (keyof Retention)[] = ['page', 'end', 'held', 'seal', 'leave', 'forget', 'shrink', 'expire'];

/** Opens the steps in an open database; `inTransaction` makes one transaction of what it is given. */
export function openRetention(db: DatabaseSync, inTransaction: <T>(work: () => T) => T): Retention {
  const rows = openArchiveRows(db);
  const forget = openOldRows(db);
  return {
    ...rows,
    seal: (segment) => inTransaction(() => rows.seal(segment)),
    leave: () => inTransaction(rows.leave),
    forget: (before) => inTransaction(() => forget(before)),
    shrink: openShrink(db),
    expire: (kept) => inTransaction(() => rows.expire(kept)),
  };
}

function openShrink(db: DatabaseSync): Retention['shrink'] {
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
