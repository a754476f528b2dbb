/** Tests the spool on a faulty disk: any call fails once, the disk is full, or the file is cut (F2, F3, F5, F6). */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { ofTier, reportFigure } from '../../../test/figures.ts';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { DiskError, openSpoolDisk, type SpoolDisk } from './database.ts';
import { openSpool, type Spool } from './spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.db`);
const clock = handClock();
const openAt = (where: string | DatabaseSync, seed = 1, limitBytes = 100_000) =>
  openSpool({ disk: openSpoolDisk(where), clock, random: seeded(seed), boot: 'boot', limitBytes });
const bodies = (spool: Spool) => spool.after(0, 9_999).map((event) => event.body['n']);

/** Wraps a disk so that its call number `at` throws `error`, before or after the real call. */
function failing(
  disk: SpoolDisk,
  at: number,
  { error, late = false }: { error: () => Error; late?: boolean },
): SpoolDisk & { calls(): number } {
  let calls = 0;
  const guard = <T>(real: () => T): T => {
    calls += 1;
    const chosen = calls === at;
    if (chosen && !late) throw error();
    const result = real();
    if (chosen && late) throw error();
    return result;
  };
  return {
    ...disk,
    calls: () => calls,
    transact: (work) => guard(() => disk.transact(work)),
    run: (...all) => guard(() => disk.run(...all)),
    all: (...all) => guard(() => disk.all(...all)),
  };
}

/** Runs one life of a spool: open, append, session, ack, refuse, fork, append. `promised` collects the events that `append` accepted. */
function life(disk: SpoolDisk, promised: number[]): void {
  const spool = openSpool({ disk, clock, random: seeded(3), boot: 'boot', limitBytes: 3_000 });
  const put = (n: number) => {
    const done = spool.append('e', { n });
    if (done.ok) promised.push(n);
  };
  for (let n = 1; n <= 4; n += 1) put(n);
  spool.nextSession();
  spool.figures();
  for (let n = 0; n < 3; n += 1) spool.refused(2, 'x');
  spool.ack({ spool: spool.id(), upTo: 3 });
  put(5);
  spool.ack({ spool: spool.id(), upTo: 99 });
  put(6);
  for (let n = 7; n < 30; n += 1) put(n);
  spool.remember('word', 'x');
  spool.range();
}

/** Asserts that each promised event is stored, acknowledged (1 to 3), quarantined or counted as dropped. */
function accountedFor(spool: Spool, promised: number[]): void {
  const held = spool.after(0, 9_999);
  const present = new Set(held.map((event) => event.body['n']));
  const absent = promised.filter((n) => n > 3 && !present.has(n)).length;
  const counted = held.filter((event) => event.kind === 'dropped').reduce((sum, event) => sum + Number(event.body['count']), 0);
  expect(absent).toBeLessThanOrEqual(counted);
}

const calls = (() => {
  const counting = failing(openSpoolDisk(':memory:'), -1, { error: () => new Error() });
  life(counting, []);
  return counting.calls();
})();

/** The quick run on a developer's PC tests every third call. */
const step = ofTier(3, 1);
const kills = 2 * Math.ceil(calls / step);

test('F2 a kill before or after any disk call loses no event that `append` returned', () => {
  expect(calls).toBeGreaterThan(150);
  for (let at = 1; at <= calls; at += step) {
    for (const late of [false, true]) {
      const db = new DatabaseSync(':memory:');
      const promised: number[] = [];
      const killed = () => life(failing(openSpoolDisk(db), at, { error: () => new Error('kill -9'), late }), promised);
      expect(killed).toThrow('kill -9');
      accountedFor(openAt(db, at), promised);
    }
  }
  reportFigure(
    'F2',
    `${kills} kills, one before and one after each ${step > 1 ? 'third ' : ''}call of the disk: 0 events lost that append had returned`,
  );
});

test.each(ofTier(['full'] as const, ['full', 'failed', 'damaged'] as const))(
  'F6 a single disk call that fails as "%s", at any position, leaves no partial state',
  (trouble) => {
    for (let at = 1; at <= calls; at += step) {
      const db = new DatabaseSync(':memory:');
      const promised: number[] = [];
      life(failing(openSpoolDisk(db), at, { error: () => new DiskError(trouble, 'injected') }), promised);
      const spool = openAt(db, at);
      if (trouble !== 'damaged') accountedFor(spool, promised);
      expect(spool.append('after', { n: 100 }).ok).toBe(true);
      expect(bodies(spool)).toContain(100);
    }
  },
);

test('F5 on a full disk the spool drops the oldest events to make space, and `append` does not throw', () => {
  const db = new DatabaseSync(':memory:');
  const spool = openAt(db, 1, 10_000_000);
  db.exec(`PRAGMA max_page_count = ${Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0]) + 8}`);
  const kept = Array.from({ length: 200 }, (_, n) => spool.append('e', { n, text: 'x'.repeat(300) }).ok);
  expect(kept.every((ok) => ok)).toBe(true);
  expect(spool.figures().droppedInLastDay).toBeGreaterThan(100);
  const counted = spool.figures().droppedInLastDay;
  const present = spool.after(0, 999).filter((event) => event.kind === 'e').length;
  expect(counted + present).toBe(201);
  expect(bodies(spool)).toContain(199);
});

