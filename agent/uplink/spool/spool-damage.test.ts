/** Tests spool files that are damaged or belong to another PC (F4). The spool must always open, and must never return a changed event. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { ofTier, reportFigure } from '../../../test/figures.ts';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { openSpoolDisk } from './database.ts';
import { openSpool, type Spool } from './spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.db`);
const clock = handClock();
const openAt = (where: string, seed = 1) =>
  openSpool({ disk: openSpoolDisk(where), clock, random: seeded(seed), boot: 'boot', limitBytes: 100_000 });
const bodies = (spool: Spool) => spool.after(0, 9_999).map((event) => event.body['n']);

test('F4 a spool file of zeros or noise, cut short, or of a newer version is replaced by a new spool that reports the damage', () => {
  const whole = newPath();
  const made = openAt(whole);
  for (let n = 1; n <= 12; n += 1) made.append('e', { n });
  made.close();
  const newer = newPath();
  const db = new DatabaseSync(newer);
  db.exec('PRAGMA user_version = 9; CREATE TABLE x (y)');
  db.close();
  const cases = {
    noise: Buffer.alloc(9_000, 7),
    zeros: Buffer.alloc(9_000),
    short: readFileSync(whole).subarray(0, 5_000),
    newer: readFileSync(newer),
  };
  for (const content of Object.values(cases)) {
    const path = newPath();
    writeFileSync(path, content);
    const spool = openAt(path, 5);
    expect(spool.after(0, 1)[0]?.body).toEqual({ from: null, reason: 'damaged' });
    expect(readFileSync(`${path}.1.bad`).equals(content)).toBe(true);
    spool.close();
  }
});

test('F4 the spool keeps at most two damaged files', () => {
  const path = newPath();
  for (const mark of [1, 2, 3]) {
    writeFileSync(path, Buffer.alloc(5_000, mark));
    rmSync(`${path}-wal`, { force: true });
    openAt(path).close();
  }
  expect([1, 2].map((n) => readFileSync(`${path}.${n}.bad`)[0])).toEqual([3, 2]);
  expect(existsSync(`${path}.3.bad`)).toBe(false);
});

test('F4 the spool file of another PC opens, returns its events and continues its numbers', () => {
  const path = newPath();
  const other = openAt(path, 21);
  for (let n = 1; n <= 5; n += 1) other.append('e', { n });
  const id = other.id();
  other.close();
  const own = openAt(path, 22);
  expect(own.id()).toBe(id);
  expect(own.append('e', { n: 6 })).toMatchObject({ ok: true, event: { seq: 7 } });
  expect(bodies(own).slice(1)).toEqual([1, 2, 3, 4, 5, 6]);
  own.close();
});

const flips = ofTier(40, 120, 1_000);

test(`F4 with one flipped bit at a random place, ${flips} times, the spool opens, accepts events and never returns a changed event`, {
  timeout: 1_800_000,
}, () => {
  const source = newPath();
  const made = openAt(source);
  for (let n = 1; n <= 40; n += 1) made.append('e', { n, text: 'abcdefgh' });
  const before = new Map(made.after(0, 99).map((event) => [event.seq, JSON.stringify(event.body)]));
  const id = made.id();
  made.close();
  const random = seeded(11);
  const content = readFileSync(source);
  let fresh = 0;
  for (let time = 0; time < flips; time += 1) {
    const path = newPath();
    const flipped = Buffer.from(content);
    const at = Math.floor(random() * flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    writeFileSync(path, flipped);
    const spool = openAt(path, time + 2);
    spool.after(0, 99);
    expect(spool.append('e', { n: 100 }).ok).toBe(true);
    spool.ack({ spool: spool.id(), upTo: 2 });
    if (spool.id() !== id) fresh += 1;
    for (const event of spool.id() === id ? spool.after(0, 99) : []) {
      if (event.body['n'] !== 100 && before.has(event.seq)) expect(JSON.stringify(event.body)).toBe(before.get(event.seq));
    }
    spool.close();
  }
  reportFigure('F4', `${flips} bits flipped: opened and working every time, 0 changed events handed out, ${fresh} times a fresh spool`);
});
