import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { budgets, type LedgerAudit, type RollCallView, vocabulary } from '@sabha/contracts';
import type { Incident, Transition } from '../../engine/records/incidents.ts';
import { type Announcement, announcementPrefix, notMinePrefix, type OutboxRow } from '../../engine/records/notices.ts';
import {
  admittedPrefix,
  type CommandRow,
  type ComponentChange,
  codePrefix,
  devicePrefix,
  fingerprintsKey,
  inventoryPrefix,
  olderKey,
  type PastIncidents,
  type PcChange,
  type Progress,
  type Queries,
  type ReceiveGap,
  type Retention,
  reflectorKeyKey,
  registryVersionKey,
  retainedUntilKey,
  type SentRow,
} from '../../engine/records/ops.ts';
import { hashAt, headOf, headSignedAction, personRows } from '../audit/chain.ts';
import { LedgerError } from './poison.ts';
import { integrityOf, numberFrom, rollcallsKept } from './schema.ts';
import { heldIn, lostIn } from './spools.ts';

/** Number of newest actions of people in `ledger-mark.json`. The operators of a nation cause fewer in a day. */
const actsRemembered = 500;

/** Limit of editable messages that are read for one incident. No incident notifies as many people. */
const copiesAtMost = 512;

/** Number of past incidents per page, so that reading a page blocks the ledger's thread for only some milliseconds. */
const pastPage = 100;

/** Limit of PCs that the ledger audit names. If more PCs miss events, the server is the cause. */
const pcsNamed = 20;

export type Reads = {
  [N in Exclude<keyof Queries, keyof Retention>]: (db: DatabaseSync, ...args: Parameters<Queries[N]>) => ReturnType<Queries[N]>;
};

