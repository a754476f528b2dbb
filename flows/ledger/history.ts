/** What a PC's components said over a time, read so that no PC can make it long (R27). */
import type { DatabaseSync } from 'node:sqlite';
import { budgets, vocabulary } from '#contracts';
import type { Change } from '../records/ops.ts';

/** A component that Sabha knows is read before any other name, so that one PC's inventions hide none of them. */
const known = Object.keys(vocabulary.en.component);

/** No PC can write more in a day. */
const mostOfAll = budgets.changesADay.most + budgets.changesAtOnce.most;

/**
 * Changes of a PC since a time, and of each component the last one before it, oldest first.
 * Guarantee: no more components, changes of one, and changes of all of them in a day than their budgets; where older ones are left out the
 * component is unknown (R27).
 */
export function history(db: DatabaseSync, pc: string, since: number): Change[] {
  const newest = db.prepare(`
    SELECT component, at, status, faults FROM changes
    WHERE pc = :pc AND component = :component AND at >= coalesce(
      (SELECT max(at) FROM changes WHERE pc = :pc AND component = :component AND at < :since), :since)
    ORDER BY at DESC LIMIT :most + 1`);
  const lines: Change[][] = [];
  let left = mostOfAll;
  for (const component of new Set([...known, ...namesOf(db, pc)])) {
    const most = Math.min(left, budgets.changesRead.most);
    const line = Array.from(newest.all({ pc, component, since, most }), changeOf);
    left -= Math.min(most, line.length);
    const oldest = line[most];
    if (oldest !== undefined && oldest.at >= since) line[most] = { component, at: since, status: 'unknown', faults: [] };
    if (line.length > 0) lines.push(line);
    if (lines.length === budgets.componentsRead.most) break;
  }
  return lines.flat().sort((a, b) => a.at - b.at || (a.component < b.component ? -1 : 1));
}

/** The first names of a PC's components, one step in the index each, however many changes each has. */
function namesOf(db: DatabaseSync, pc: string): string[] {
  const query = `
    WITH RECURSIVE names(name) AS (
      SELECT min(component) FROM changes WHERE pc = :pc
      UNION ALL SELECT (SELECT min(component) FROM changes WHERE pc = :pc AND component > name) FROM names WHERE name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL LIMIT ${budgets.componentsRead.most}`;
  return Array.from(db.prepare(query).all({ pc }), ({ name }) => String(name));
}

function changeOf(row: Record<string, unknown>): Change {
  return {
    component: String(row['component']),
    at: Number(row['at']),
    status: String(row['status']),
    faults: JSON.parse(String(row['faults'])) as string[],
  };
}
