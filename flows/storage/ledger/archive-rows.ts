/**
 * Tables of the archives: reads the events that move to an archive, and records which numbers, segments and checksums each archive
 * contains.
 */
import type { DatabaseSync } from 'node:sqlite';
import type {
  ArchivedEvents,
  ArchivedMonth,
  LeavingEvent,
  NumberRange,
  PageQuery,
  Retention,
  Segment,
  SegmentSpool,
} from '../../engine/records/ops.ts';

/** Limits of one retention operation: rows, bytes of bodies, and spools. It then takes some milliseconds on a slow disk. */
const slice = { rows: 128, bytes: 256 * 1024, spools: 128 };

/**
 * Opens the tables of the archives. The caller runs each writing operation in a separate transaction.
 * Guarantee: an event stays in the ledger until its segment is sealed, and its number counts as held before and after. The event of the
 * acknowledged number of each spool stays in the ledger, because the ack carries its hash (`mark`, R7, idempotent apply).
 */
export function openArchiveRows(db: DatabaseSync): Omit<Retention, 'forgetBefore' | 'shrink'> {
  const bytes = db.prepare('SELECT bytes FROM archives WHERE month = ?');
  const end = (month: string) => Number(bytes.get(month)?.['bytes'] ?? 0);
  return {
    page: openPage(db),
    end,
    held: openArchivedOf(db),
    seal: openSeal(db, end),
    leave: openDeleteSealed(db),
    expire: openExpire(db),
  };
}

/** SQL condition: the PC itself, or every PC below a site, as two ranges of one index. */
const ofPath = `(pc = :path OR (pc >= :path || '/' AND pc < :path || '0'))`;

function openPage(db: DatabaseSync): Retention['page'] {
  const spools = db.prepare(`SELECT id, pc, spool AS name, up_to AS upTo FROM spools WHERE id >= ? ORDER BY id LIMIT ${slice.spools}`);
  // The unary plus keeps SQLite from scanning all spools by id.
  const below = db.prepare(`SELECT id, pc, spool AS name FROM spools WHERE +id >= :id AND ${ofPath} ORDER BY +id LIMIT ${slice.spools}`);
  const events = db.prepare(`
    SELECT seq, mark, received, boot, at, grade, kind, body FROM events WHERE spool = ? AND seq > ? AND seq < ? ORDER BY seq`);

  function* due(asked: readonly RequestedSpool[], ask: PageQuery): Generator<LeavingEvent> {
    const { after } = ask;
    for (const { id, pc, name, upTo = Number.MAX_SAFE_INTEGER } of asked) {
      const from = id === after.spool ? after.seq : 0;
      for (const row of events.iterate(id, from, upTo) as Iterable<Omit<LeavingEvent, 'spool' | 'pc' | 'name'>>) {
        // Events move to the archive in order of their numbers. An event that arrived late keeps the events above it in the ledger.
        if ('before' in ask && row.received >= ask.before && row.received <= ask.ahead) break;
        yield { spool: id, pc, name, ...row };
      }
    }
  }

  return (ask) => {
    const found: LeavingEvent[] = [];
    let bytes = 0;
    const { spool } = ask.after;
    const asked = ('path' in ask ? below.all({ id: spool, path: ask.path }) : spools.all(spool)) as RequestedSpool[];
    for (const event of due(asked, ask)) {
      found.push(event);
      bytes += event.body.length;
      if (found.length === slice.rows || bytes >= slice.bytes) return { events: found, next: { spool: event.spool, seq: event.seq } };
    }
    return { events: found, next: asked.length < slice.spools ? null : { spool: (asked.at(-1)?.id ?? 0) + 1, seq: 0 } };
  };
}

type RequestedSpool = { id: number; pc: string; name: string; upTo?: number };

