/** The table of what machines did. It stands beside the audit, since these rows are the most and go with their age. */
import type { DatabaseSync } from 'node:sqlite';
import type { AuditLine } from './chain.ts';

const dayMs = 24 * 3_600_000;
/** For so long steps of machines are kept at least; what people did stays. */
export const stepsKeptMs = 400 * dayMs;
/** So few go with each that comes that no commit waits for them, and more than come, so that none is left over. */
const goneAtOnce = 4;

/** Writes steps of machines; each takes with it some that are too old. */
export function openSteps(db: DatabaseSync): (line: AuditLine) => void {
  const write = db.prepare('INSERT INTO steps (at, who, what, about) VALUES (?, ?, ?, ?)');
  const old = db.prepare(`DELETE FROM steps WHERE id IN (SELECT id FROM steps ORDER BY id LIMIT ${goneAtOnce}) AND at < ?`);
  return ({ at, who, what, about }) => {
    write.run(at, who, what, about);
    old.run(at - stepsKeptMs);
  };
}
