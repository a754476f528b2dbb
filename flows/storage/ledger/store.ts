/** Reads and writes the tables of the ledger, in the thread that holds the file. */
import { open } from 'node:fs/promises';
import { backup, type DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { messageOf } from '@sabha/contracts';
import type { Op, Queries, Receipt, Retention, Segment } from '../../engine/records/ops.ts';
import { devicePrefix, inventoryPrefix, linkBreakPrefix, linkReportPrefix } from '../../engine/records/ops.ts';
import type { ErasedRows, PersonErasure } from '../../engine/records/sites.ts';
import { type AuditLine, erasePerson, openChain } from '../audit/chain.ts';
import { openArchiveRows, openOldRows, openShrink } from './archive-rows.ts';
import { asLedgerError, isPoison, LedgerError, pcOf } from './poison.ts';
import { openStatusStrips, type Reads, reads } from './reads.ts';
import { commandsKept, keepSums, makeTables, rollcallsKept } from './schema.ts';
import { openSpools, type SpoolBatch } from './spools.ts';

export type Store = ReturnType<typeof openStore>;

const queries: Reads = { ...reads, forget: erasePersonRows };

export function openStore(db: DatabaseSync) {
  makeTables(db);
  keepSums(db);
  const beginSpools = openSpools(db);
  const writers = openWriters(db);
  const write: Write = (op, spools) => void (writers[op.op] as Write)(op, spools);
  const forget = openDeletePcData(db);
  const archives = openArchiveRows(db);
  const forgetBefore = openOldRows(db);
  const bound = Object.entries(queries).map(([name, query]) => [name, (query as (...args: unknown[]) => unknown).bind(undefined, db)]);
  const counted = db.prepare('UPDATE progress SET commits = commits + 1');
  return {
    /**
     * Writes several batches as one transaction and returns a receipt for each.
     * Guarantee: returns when everything is on disk, except operations of one PC that cannot be written (R28, poison messages). The receipt
     * names those.
     * Throws a `LedgerError` when nothing was written.
     */
    commit(batches: Op[][]): Receipt[] {
      const all = (one: Write) => {
        const receipts = batches.map((ops) => {
          const spools = beginSpools();
          for (const op of ops) one(op, spools);
          for (const op of ops) if (op.op === 'node-gone') forget(op.path);
          return spools.end();
        });
        counted.run();
        return receipts;
      };
      try {
        return inTransaction(db, () => all(write));
      } catch (error) {
        if (!isPoison(asLedgerError(error))) throw error;
        return inTransaction(db, () => all(writeOneByOne(db, write)));
      }
    },
    ...(Object.fromEntries(bound) as Omit<Queries, keyof Retention>),
    ...archives,
    seal: (segment: Segment) => inTransaction(db, () => archives.seal(segment)),
    leave: () => inTransaction(db, archives.leave),
    expire: (kept: number) => inTransaction(db, () => archives.expire(kept)),
    forgetBefore: (before: number) => inTransaction(db, () => forgetBefore(before)),
    shrink: openShrink(db),
    copyTo: (file: string) => copyOf(db, file),
    close: () => db.close(),
  };
}

/**
 * Guarantee: after this call, no page of the file and no page of its WAL contains the deleted data. That includes earlier versions of a
 * row.
 */
function erasePersonRows(db: DatabaseSync, whom: PersonErasure): ErasedRows {
  const done = inTransaction(db, () => erasePerson(db, whom));
  try {
    db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    const { code, message } = asLedgerError(error);
    const why = `the file could not be rewritten, and still contains traces: ${message}`;
    throw new LedgerError(code, `the person is removed from all rows, but ${why}; run the command again`, error);
  }
  return done;
}

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE');
    const done = work();
    db.exec('COMMIT');
    return done;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw asLedgerError(error);
  }
}

type Write = (op: Op, spools: SpoolBatch) => unknown;

/**
 * Writes the operations of a PC each in a savepoint, so that one can be rolled back alone. Slow: used only after a batch failed because of
 * poison.
 */
function writeOneByOne(db: DatabaseSync, write: Write): Write {
  return (op, spools) => {
    const pc = pcOf(op);
    if (pc === undefined) return write(op, spools);
    const undo = spools.mark();
    db.exec('SAVEPOINT one');
    try {
      write(op, spools);
      spools.mark();
    } catch (error) {
      if (!isPoison(asLedgerError(error))) throw error;
      db.exec('ROLLBACK TO one');
      undo({ op: op.op, pc, why: messageOf(error) });
    }
    db.exec('RELEASE one');
  };
}

/** Retention of what machines did: 400 days. Acts of people are kept without limit. */
const stepsKeptMs = 400 * 24 * 3_600_000;
/** Old rows of the machine log deleted per new row. Few, so that no commit waits; more than one, so that the deletion keeps up. */
const stepsGoneAtOnce = 4;