function openArchivedOf(db: DatabaseSync): Retention['held'] {
  const known = db.prepare(`SELECT 1 FROM spools WHERE ${ofPath} LIMIT 1`);
  const months = db.prepare(`
    SELECT s.pc, s.spool AS name, h.month, h.a, h.count, h.newest, a.expired
    FROM (SELECT id, pc, spool FROM spools WHERE ${ofPath}) s JOIN archive_spools h ON h.spool = s.id JOIN archives a USING (month)
    ORDER BY h.month, s.id`);
  const segments = db.prepare('SELECT month, at, bytes, sha256 FROM archive_segments WHERE month = ? ORDER BY at');
  return (path) => {
    const held = Array.from(months.all({ path }), (row) => ({ ...row, expired: row['expired'] === 1 }) as ArchivedMonth);
    const found = [...new Set(held.map(({ month }) => month))].flatMap((month) => segments.all(month) as ArchivedEvents['segments']);
    return { known: known.get({ path }) !== undefined, months: held, segments: found };
  };
}

function openSeal(db: DatabaseSync, end: Retention['end']): Retention['seal'] {
  const archive = db.prepare(`
    INSERT INTO archives VALUES (:month, :bytes, 0) ON CONFLICT (month) DO UPDATE SET bytes = excluded.bytes, expired = 0`);
  const segment = db.prepare('INSERT INTO archive_segments VALUES (:month, :at, :bytes, :sha256)');
  const save = db.prepare(`
    INSERT INTO archive_spools VALUES (:spool, :month, :a, :count, :newest)
    ON CONFLICT DO UPDATE SET a = min(a, excluded.a), count = count + excluded.count, newest = max(newest, excluded.newest)`);
  const leaving = db.prepare('INSERT INTO leaving VALUES (?, ?, ?)');

  function saveSpool(month: string, { spool, runs, newest }: SegmentSpool): void {
    const count = runs.reduce((sum, { a, b }) => sum + b - a + 1, 0);
    save.run({ spool, month, a: Math.min(...runs.map((run) => run.a)), count, newest });
    for (const run of runs) leaving.run(spool, run.a, run.b);
  }

  return ({ month, at, bytes, sha256, spools }: Segment) => {
    if (end(month) !== at) throw new Error(`a segment of ${month} begins at byte ${at}, its archive ends at ${end(month)}`);
    archive.run({ month, bytes: at + bytes });
    segment.run({ month, at, bytes, sha256 });
    for (const one of spools) saveSpool(month, one);
  };
}

function openDeleteSealed(db: DatabaseSync): Retention['leave'] {
  const first = db.prepare('SELECT spool, a, b FROM leaving ORDER BY spool, a LIMIT 1');
  // End of the slice. `octet_length` reads the size of a body without reading the body.
  const last = db.prepare(`
    SELECT max(seq) AS seq FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS below FROM (
      SELECT seq, octet_length(body) AS bytes FROM events WHERE spool = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ${slice.rows}))
    WHERE below < ${slice.bytes}`);
  const gone = db.prepare('DELETE FROM events WHERE spool = ? AND seq BETWEEN ? AND ?');
  const done = db.prepare('DELETE FROM leaving WHERE spool = ? AND a = ?');
  const rest = db.prepare('UPDATE leaving SET a = ? WHERE spool = ? AND a = ?');
  const left = db.prepare(
    'SELECT a FROM archived WHERE spool = ? AND b = ? AND a = (SELECT max(a) FROM archived WHERE spool = ?1 AND a <= ?2)',
  );
  const right = db.prepare('SELECT b FROM archived WHERE spool = ? AND a = ?');
  const joined = db.prepare('DELETE FROM archived WHERE spool = ? AND a = ?');
  const save = db.prepare('REPLACE INTO archived VALUES (?, ?, ?)');
  return () => {
    const one = first.get() as (NumberRange & { spool: number }) | undefined;
    if (one === undefined) return false;
    const { spool, a, b } = one;
    const to = Number(last.get(spool, a, b)?.['seq']);
    gone.run(spool, a, to);
    // Adjacent runs of archived numbers are stored as one.
    const next = right.get(spool, to + 1)?.['b'];
    if (next !== undefined) joined.run(spool, to + 1);
    save.run(spool, Number(left.get(spool, a - 1)?.['a'] ?? a), Number(next ?? to));
    if (to === b) done.run(spool, a);
    else rest.run(to + 1, spool, a);
    return true;
  };
}

