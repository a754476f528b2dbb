/** The tables of what was done: by people and by the centre, as a chain; and by machines, which are the most, beside it. */
import type { DatabaseSync } from 'node:sqlite';
import { type AuditLine, openChain } from './chain.ts';

const dayMs = 24 * 3_600_000;
/** For so long steps of machines are kept at least; what people did stays. */
export const stepsKeptMs = 400 * dayMs;
/** So few go with each that comes that no commit waits for them, and more than come, so that none is left over. */
const goneAtOnce = 4;

/** Chains what a ledger of before holds, in its order and numbered anew, and moves what machines did into a table of its own. */
export function chainAudit(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE steps (id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL) STRICT;
    INSERT INTO steps (at, who, what, about) SELECT at, who, what, about FROM audit WHERE ${byMachine} ORDER BY id;
    DROP INDEX audit_tabs;
    DROP INDEX audit_acknowledged;
    ALTER TABLE audit RENAME TO audit_before;
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
      who_salt BLOB, about_salt BLOB, who_mark BLOB, about_mark BLOB, hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX audit_tabs ON audit (id) WHERE what GLOB 'tabs *';
    CREATE INDEX audit_acknowledged ON audit (about) WHERE what = 'acknowledge';
  `);
  const add = openChain(db);
  const before = db.prepare(`SELECT at, who, what, about FROM audit_before WHERE NOT (${byMachine}) ORDER BY id`);
  for (const row of before.iterate()) add(lineOf(row));
  db.exec('DROP TABLE audit_before');
}

/** A PC is written with slashes; a round of measurements is ordered by somebody, and each of its commands is a step of the queue. */
const byMachine = "who GLOB '*/*/*' OR (what = 'command measure-link' AND about NOT GLOB '* sites')";

/** Writes steps of machines; each takes with it some that are too old. */
export function openSteps(db: DatabaseSync): (line: AuditLine) => void {
  const write = db.prepare('INSERT INTO steps (at, who, what, about) VALUES (?, ?, ?, ?)');
  const old = db.prepare(`DELETE FROM steps WHERE id IN (SELECT id FROM steps ORDER BY id LIMIT ${goneAtOnce}) AND at < ?`);
  return ({ at, who, what, about }) => {
    write.run(at, who, what, about);
    old.run(at - stepsKeptMs);
  };
}

function lineOf(row: Record<string, unknown>): AuditLine {
  return { at: Number(row['at']), who: String(row['who']), what: String(row['what']), about: String(row['about']) };
}