export const reads: Omit<Reads, 'forget'> = {
  history,
  hashAt,
  person: personRows,
  checkpoint: (db) => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'),

  /**
   * Returns everything that `flows` needs at its start. Ended incidents of the last day are included; that day ends at the newest end of an
   * incident, so no clock is needed.
   */
  load(db) {
    const number = (sql: string): number => numberFrom(db, sql);
    const { version, entries } = reads.registry(db);
    return {
      pcs: selectJsonRows(db, 'SELECT row FROM pcs ORDER BY pc'),
      incidents: selectJsonRows(db, `SELECT row FROM incidents WHERE ${isRecentSql} ORDER BY id`),
      transitions: selectJsonRows(
        db,
        `SELECT row FROM transitions WHERE ${isUnconcludedSql} OR incident IN (SELECT id FROM incidents WHERE ${isRecentSql}) ORDER BY id`,
      ),
      timers: selectJsonRows(db, 'SELECT row FROM timers ORDER BY id'),
      outbox: selectJsonRows(db, `SELECT row FROM outbox WHERE state = 'waiting' ORDER BY key`),
      registry: { version, entries },
      nodes: selectJsonRows(db, 'SELECT row FROM nodes ORDER BY path'),
      // Two ranges of the key exclude the inventories, which are large.
      meta: { ...metaWhere(db, `key < '${inventoryPrefix}'`), ...metaWhere(db, `key >= '${keyAfterPrefix(inventoryPrefix)}'`) },
      nextIncident: number('SELECT max(id) FROM incidents') + 1,
      nextTransition: number('SELECT max(id) FROM transitions') + 1,
      nextTimer: number(`SELECT max(seq) FROM sqlite_sequence WHERE name = 'timers'`) + 1,
    };
  },

  /** Returns the PCs that may connect, and nothing else of the ledger. */
  registry(db) {
    const single = metaWhere(db, `key IN ('${registryVersionKey}', '${reflectorKeyKey}', '${fingerprintsKey}')`);
    return {
      version: Number(single[registryVersionKey] ?? 0),
      entries: selectJsonRows(db, 'SELECT row FROM registry ORDER BY pc'),
      admitted: metaUnder(db, admittedPrefix),
      codes: metaUnder(db, codePrefix),
      reflectorKey: single[reflectorKeyKey] ?? null,
      fingerprints: single[fingerprintsKey] ?? null,
    };
  },

  accounts(db) {
    return {
      accounts: selectJsonRows(db, 'SELECT row FROM accounts ORDER BY name'),
      logins: selectJsonRows(db, 'SELECT row FROM logins ORDER BY hash'),
    };
  },

  /** Returns the recipients, by id, and the proofs of their channels. */
  roster(db) {
    const devices = metaUnder(db, devicePrefix);
    return {
      members: selectJsonRows(db, 'SELECT row FROM roster ORDER BY id'),
      proofs: selectRows(db, 'SELECT person, channel, at FROM proofs ORDER BY person, channel'),
      ...(Object.keys(devices).length > 0 && { devices }),
    };
  },

  announcements: (db) => selectJsonRows(db, 'SELECT row FROM announcements ORDER BY id DESC LIMIT 50'),

  announcement(db, id) {
    const [one] = selectJsonRows<Announcement>(db, 'SELECT row FROM announcements WHERE id = ?', id);
    if (one === undefined) return undefined;
    const prefix = announcementPrefix(id);
    const out = selectJsonRows<OutboxRow>(
      db,
      'SELECT row FROM outbox WHERE key >= ? AND key < ? ORDER BY key',
      prefix,
      `${prefix.slice(0, -1)}0`,
    );
    return {
      announcement: one,
      sent: out.map(({ person, channel, state, lastError }) => ({ person, channel, state, reason: lastError })),
      read: selectRows(db, 'SELECT person, at FROM announcement_reads WHERE announcement = ? ORDER BY person', id),
    };
  },

  /** Returns the outbox rows of an incident whose message can still be edited, newest first. Each step reads one range of keys. */
  copies(db, incident) {
    const sql = `
      SELECT o.row FROM transitions t CROSS JOIN outbox o ON o.key > t.id || '/' AND o.key < t.id || '0'
      WHERE t.incident = ? AND o.row ->> '$.copy' IS NOT NULL ORDER BY t.id DESC LIMIT ${copiesAtMost}`;
    return selectJsonRows(db, sql, incident);
  },

  meetings: (db) => selectJsonRows(db, 'SELECT row FROM meetings ORDER BY id'),

  maintenance: (db) => selectJsonRows(db, 'SELECT row FROM maintenance ORDER BY id'),

  /** Returns the receive gaps of the server that ended after `since`, oldest first. */
  aways: (db, since) => selectRows(db, 'SELECT since AS "from", until AS "to" FROM away WHERE until > ? ORDER BY since', since),

  /**
   * Returns the newest finished roll calls without their rows. The order is that of writing, independent of the clock (R29, clock of the
   * server).
   */
  rollcalls: (db) => selectJsonRows(db, `SELECT summary AS row FROM rollcalls ORDER BY rowid DESC LIMIT ${rollcallsKept}`),

  /** Returns the newest commands, except those of automatic link tests. */
  commands: (db) => selectJsonRows(db, "SELECT row FROM commands WHERE row ->> '$.verb' <> 'measure-link' ORDER BY rowid DESC LIMIT 50"),

  /** Returns the newest changes of the tabs, newest first. */
  tabsSteps: (db) => selectRows(db, "SELECT at, who, what, about FROM audit WHERE what GLOB 'tabs *' ORDER BY id DESC LIMIT 50"),

  /** Returns incidents that were open at or after a time, with their transitions, notifications and the changes of their PCs. */
  past(db, { since, after: from, most = pastPage }) {
    const sql = 'SELECT row FROM incidents WHERE id > ? AND (over_at IS NULL OR over_at >= ?) ORDER BY id LIMIT ?';
    const incidents = selectJsonRows<Incident>(db, sql, from, since, Math.min(most, pastPage));
    const transitions = incidents.flatMap(({ id }) =>
      selectJsonRows<Transition>(db, 'SELECT row FROM transitions WHERE incident = ? ORDER BY id', id),
    );
    const sentUnder = (prefix: string, end: string) =>
      selectRows<SentRow>(db, "SELECT key, row ->> '$.createdAt' AS createdAt FROM outbox WHERE key > ? AND key < ?", prefix, end);
    // Includes the direct notification to central after a recipient declined the incident.
    const sent = [
      ...transitions.flatMap(({ id }) => sentUnder(`${id}/`, `${id}0`)),
      ...incidents.flatMap(({ id }) => sentUnder(notMinePrefix(id), `${notMinePrefix(id).slice(0, -1)}.`)),
    ];
    const first = Math.min(since, ...incidents.map(({ openedAt }) => openedAt));
    const changes = [...new Set(incidents.map(({ scope }) => scope))].flatMap((pc) => changesOf(db, pc, first));
    const page: PastIncidents = { incidents, transitions, changes, sent };
    return { json: JSON.stringify(page), last: incidents.at(-1)?.id ?? null };
  },

  command(db, id) {
    const [row] = selectJsonRows<CommandRow>(db, 'SELECT row FROM commands WHERE id = ?', id);
    return row && { row, answers: selectJsonRows(db, 'SELECT row FROM answers WHERE command = ? ORDER BY pc', id) };
  },

  /** Returns the commands that have not expired, in the order of issue. */
  openCommands(db, now) {
    return selectJsonRows<CommandRow>(db, 'SELECT row FROM commands WHERE expires > ? ORDER BY rowid', now).map((row) => {
      return { row, answered: (reads.command(db, row.id)?.answers ?? []).map(({ pc }) => pc) };
    });
  },

  rollcall: (db, id) => selectJsonRows<RollCallView>(db, 'SELECT row FROM rollcalls WHERE id = ?', id)[0],

  /** Returns the acts of people or machines, newest first. */
  acts(db, { of, who = null, since = 0, before = Number.MAX_SAFE_INTEGER, most }) {
    const sql = `
      SELECT id, at, who, what, about FROM ${of === 'people' ? 'audit' : 'steps'}
      WHERE id < ?1 AND at >= ?2 AND (?3 IS NULL OR who = ?3 COLLATE NOCASE) ORDER BY id DESC LIMIT ?4`;
    return selectRows(db, sql, before, since, who, most);
  },

  /** Returns the id of the ledger, its commit count, the last acts of people, and the newest time in it. */
  progress(db) {
    const [which] = selectRows<Pick<Progress, 'ledger' | 'commits'>>(db, 'SELECT ledger, commits FROM progress');
    const acts = `SELECT id, at, who, what, about FROM audit WHERE what <> '${headSignedAction}' ORDER BY id DESC LIMIT ${actsRemembered}`;
    const older = metaWhere(db, `key = '${olderKey}'`)[olderKey] ?? null;
    const { row: lastAct, hash: head } = headOf(db);
    return { ledger: '', commits: 0, ...which, lastAct, head, acts: selectRows(db, acts), older, newestAt: newestAt(db) };
  },

  /**
   * Counts missing, dropped and duplicate events. Numbers up to `up_to` that are neither held nor settled are a fault of the ledger, and
   * count as gaps.
   * `twice` counts events that are in several spools of one PC; within a spool the primary key prevents duplicates.
   */
  audit(db) {
    const number = (sql: string): number => numberFrom(db, sql);
    const piece = (to: string) => `${to} - t.a + 1 - ${heldIn('t.spool', { a: 't.a', b: to })}`;
    const range = (to: string) => `(SELECT lost FROM ${lostIn('t.spool', { a: 't.a', b: to })})`;
    const capped = (count: string, sqlTable: string) => number(`SELECT total(min(${count}, ${budgets.gap.most})) FROM ${sqlTable}`);
    const below = (count: typeof piece, sqlSource: string) =>
      `(SELECT total(${count('min(t.b, s.up_to)')}) FROM ${sqlSource} t WHERE t.spool = s.id AND t.a <= s.up_to)`;
    const over = (how: string) => number(`SELECT count(*) FROM incidents WHERE row ->> '$.over' IS ${how}`);
    const sent = (state: OutboxRow['state']) => number(`SELECT count(*) FROM outbox WHERE state = '${state}'`);
    const unaccounted = number(`
      SELECT total(up_to - ${heldIn('s.id', { a: '1', b: 'up_to' })} - ${below(piece, 'pieces')} - ${below(range, 'settled')}) FROM spools s`);
    const archived = number('SELECT total(b - a + 1) FROM archived');
    const byPc = `
      SELECT pc, total(gap) AS gaps, total(again) AS twice FROM (
        SELECT s.pc, min(${range('t.b')}, ${budgets.gap.most}) AS gap, 0 AS again FROM settled t JOIN spools s ON s.id = t.spool WHERE why = 'gap'
        UNION ALL SELECT pc, 0, n - 1 FROM (
          SELECT s.pc AS pc, count(DISTINCT e.spool) AS n FROM events e JOIN spools s ON s.id = e.spool
          GROUP BY e.mark, s.pc, e.boot, e.at, e.kind, e.body)
      ) GROUP BY pc HAVING gaps + twice > 0 ORDER BY gaps + twice DESC`;
    const ofPcs: NonNullable<LedgerAudit['ofPcs']> = selectRows(db, byPc);
    const sum = (name: 'gaps' | 'twice') => ofPcs.reduce((total, one) => total + one[name], 0);
    return {
      events: number('SELECT count(*) FROM events') + archived,
      ...(archived > 0 && { archived }),
      spools: number('SELECT count(*) FROM spools'),
      gaps: sum('gaps') + unaccounted,
      dropped: capped(range('t.b'), "settled t WHERE why = 'dropped'") + capped(piece('t.b'), 'pieces t'),
      twice: sum('twice'),
      ...(ofPcs.length > 0 && { ofPcs: ofPcs.slice(0, pcsNamed) }),
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
  },
};

function changesOf(db: DatabaseSync, pc: string, since: number): PcChange[] {
  const sql = 'SELECT pc, component, at, status, faults FROM changes WHERE pc = ? AND at >= ?';
  return selectRows<PcChange & { faults: unknown }>(db, sql, pc, since).map((row) => ({ ...row, faults: JSON.parse(String(row.faults)) }));
}

/** Returns the newest time among the last act, the last step of a machine, and the running time that is stored each minute. */
function newestAt(db: DatabaseSync): number {
  const note = metaWhere(db, `key = '${retainedUntilKey}'`)[retainedUntilKey];
  const { from, ranMs } = (note === undefined ? { from: 0, ranMs: 0 } : JSON.parse(note)) as { from: number; ranMs: number };
  const lastOf = (table: string) => numberFrom(db, `SELECT coalesce((SELECT at FROM ${table} ORDER BY id DESC LIMIT 1), 0)`);
  return Math.max(from + ranMs, lastOf('audit'), lastOf('steps'));
}

const isUnconcludedSql = "state <> 'concluded'";

/** SQL condition: the incident is open, ended within a day of the newest end, or has a transition that is not concluded. */
const isRecentSql = `over_at IS NULL
  OR over_at >= (SELECT max(over_at) FROM incidents) - 86400000
  OR id IN (SELECT incident FROM transitions WHERE ${isUnconcludedSql})`;

function metaWhere(db: DatabaseSync, condition: string): Record<string, string> {
  const all = selectRows<{ key: string; value: string }>(db, `SELECT key, value FROM meta WHERE ${condition} ORDER BY key`);
  return Object.fromEntries(all.map(({ key, value }) => [key, value]));
}

/** Returns the values of all keys with a prefix, by the rest of the key. */
function metaUnder(db: DatabaseSync, prefix: string): Record<string, string> {
  const all = Object.entries(metaWhere(db, `key >= '${prefix}' AND key < '${keyAfterPrefix(prefix)}'`));
  return Object.fromEntries(all.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** Returns the first key after all keys with this prefix. `0` is the character after `/`. */
function keyAfterPrefix(prefix: string): string {
  return prefix.replace('/', '0');
}

function selectJsonRows<T>(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): T[] {
  try {
    return Array.from(db.prepare(sql).all(...values), (row) => JSON.parse(String(row['row'])) as T);
  } catch (error) {
    // A flipped byte within a JSON text leaves the structure of the file valid, so only the parser finds it.
    if (!(error instanceof SyntaxError)) throw error;
    const how = `a row of its table ${/FROM (\w+)/.exec(sql)?.[1]} cannot be read`;
    throw new LedgerError('other', `the ledger is damaged (${how}): restore a backup, or move it elsewhere to start empty`, error);
  }
}

function selectRows<T>(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): T[] {
  return Array.from(db.prepare(sql).all(...values), (row) => ({ ...row }) as T);
}

/**
 * Retention of changes and receive gaps in ms, measured from the trusted time. The last change before that stays for each component,
 * because its status strip begins with it.
 */
const changesKeptMs = 35 * 86_400_000;
/** The components that Sabha knows are read first. So a PC that reports many unknown names cannot displace them. */
const ownComponents = Object.keys(vocabulary.en.component);

/** Most changes that one PC can write in a day. */
const changesADayLimit = budgets.changesADay.most + budgets.changesAtOnce.most;

/**
 * Returns the changes of a PC since a time, and the last earlier one of each component, oldest first.
 * Guarantee: components, changes of one component and changes in total stay within their budgets (R27, budgets). Where older changes are
 * left out, the component is unknown.
 */
function history(db: DatabaseSync, pc: string, since: number): ComponentChange[] {
  const newest = db.prepare(`
    SELECT component, at, status, faults FROM changes
    WHERE pc = :pc AND component = :component AND at >= coalesce(
      (SELECT max(at) FROM changes WHERE pc = :pc AND component = :component AND at < :since), :since)
    ORDER BY at DESC LIMIT :most + 1`);
  const lines: ComponentChange[][] = [];
  let left = changesADayLimit;
  for (const component of new Set([...ownComponents, ...namesOf(db, pc)])) {
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

/** Returns the first component names of a PC. Each name costs one step in the index, however many changes it has. */
function namesOf(db: DatabaseSync, pc: string): string[] {
  const query = `
    WITH RECURSIVE names(name) AS (
      SELECT min(component) FROM changes WHERE pc = :pc
      UNION ALL SELECT (SELECT min(component) FROM changes WHERE pc = :pc AND component > name) FROM names WHERE name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL LIMIT ${budgets.componentsRead.most}`;
  return Array.from(db.prepare(query).all({ pc }), ({ name }) => String(name));
}

function changeOf(row: Record<string, unknown>): ComponentChange {
  return { ...(row as ComponentChange), faults: JSON.parse(String(row['faults'])) };
}

/** Returns the writers for the strips (history bars), and the writer that corrects rows from a clock that was ahead. */
export function openStatusStrips(db: DatabaseSync) {
  return { change: openChanges(db), away: openReceiveGaps(db), 'not-ahead': openClampTimes(db) };
}

/** Components that the PC no longer reports are deleted, at most this many per change. A PC cannot create them faster. */
const goneAtOnce = 64;

/**
 * Writes changes. Each change deletes the expired ones of its component, by two index lookups. It also deletes components that the PC has
 * not reported for as long.
 */
function openChanges(db: DatabaseSync): (change: ComponentChange & { pc: string }) => void {
  const write = db.prepare('REPLACE INTO changes VALUES (?, ?, ?, ?, ?)');
  const oldest = `(SELECT min(:at, value ->> '$.at') - ${changesKeptMs} FROM meta WHERE key = '${retainedUntilKey}')`;
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

function openReceiveGaps(db: DatabaseSync): (away: ReceiveGap) => void {
  const write = db.prepare('REPLACE INTO away VALUES (?, ?)');
  const prune = db.prepare(
    `DELETE FROM away WHERE until < (SELECT min(?, value ->> '$.at') - ${changesKeptMs} FROM meta WHERE key = '${retainedUntilKey}')`,
  );
  return ({ from, to }) => {
    write.run(from, to);
    prune.run(to);
  };
}

/** Corrects times that lie in the future. Reads all changes once or twice: a tenth of a second for a million. */
function openClampTimes(db: DatabaseSync): (now: { at: number }) => void {
  const early = db.prepare(`
    DELETE FROM changes WHERE at > :at
      AND at < (SELECT max(at) FROM changes later WHERE later.pc = changes.pc AND later.component = changes.component)`);
  const last = db.prepare('UPDATE OR REPLACE changes SET at = :at WHERE at > :at');
  const awayGone = db.prepare('DELETE FROM away WHERE since >= ?');
  const awayCut = db.prepare('UPDATE away SET until = :at WHERE until > :at');
  const commandsMoved = db.prepare(`
    UPDATE commands SET expires = expires - ahead, row = ${shiftedBackSql('row', ['at', 'expires'])}
    FROM (SELECT id AS moved, row ->> '$.at' - :at AS ahead FROM commands) WHERE id = moved AND ahead > 0`);
  const times = ['startedAt', 'endsAt', 'finishedAt'];
  const callsMoved = db.prepare(`
    UPDATE rollcalls SET at = at - ahead, summary = ${shiftedBackSql('summary', times)}, row = ${shiftedBackSql('row', times)}
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

/** Returns an SQL expression that moves the given times of a JSON row back by `ahead`. */
function shiftedBackSql(column: string, times: readonly string[]): string {
  return `json_set(${column}, ${times.map((time) => `'$.${time}', ${column} ->> '$.${time}' - ahead`).join()})`;
}