function openExpire(db: DatabaseSync): Retention['expire'] {
  const before = db.prepare('SELECT month FROM archives WHERE expired = 1 ORDER BY month');
  const old = db.prepare(
    'UPDATE archives SET expired = 1 WHERE expired = 0 AND month NOT IN (SELECT month FROM archives ORDER BY month DESC LIMIT ?)',
  );
  const segments = db.prepare('DELETE FROM archive_segments WHERE month IN (SELECT month FROM archives WHERE expired = 1)');
  return (kept) => {
    const gone = Array.from(before.all(), ({ month }) => String(month));
    if (old.run(kept).changes > 0) segments.run();
    return gone;
  };
}

// Deletes old rows in small slices: incidents with their transitions, notifications, forks and spools of removed PCs. Then frees pages.

const rowsAtOnce = 64;
/** Limit of ranges that one slice deletes, because one spool may have very many ranges. */
const rangesAtOnce = 512;
/** Limit of pages that one slice frees. SQLite moves each of them from the end of the file. */
const pagesAtOnce = 64;
/** Free space that is kept for the next events: a part of the file, and at least some pages. */
const freePart = 0.02;
const freePages = 256;

/**
 * Opens the deletion of old rows. The caller runs each operation in a separate transaction.
 * Guarantee: the newest incident and transition stay, because the next ids follow theirs. Open incidents, waiting notifications and
 * transitions without a conclusion stay.
 */
export function openOldRows(db: DatabaseSync): Retention['forgetBefore'] {
  const deletes = (sql: string): DeleteOld => {
    const statement = db.prepare(sql);
    return (before) => statement.run({ before }).changes > 0;
  };
  const oldIncidents = `
    SELECT id FROM incidents WHERE over_at < :before AND id < (SELECT max(id) FROM incidents)
      AND NOT EXISTS (SELECT 1 FROM transitions t WHERE t.incident = incidents.id AND t.state <> 'concluded')
    ORDER BY over_at LIMIT ${rowsAtOnce}`;
  const kinds = [
    deletes(`DELETE FROM transitions WHERE id IN (
      SELECT id FROM transitions WHERE incident IN (${oldIncidents}) AND id < (SELECT max(id) FROM transitions) LIMIT ${rowsAtOnce})`),
    // Their transitions are already deleted, except the newest of all.
    deletes(`DELETE FROM incidents WHERE id IN (${oldIncidents})`),
    deletes(`DELETE FROM outbox WHERE key IN (
      SELECT key FROM outbox INDEXED BY outbox_done WHERE state <> 'waiting' AND row ->> '$.createdAt' < :before LIMIT ${rowsAtOnce})`),
    deletes(`DELETE FROM forks WHERE (spool, seq, mark) IN (
      SELECT spool, seq, mark FROM forks INDEXED BY forks_received WHERE received < :before LIMIT ${rowsAtOnce})`),
    openGoneSpools(db),
  ];
  return (before) => kinds.some((kind) => kind(before));
}

type DeleteOld = (before: number) => boolean;

/**
 * Deletes the spools of a PC that is no longer in the site table, once its newest event is old enough. This includes events that never move
 * to an archive: those above a missing number, and the last one.
 */
function openGoneSpools(db: DatabaseSync): DeleteOld {
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
    // Deletes the events first, and last the rows by which the spool is found. After a kill in between nothing counts as a gap, and the
    // next run continues.
    if ([ended, ...numbers, ...ranges].some((statement) => statement.run(one).changes > 0)) return true;
    events.run(one);
    if (left.get(one) !== undefined) return true;
    for (const statement of [sums, row]) statement.run(one);
    return true;
  };
}

/** Opens the step that returns free pages to the disk. */
export function openShrink(db: DatabaseSync): Retention['shrink'] {
  const free = db.prepare('SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count');
  const mode = db.prepare('SELECT auto_vacuum AS mode FROM pragma_auto_vacuum');
  const spare = () => {
    const { free: count, pages } = free.get() as { free: number; pages: number };
    return count - Math.max(freePages, Math.floor(pages * freePart));
  };
  return () => {
    // 2 = incremental. A database in memory has another mode.
    if (Number(mode.get()?.['mode']) !== 2 || spare() <= 0) return false;
    db.exec(`PRAGMA incremental_vacuum(${Math.min(pagesAtOnce, spare())})`);
    return spare() > 0;
  };
}
