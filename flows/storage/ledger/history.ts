/** What a PC's components said over a time: written, and read so that no PC can make it long (R27). */
import type { DatabaseSync } from 'node:sqlite';
import { budgets, vocabulary } from '@sabha/contracts';
import type { Away, Change } from '../../engine/records/ops.ts';
import { settledKey } from '../../engine/records/ops.ts';

/** Changes older than this by the settled time go, except the last of each component, from which a strip begins; and so do times without the centre. */
const changesKeptMs = 35 * 86_400_000;
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
  return { ...(row as Change), faults: JSON.parse(String(row['faults'])) };
}

/** Writes what strips are made of, and puts right what a clock that was ahead wrote. */
export function openStrips(db: DatabaseSync) {
  return { change: openChanges(db), away: openAways(db), 'not-ahead': openNotAhead(db) };
}

/** So many components that are gone go with one change: a PC writes none faster. */
const goneAtOnce = 64;

/**
 * Writes changes; each takes with it what is too old of its component, which costs two looks into the index and no walk, and components that
 * its PC has not reported for as long.
 */
function openChanges(db: DatabaseSync): (change: Change & { pc: string }) => void {
  const write = db.prepare('REPLACE INTO changes VALUES (?, ?, ?, ?, ?)');
  const oldest = `(SELECT min(:at, value ->> '$.at') - ${changesKeptMs} FROM meta WHERE key = '${settledKey}')`;
  const prune = db.prepare(`
    DELETE FROM changes WHERE pc = :pc AND component = :component
      AND at < (SELECT max(at) FROM changes WHERE pc = :pc AND component = :component AND at <= ${oldest})`);
  const gone = db.prepare(`
    DELETE FROM changes WHERE (pc, component, at) IN (
      SELECT c.pc, c.component, c.at
      FROM (SELECT component, at FROM changes INDEXED BY changes_gone
        WHERE pc = :pc AND status = 'gone' AND at < ${oldest} ORDER BY at LIMIT ${goneAtOnce}) g
      JOIN changes c ON c.pc = :pc AND c.component = g.component AND c.at <= g.at)`);
  return ({ pc, component, at, status, faults }) => {
    write.run(pc, component, at, status, JSON.stringify(faults));
    prune.run({ pc, component, at });
    gone.run({ pc, at });
  };
}

/** Writes times in which the centre heard nobody. */
function openAways(db: DatabaseSync): (away: Away) => void {
  const write = db.prepare('REPLACE INTO away VALUES (?, ?)');
  const prune = db.prepare(
    `DELETE FROM away WHERE until < (SELECT min(?, value ->> '$.at') - ${changesKeptMs} FROM meta WHERE key = '${settledKey}')`,
  );
  return ({ from, to }) => {
    write.run(from, to);
    prune.run(to);
  };
}

/** Takes back what is later than now, or it would speak when its time comes. Reads all changes once or twice: a tenth of a second for a million. */
function openNotAhead(db: DatabaseSync): (now: { at: number }) => void {
  const early = db.prepare(`
    DELETE FROM changes WHERE at > :at
      AND at < (SELECT max(at) FROM changes later WHERE later.pc = changes.pc AND later.component = changes.component)`);
  const last = db.prepare('UPDATE OR REPLACE changes SET at = :at WHERE at > :at');
  const awayGone = db.prepare('DELETE FROM away WHERE since >= ?');
  const awayCut = db.prepare('UPDATE away SET until = :at WHERE until > :at');
  const commandsMoved = db.prepare(`
    UPDATE commands SET expires = expires - ahead, row = ${movedIn('row', ['at', 'expires'])}
    FROM (SELECT id AS moved, row ->> '$.at' - :at AS ahead FROM commands) WHERE id = moved AND ahead > 0`);
  const times = ['startedAt', 'endsAt', 'finishedAt'];
  const callsMoved = db.prepare(`
    UPDATE rollcalls SET at = at - ahead, summary = ${movedIn('summary', times)}, row = ${movedIn('row', times)}
    FROM (SELECT id AS moved, summary ->> '$.finishedAt' - :at AS ahead FROM rollcalls) WHERE id = moved AND ahead > 0`);
  return ({ at }) => {
    early.run({ at });
    last.run({ at });
    awayGone.run(at);
    awayCut.run({ at });
    commandsMoved.run({ at });
    callsMoved.run({ at });
  };
}

/** The text of a row with these of its times as much earlier as it is ahead. */
function movedIn(column: string, times: readonly string[]): string {
  return `json_set(${column}, ${times.map((time) => `'$.${time}', ${column} ->> '$.${time}' - ahead`).join()})`;
}