test('F5 on a disk that refuses every write, `append` returns a reason, and the lost events are declared once there is space', () => {
  let full = true;
  const real = openSpoolDisk(':memory:');
  const spool = openSpool({
    disk: {
      ...real,
      transact: (work) => {
        if (full) throw new DiskError('full', 'database or disk is full');
        return real.transact(work);
      },
    },
    clock,
    random: seeded(1),
    boot: 'boot',
  });
  expect(spool.append('e', { n: 1 })).toEqual({ ok: false, reason: 'database or disk is full' });
  expect(spool.append('r', { n: 2 }, 'reading').ok).toBe(false);
  expect(spool.ack({ spool: spool.id(), upTo: 0 })).toBe('failed');
  const session = spool.nextSession();
  expect(spool.nextSession()).toBe(session + 1);
  expect(spool.remember('a', 'b')).toBe(false);
  expect(spool.figures()).toMatchObject({ droppedInLastDay: 2 });
  expect(spool.range()).toMatchObject({ first: 1, last: 0 });
  full = false;
  expect(spool.append('e', { n: 3 }).ok).toBe(true);
  expect(spool.after(0, 9).map(({ kind, body }) => [kind, body['grade'] ?? body['reason'] ?? body['n'], body['count']])).toEqual([
    ['spool-new', 'new', undefined],
    ['e', 3, undefined],
    ['dropped', 'event', 1],
    ['dropped', 'reading', 1],
  ]);
  expect(spool.nextSession()).toBe(session + 2);
});

test('F5 on a disk that cannot be read, the spool returns empty results, and works again after the disk recovers', () => {
  let broken = false;
  const real = openSpoolDisk(':memory:');
  const all: SpoolDisk['all'] = (...args) => {
    if (broken) throw new DiskError('failed', 'disk I/O error');
    return real.all(...args);
  };
  const spool = openSpool({ disk: { ...real, all }, clock, random: seeded(1), boot: 'boot' });
  spool.append('e', { n: 1 });
  broken = true;
  expect(spool.after(0, 9)).toEqual([]);
  expect(spool.recall('x')).toBeUndefined();
  expect(spool.figures().waiting).toBe(0);
  expect(spool.range().last).toBe(2);
  expect([1, 2, 3].map(() => spool.refused(2, 'x'))).toEqual([false, false, false]);
  broken = false;
  expect(bodies(spool)).toEqual([undefined, 1]);
});

/** Returns a spool file and its WAL as a power cut leaves them: the last events are only in the WAL. */
function crashed(): { path: string; wal: Buffer; file: Buffer } {
  const path = newPath();
  const spool = openAt(path);
  for (let n = 1; n <= 12; n += 1) spool.append('e', { n });
  const copy = newPath();
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  spool.close();
  return { path: copy, wal: readFileSync(`${copy}-wal`), file: readFileSync(copy) };
}

/** Bytes of one WAL frame: a page and its header. */
const walFrameBytes = 4_096 + 24;

test('F3 a spool whose WAL is cut at any offset of its last two frames opens and loses only the cut events', { timeout: 1_800_000 }, () => {
  const { wal, file } = crashed();
  const step = ofTier(499, 211, 1);
  let cuts = 0;
  for (let cut = 0; cut < 2 * walFrameBytes + 800; cut += step, cuts += 1) {
    const path = newPath();
    writeFileSync(path, file);
    writeFileSync(`${path}-wal`, wal.subarray(0, wal.length - cut));
    const spool = openAt(path);
    const found = bodies(spool).filter((n) => n !== undefined);
    expect(found).toEqual(Array.from({ length: found.length }, (_, at) => at + 1));
    expect(spool.append('e', { n: 99 }).ok).toBe(true);
    spool.close();
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  }
  reportFigure('F3', `the spool’s log cut at ${cuts} offsets, ${step} bytes apart: opened every time, only its tail lost`);
});

test('a row that changed on disk causes a new spool that counts the event as dropped, so that the ack can advance', () => {
  const db = new DatabaseSync(':memory:');
  const spool = openAt(db);
  for (let n = 1; n <= 3; n += 1) spool.append('e', { n });
  db.exec(`UPDATE events SET body = '{"n":7}' WHERE seq = 3`);
  const old = spool.id();
  expect(spool.after(0, 9)).toEqual([]);
  expect(spool.range()).toMatchObject({ first: 1, last: 5, carries: old });
  expect(spool.after(0, 9).map(({ kind, body }) => [kind, body['n'] ?? body['count'] ?? body['reason']])).toEqual(
    [
      ['spool-new', 'damaged rows'],
      ['spool-new', 'new'],
      ['e', 1],
      ['e', 3],
      ['dropped', 1],
    ].toSpliced(4, 0),
  );
});

test('openSpool treats counters that contradict the rows as damage', () => {
  for (const change of [
    "UPDATE meta SET value = '1' WHERE key = 'seq'",
    "UPDATE meta SET value = 'x' WHERE key = 'acked'",
    "DELETE FROM meta WHERE key = 'id'",
  ]) {
    const db = new DatabaseSync(':memory:');
    openAt(db).append('e', { n: 1 });
    db.exec(change);
    expect(openAt(db, 2).after(0, 9)).toMatchObject([{ kind: 'spool-new', body: { reason: 'damaged' } }]);
  }
});

test('a spool that becomes damaged while it is open is replaced, and the new spool stores the new event', () => {
  const path = newPath();
  const disk = openSpoolDisk(path);
  let damaged = false;
  const spool = openSpool({
    disk: {
      ...disk,
      transact: (work) => {
        if (!damaged) return disk.transact(work);
        damaged = false;
        throw new DiskError('damaged', 'database disk image is malformed');
      },
    },
    clock,
    random: seeded(4),
    boot: 'boot',
  });
  const old = spool.id();
  damaged = true;
  expect(spool.ack({ spool: old, upTo: 1 })).toBe('ignored');
  expect(spool.id()).not.toBe(old);
  damaged = true;
  expect(spool.append('e', { n: 5 }).ok).toBe(true);
  expect(bodies(spool)).toEqual([undefined, 5]);
  expect(existsSync(`${path}.2.bad`)).toBe(true);
  spool.close();
});
