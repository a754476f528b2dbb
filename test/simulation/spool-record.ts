/** The disk of a spool, which can be killed, filled and restored. It records every event that was ever on it. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DiskError, openSpoolDisk, type SpoolDisk } from '../../agent/uplink/spool/database.ts';
import type { Process } from './time.ts';

export type Place = { spool: string; seq: number };
/** One event that was on the disk. A fork stores it at a further place. `excused` says why the ledger need not have the event. */
export type Kept = { content: string; places: Place[]; excused: string | null };

type Row = { seq: number; grade: string; kind: string; at: number; boot: string; body: string };

export type SpoolRecord = {
  kept: Kept[];
  disk(process: Process): SpoolDisk;
  fill(): void;
  free(): void;
  image(): Uint8Array;
  /** Restores an image of the disk. Events that came after the image and were not acknowledged are lost. */
  restore(image: Uint8Array): void;
  /** Replaces the disk with a new one. Unacknowledged events are lost. */
  lose(): void;
};

/** Returns the content of an event without its number, equal for every number. A fork removes the ranges of a tombstone. */
export function contentOf({ boot, at, grade, kind, body }: Omit<Row, 'seq'>): string {
  const said = kind === 'dropped' ? JSON.stringify({ ...JSON.parse(body), ranges: [] }) : body;
  return JSON.stringify([boot, at, grade, kind, said]);
}

export function createSpoolRecord(): SpoolRecord {
  let db = new DatabaseSync(':memory:');
  let prepared = new Map<string, StatementSync>();
  const kept: Kept[] = [];
  let held = new Map<number, Kept>();
  let id = '';

  /** Caches prepared statements, because this runs after each commit. */
  function query(sql: string): StatementSync {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  }
  function rows(): Row[] {
    return query('SELECT seq, grade, kind, at, boot, body FROM events ORDER BY seq').all() as Row[];
  }
  function meta(key: string): string {
    return String(query('SELECT value FROM meta WHERE key = ?').get(key)?.['value'] ?? '');
  }
  function renew(): void {
    db = new DatabaseSync(':memory:');
    prepared = new Map();
  }

  /** Called after each commit. */
  function look(): void {
    const nowId = meta('id');
    if (nowId === '') return;
    if (nowId !== id && id !== '') renumbered(nowId);
    id = nowId;
    const last = Math.max(0, ...[...held.keys()].slice(-1));
    const fresh = query('SELECT seq, grade, kind, at, boot, body FROM events WHERE seq > ? ORDER BY seq').all(last) as Row[];
    for (const row of fresh) {
      const one = keep(row);
      one.places.push({ spool: id, seq: row.seq });
      held.set(row.seq, one);
    }
    const count = Number(query('SELECT count(*) AS n FROM events').get()?.['n']);
    if (count !== held.size) gone(fresh);
  }

  /** By R8 (bounded spool and refused messages), an unacknowledged event may leave the spool only with a tombstone in the same commit. */
  function gone(fresh: Row[]): void {
    const there = new Set(rows().map((row) => row.seq));
    const acked = Number(meta('acked'));
    const tombs = fresh.filter((row) => row.kind === 'dropped').flatMap((row) => JSON.parse(row.body).ranges as [number, number][]);
    for (const [seq, one] of held) {
      if (there.has(seq)) continue;
      held.delete(seq);
      if (seq <= acked) continue;
      if (tombs.some(([a, b]) => seq >= a && seq <= b)) one.excused = 'declared dropped';
    }
  }

  /** Records a fork: unacknowledged events get new numbers on the same disk. */
  function renumbered(nowId: string): void {
    const waiting = [...held.values()];
    held = new Map();
    for (const row of rows()) {
      const at = waiting.findIndex((one) => one.content === contentOf(row));
      const one = at < 0 ? keep(row) : (waiting.splice(at, 1)[0] as Kept);
      one.places.push({ spool: nowId, seq: row.seq });
      held.set(row.seq, one);
    }
  }

  function keep(row: Row): Kept {
    const one: Kept = { content: contentOf(row), places: [], excused: null };
    kept.push(one);
    return one;
  }

  return {
    kept,
    disk: (process) => killable(openSpoolDisk(db), process, look),
    fill: () => db.exec('PRAGMA max_page_count = 1'),
    free: () => db.exec('PRAGMA max_page_count = 1073741823'),
    image: () => db.serialize(),
    lose() {
      const acked = Number(meta('acked'));
      for (const [seq, one] of held) if (seq > acked) one.excused ??= 'went with the old disk';
      held = new Map();
      id = '';
      renew();
    },
    restore(image) {
      const acked = Number(meta('acked'));
      db.close();
      renew();
      db.deserialize(image);
      const there = new Set(rows().map((row) => row.seq));
      for (const [seq, one] of held) {
        if (there.has(seq)) continue;
        held.delete(seq);
        if (seq > acked) one.excused ??= 'went with the old disk';
      }
      id = meta('id');
    },
  };
}

/** Wraps the disk for a process. A kill can hit before or after a commit; the disk then refuses writes. */
function killable(disk: SpoolDisk, process: Process, committed: () => void): SpoolDisk {
  const alive = () => {
    if (!process.alive()) throw new DiskError('failed', 'killed');
  };
  return {
    transact: (work) => {
      process.point('before a commit of the spool');
      alive();
      const result = disk.transact(work);
      committed();
      process.point('after a commit of the spool');
      alive();
      return result;
    },
    run: (sql, ...values) => {
      alive();
      disk.run(sql, ...values);
    },
    all: (sql, ...values) => {
      alive();
      return disk.all(sql, ...values);
    },
    rebuild: (reason) => {
      alive();
      disk.rebuild(reason);
    },
    damage: () => disk.damage(),
    close: () => disk.close(),
  };
}