type Writers = { [K in Op['op']]: (op: Extract<Op, { op: K }>, spools: SpoolBatch) => unknown };

function openWriters(db: DatabaseSync): Writers {
  const json = JSON.stringify;
  const row = rowWriters(db);
  const step = db.prepare('INSERT INTO steps (at, who, what, about) VALUES (?, ?, ?, ?)');
  const oldSteps = db.prepare(`DELETE FROM steps WHERE id IN (SELECT id FROM steps ORDER BY id LIMIT ${stepsGoneAtOnce}) AND at < ?`);
  const writeStep = ({ at, who, what, about }: AuditLine) => {
    step.run(at, who, what, about);
    oldSteps.run(at - stepsKeptMs);
  };
  const rollcalls = db.prepare('REPLACE INTO rollcalls VALUES (?, ?, ?, ?)');
  const oldRollcalls = db.prepare(
    `DELETE FROM rollcalls WHERE id NOT IN (SELECT id FROM rollcalls ORDER BY rowid DESC LIMIT ${rollcallsKept})`,
  );
  const meta = db.prepare('REPLACE INTO meta VALUES (?, ?)');
  const metaGone = db.prepare('DELETE FROM meta WHERE key = ?');

  return {
    birth: (op, spools) => spools.applyBirth(op),
    event: (op, spools) => spools.storeEvent(op),
    pc: row(({ record }) => [record.pc, json(record)], 'REPLACE INTO pcs VALUES (?, ?)'),
    incident: row(({ incident: one }) => [one.id, one.overAt, json(one)], 'REPLACE INTO incidents VALUES (?, ?, ?)'),
    transition: row(({ transition: one }) => [one.id, one.incident, one.state, json(one)], 'REPLACE INTO transitions VALUES (?, ?, ?, ?)'),
    'transition-gone': row(({ id }) => [id], 'DELETE FROM transitions WHERE id = ?'),
    timer: row(({ timer }) => [timer.id, json(timer)], 'REPLACE INTO timers VALUES (?, ?)'),
    'timer-gone': row(({ id }) => [id], 'DELETE FROM timers WHERE id = ?'),
    outbox: row(({ row: one }) => [one.key, one.state, json(one)], 'INSERT INTO outbox VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    'outbox-set': row(({ row: one }) => [one.key, one.state, json(one)], 'REPLACE INTO outbox VALUES (?, ?, ?)'),
    audit: openChain(db),
    step: writeStep,
    registry: row(({ entry }) => [entry.pc, json(entry)], 'REPLACE INTO registry VALUES (?, ?)'),
    node: row(({ node }) => [node.path, json(node)], 'REPLACE INTO nodes VALUES (?, ?)'),
    'node-gone': row(({ path }) => [path], 'DELETE FROM nodes WHERE path = ?'),
    ...openStatusStrips(db),
    rollcall: ({ rollcall: one }) => {
      const { rows: _, ...summary } = one;
      rollcalls.run(one.id, one.startedAt, json(summary), json(one));
      oldRollcalls.run();
    },
    ...openCommandRows(db, writeStep),
    ...openPeopleRows(db),
    meta: ({ key, value }) => (value === null ? metaGone.run(key) : meta.run(key, value)),
  };
}

/** Returns a function that builds writers. A writer runs each statement with the values of its operation. */
function rowWriters(db: DatabaseSync) {
  return <O>(valuesOf: (op: O) => SQLInputValue[], ...statements: string[]) => {
    const prepared = statements.map((sql) => db.prepare(sql));
    return (op: O): void => {
      for (const one of prepared) one.run(...valuesOf(op));
    };
  };
}

/** Returns the writers for accounts, sessions, meetings, the roster, maintenance and announcements. */
function openPeopleRows(db: DatabaseSync) {
  const json = JSON.stringify;
  const row = rowWriters(db);
  return {
    account: row(({ account }) => [account.name, json(account)], 'REPLACE INTO accounts VALUES (?, ?)'),
    'account-gone': row(({ name }) => [name], 'DELETE FROM accounts WHERE name = ?', 'DELETE FROM logins WHERE account = ?'),
    login: row(({ login }) => [login.hash, login.account, json(login)], 'REPLACE INTO logins VALUES (?, ?, ?)'),
    'login-gone': row(({ hash }) => [hash], 'DELETE FROM logins WHERE hash = ?'),
    meeting: row(({ meeting }) => [meeting.id, json(meeting)], 'REPLACE INTO meetings VALUES (?, ?)'),
    'meeting-gone': row(({ id }) => [id], 'DELETE FROM meetings WHERE id = ?'),
    maintenance: row(({ maintenance: one }) => [one.id, json(one)], 'REPLACE INTO maintenance VALUES (?, ?)'),
    'maintenance-gone': row(({ id }) => [id], 'DELETE FROM maintenance WHERE id = ?'),
    member: row(({ member }) => [member.id, json(member)], 'REPLACE INTO roster VALUES (?, ?)'),
    'member-gone': row(
      ({ id }) => [id],
      'DELETE FROM roster WHERE id = ?',
      'DELETE FROM proofs WHERE person = ?',
      `DELETE FROM meta WHERE key = '${devicePrefix}' || ?`,
    ),
    proof: row(({ person, channel, at }) => [person, channel, at], 'REPLACE INTO proofs VALUES (?, ?, ?)'),
    announcement: row(({ announcement: one }) => [one.id, one.at, json(one)], 'REPLACE INTO announcements VALUES (?, ?, ?)'),
    'announcement-read': row(
      ({ id, person, at }) => [id, person, at],
      'INSERT INTO announcement_reads VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
  } satisfies Partial<Writers>;
}

/**
 * Deletes the stored data of a removed PC or site. Runs at the end of the batch, because the engine may write the record again in that
 * batch.
 */
function openDeletePcData(db: DatabaseSync): (path: string) => void {
  const gone = 'NOT EXISTS (SELECT 1 FROM nodes WHERE path = :path)';
  const pcs = db.prepare(`DELETE FROM pcs WHERE pc = :path AND ${gone}`);
  const keys = [inventoryPrefix, linkReportPrefix, linkBreakPrefix].map((prefix) => `'${prefix}' || :path`).join();
  const meta = db.prepare(`DELETE FROM meta WHERE key IN (${keys}) AND ${gone}`);
  return (path) => {
    pcs.run({ path });
    meta.run({ path });
  };
}

/** Returns the writers for commands and for the first response of each addressed PC. Each new command deletes the ones above the limit. */
function openCommandRows(db: DatabaseSync, stepped: (line: AuditLine) => void): Pick<Writers, 'command' | 'command-answer'> {
  const write = db.prepare('REPLACE INTO commands VALUES (?, ?, ?, ?)');
  // Link tests create some hundred commands an hour. They have a separate limit, so that they do not displace the commands of people.
  const kept = (is: string) =>
    `(SELECT id FROM commands WHERE row ->> '$.verb' ${is} 'measure-link' ORDER BY rowid DESC LIMIT ${commandsKept})`;
  const old = db.prepare(`DELETE FROM commands WHERE id NOT IN ${kept('=')} AND id NOT IN ${kept('<>')}`);
  const oldAnswers = db.prepare('DELETE FROM answers WHERE command NOT IN (SELECT id FROM commands)');
  const answered = db.prepare(`
    INSERT INTO answers SELECT id, :pc, :row FROM commands
    WHERE id = :id AND row ->> '$.verb' = :verb AND substr(:pc || '/', 1, length(scope)) = scope
    ON CONFLICT DO NOTHING`);
  return {
    command({ row }) {
      write.run(row.id, row.expires, row.to === '' ? '' : `${row.to}/`, JSON.stringify(row));
      if (old.run().changes > 0) oldAnswers.run();
    },
    'command-answer'({ pc, at, answer: { id, verb, ...said } }) {
      const { changes } = answered.run({ pc, id, verb, row: JSON.stringify({ pc, at, ...said }) });
      if (changes > 0) stepped({ at, who: pc, what: `command ${verb}`, about: `${id}: ${said.outcome}` });
    },
  };
}

/** Pages copied per step (a quarter of a MiB). A commit waits for at most one step. */
const pagesAtOnce = 64;
/** Pages between two syncs to disk. Without them the last step would sync everything, and commits would wait for it. */
const pagesBetweenSyncs = 4_096;
const tries = 100;

/**
 * Copies the ledger into a file between commits. Rejects with the error of SQLite or of the system.
 * The connection that holds the exclusive lock makes the copy, because no other connection can read the file.
 * Guarantee: the copy equals the ledger after a commit that is on disk when the copy ends. No commit waits for more than one step.
 * A test passes its own `copy` to observe each attempt.
 */
export async function copyOf(db: DatabaseSync, file: string, copy: typeof backup = backup): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  let syncing = false;
  let syncedAt = 0;
  const sync = (pages: number) => {
    if (syncing || pages - syncedAt < pagesBetweenSyncs) return;
    syncing = true;
    syncedAt = pages;
    // A failed sync also fails the copy, which reports it at the end.
    handle.datasync().then(
      () => (syncing = false),
      () => undefined,
    );
  };
  try {
    await retryCopy(() => copy(db, file, { rate: pagesAtOnce, progress: (at) => sync(at.totalPages - at.remainingPages) }));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Retries the copy. `backup` stops without an error code if its first step meets an open transaction. */
async function retryCopy(copy: () => Promise<unknown>): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      await copy();
      return;
    } catch (error) {
      const isBusy = error instanceof Error && 'errcode' in error && [0, 5, 6].includes(Number(error.errcode));
      if (!isBusy || left === 0) throw error;
    }
  }
}
