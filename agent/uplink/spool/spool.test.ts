import { DatabaseSync } from 'node:sqlite';
import { type EventMessage, eventHash } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { openSpoolDisk } from './database.ts';
import { openSpool, type Spool } from './spool.ts';

type SpoolSetup = { db?: DatabaseSync; limitBytes?: number; seed?: number };

function setUp({ db = new DatabaseSync(':memory:'), seed = 1, ...rest }: SpoolSetup = {}) {
  const clock = handClock();
  const random = seeded(seed);
  const open = (boot = 'boot-1') => openSpool({ disk: openSpoolDisk(db), clock, random, boot, ...rest });
  return { db, clock, open, spool: open() };
}

function appended(spool: Spool, kind: string, body: Record<string, unknown> = {}, grade: 'event' | 'reading' = 'event'): EventMessage {
  const result = spool.append(kind, body, grade);
  if (!result.ok) throw new Error(result.reason);
  return result.event;
}

const kinds = (spool: Spool) => spool.after(spool.acked(), 1_000).map((event) => event.kind);
/** Returns the sequence numbers that are neither stored nor declared as dropped. */
function missing(spool: Spool): number[] {
  const held = spool.after(spool.acked(), 100_000);
  const present = new Set(held.map((event) => event.seq));
  for (const event of held.filter((one) => one.kind === 'dropped')) {
    for (const [from, to] of event.body['ranges'] as [number, number][]) for (let n = from; n <= to; n += 1) present.add(n);
  }
  return Array.from({ length: spool.range().last - spool.acked() }, (_, at) => spool.acked() + 1 + at).filter((n) => !present.has(n));
}
const dropCount = (spool: Spool, grade: string) =>
  spool
    .after(spool.acked(), 100_000)
    .filter((event) => event.kind === 'dropped' && event.body['grade'] === grade)
    .reduce((sum, event) => sum + Number(event.body['count']), 0);

test('R1 a new spool has a random id, and its first event states why the spool was created', () => {
  const { spool } = setUp();
  const other = setUp({ seed: 2 }).spool;
  expect(spool.id()).toMatch(/^[0-9a-f]{16}$/);
  expect(spool.id()).not.toBe(other.id());
  expect(spool.after(0, 9)).toMatchObject([{ seq: 1, spool: spool.id(), kind: 'spool-new', body: { from: null, reason: 'new' } }]);
});

test('R1 the number of an event comes from a stored counter, not from the remaining rows, and continues across reboots', () => {
  const { spool, open, clock } = setUp();
  appended(spool, 'a');
  spool.ack({ spool: spool.id(), upTo: 2 });
  clock.jump(50 * 3_600_000);
  appended(spool, 'b');
  spool.ack({ spool: spool.id(), upTo: 3 });
  clock.jump(50 * 3_600_000);
  spool.ack({ spool: spool.id(), upTo: 3 });
  const again = open('boot-2');
  expect(again.id()).toBe(spool.id());
  expect(appended(again, 'c')).toMatchObject({ seq: 4, boot: 'boot-2', at: clock.now() });
});

test('R2 an event that `append` returned survives a kill, and its hash equals the hash that `flows` computes', () => {
  const { spool, open } = setUp();
  const event = appended(spool, 'check', { from: 1.5, to: { deep: ['x', null], gone: undefined } });
  const found = open('boot-2').after(1, 9);
  expect(found).toEqual([event]);
  expect(eventHash(JSON.parse(JSON.stringify(event)))).toBe(eventHash(event));
});

test('R4 an ack removes events from the queue, and acknowledged events stay readable for 24 h', () => {
  const { spool, clock } = setUp();
  for (const kind of ['a', 'b', 'c']) appended(spool, kind);
  expect(spool.ack({ spool: spool.id(), upTo: 3 })).toBe('advanced');
  expect(spool.ack({ spool: spool.id(), upTo: 3 })).toBe('same');
  expect(spool.ack({ spool: spool.id(), upTo: 1 })).toBe('same');
  expect(kinds(spool)).toEqual(['c']);
  expect(spool.figures().waiting).toBe(1);
  expect(spool.after(0, 9).map((event) => event.seq)).toEqual([1, 2, 3, 4]);
  const full = spool.figures().bytes;
  clock.jump(23 * 3_600_000);
  spool.ack({ spool: spool.id(), upTo: 4 });
  expect(spool.range()).toEqual({ id: spool.id(), first: 1, last: 4 });
  clock.jump(3 * 3_600_000);
  appended(spool, 'd');
  spool.ack({ spool: spool.id(), upTo: 5 });
  expect(spool.after(0, 9).map((event) => event.seq)).toEqual([4, 5]);
  expect(spool.figures().bytes).toBeLessThan(full);
});

test('R5 the range of the spool names the first and last stored number', () => {
  const { spool, clock } = setUp();
  expect(spool.range()).toEqual({ id: spool.id(), first: 1, last: 1 });
  spool.ack({ spool: spool.id(), upTo: 1 });
  clock.jump(26 * 3_600_000);
  appended(spool, 'a');
  spool.ack({ spool: spool.id(), upTo: 2 });
  expect(spool.range()).toEqual({ id: spool.id(), first: 2, last: 2 });
});

test('R7 the spool ignores an ack for another spool', () => {
  const { spool } = setUp();
  expect(spool.ack({ spool: 'other', upTo: 900, mark: 'ffffffff' })).toBe('ignored');
  expect(spool.acked()).toBe(0);
});

test('R7 an ack above the last number forks the spool: a new spool carries the unacknowledged events with new numbers', () => {
  const { spool, open } = setUp();
  for (const kind of ['a', 'b', 'c']) appended(spool, kind);
  spool.ack({ spool: spool.id(), upTo: 2 });
  const old = spool.id();
  expect(spool.ack({ spool: old, upTo: 80 })).toBe('fork');
  expect(spool.id()).not.toBe(old);
  expect(spool.range()).toEqual({ id: spool.id(), first: 1, last: 3, carries: old });
  expect(spool.after(0, 9).map(({ seq, spool: id, kind }) => [seq, id, kind])).toEqual([
    [1, spool.id(), 'spool-new'],
    [2, spool.id(), 'b'],
    [3, spool.id(), 'c'],
  ]);
  expect(spool.after(0, 1)[0]?.body).toEqual({ from: old, reason: 'an ack is above the last number' });
  expect(open().range()).toEqual(spool.range());
  expect(appended(spool, 'd').seq).toBe(4);
  expect(spool.ack({ spool: old, upTo: 3 })).toBe('ignored');
  spool.ack({ spool: spool.id(), upTo: 0 });
  expect(spool.range()).not.toHaveProperty('carries');
});

test('R7 an ack with a different hash for a stored number forks the spool, and the same hash does not', () => {
  const { spool } = setUp();
  const event = appended(spool, 'a');
  expect(spool.ack({ spool: spool.id(), upTo: 2, mark: eventHash(event) })).toBe('advanced');
  expect(spool.ack({ spool: spool.id(), upTo: 2, mark: 'ffffffff' })).toBe('fork');
  expect(spool.after(0, 9)[0]?.body['reason']).toBe('another content has the same number');
});

test('R30 a change of the owner opens a new spool with all unacknowledged events, and a restart with the same owner does not', () => {
  const { spool, open } = setUp();
  const old = spool.id();
  spool.setOwner('code 1');
  appended(spool, 'a');
  spool.close();
  const again = open();
  again.setOwner('code 1');
  expect(again.id()).toBe(old);
  const session = again.nextSession();
  again.close();
  const anew = open();
  anew.setOwner('code 2');
  expect(anew.id()).not.toBe(old);
  expect(anew.range()).toMatchObject({ id: anew.id(), carries: old });
  expect(anew.after(0, 9).map(({ kind, body }) => [kind, body['reason']])).toEqual([
    ['spool-new', 'admitted again'],
    ['spool-new', 'new'],
    ['a', undefined],
  ]);
  expect(anew.nextSession()).toBeGreaterThan(session);
});

test('R7 after a fork, a tombstone keeps its count of dropped events and names no numbers of the old spool', () => {
  const { spool } = setUp({ limitBytes: 2_000 });
  for (let n = 0; n < 20; n += 1) appended(spool, 'a', { n });
  const lost = dropCount(spool, 'event');
  const bytes = spool.figures().bytes;
  spool.ack({ spool: spool.id(), upTo: 1_000 });
  expect(dropCount(spool, 'event')).toBe(lost);
  const ranges = spool.after(0, 99).filter((event) => event.kind === 'dropped');
  expect(ranges.length).toBeGreaterThan(0);
  expect(ranges.every((event) => (event.body['ranges'] as unknown[]).length === 0)).toBe(true);
  expect(missing(spool)).toEqual([]);
  expect(Math.abs(spool.figures().bytes - bytes)).toBeLessThan(400);
});

test('R8 a full spool drops acknowledged rows first, then the oldest readings, then the oldest events, and counts every drop', () => {
  const { spool } = setUp({ limitBytes: 6_000 });
  for (let n = 0; n < 5; n += 1) appended(spool, 'old', { n });
  spool.ack({ spool: spool.id(), upTo: 6 });
  for (let n = 0; n < 10; n += 1) {
    appended(spool, 'r', { n }, 'reading');
    appended(spool, 'e', { n });
  }
  for (let n = 0; dropCount(spool, 'reading') < 6; n += 1) appended(spool, 'late', { n });
  expect(spool.after(0, 1)[0]?.seq).toBeGreaterThan(6);
  expect(dropCount(spool, 'event')).toBe(0);
  expect(dropCount(spool, 'reading')).toBeLessThan(10);
  expect(kinds(spool).filter((kind) => kind === 'e')).toHaveLength(10);
  expect(missing(spool)).toEqual([]);
  for (let n = 0; n < 30; n += 1) appended(spool, 'later', { n });
  expect(dropCount(spool, 'reading')).toBe(10);
  expect(dropCount(spool, 'event')).toBeGreaterThan(10);
  expect(spool.figures().droppedInLastDay).toBe(10 + dropCount(spool, 'event'));
  expect(missing(spool)).toEqual([]);
  expect(spool.figures().bytes).toBeLessThanOrEqual(6_000);
});

test('R8 a tiny spool merges its tombstones and never drops them: after a thousand drops every number is accounted for', () => {
  const { spool } = setUp({ limitBytes: 4_000 });
  for (let n = 0; n < 600; n += 1) {
    appended(spool, 'r', { n }, 'reading');
    appended(spool, 'e', { n });
  }
  expect(missing(spool)).toEqual([]);
  const held = spool.after(0, 9_999);
  const readings = held.filter((event) => event.grade === 'reading').length;
  const events = held.filter((event) => event.grade === 'event' && event.kind === 'e').length;
  expect(dropCount(spool, 'reading') + readings).toBe(600);
  // The total includes the dropped event `spool-new`.
  expect(dropCount(spool, 'event') + events).toBe(601);
  expect(held.filter((event) => event.kind === 'dropped').length).toBeLessThan(20);
  expect(spool.figures().bytes).toBeLessThan(5_000);
});

test('R8 a tombstone with very many ranges is split, so that each part fits into a message', () => {
  const { spool } = setUp({ limitBytes: 700_000 });
  for (let n = 0; n < 2_600; n += 1) {
    appended(spool, 'r', {}, 'reading');
    appended(spool, 'e', {});
  }
  appended(spool, 'big', { text: 'x'.repeat(60_000) });
  for (let n = 0; n < 8; n += 1) appended(spool, 'big', { text: 'x'.repeat(60_000) });
  expect(missing(spool)).toEqual([]);
  const tombstones = spool.after(0, 99_999).filter((event) => event.kind === 'dropped');
  expect(Math.max(...tombstones.map((event) => (event.body['ranges'] as unknown[]).length))).toBeLessThanOrEqual(1_000);
  expect(tombstones.length).toBeGreaterThan(2);
  expect(dropCount(spool, 'reading')).toBe(2_600);
});

test('R8 an event that the server refused three times is quarantined, reported, and declared as dropped', () => {
  const { spool, db } = setUp();
  const poison = appended(spool, 'poison', { x: 1 });
  appended(spool, 'good');
  expect([1, 2, 3].map(() => spool.refused(poison.seq, 'not acknowledged'))).toEqual([false, false, true]);
  expect(kinds(spool)).toEqual(['spool-new', 'good', 'quarantined', 'dropped']);
  const [, , report, tombstone] = spool.after(0, 9);
  expect(report?.body).toEqual({ seq: poison.seq, kind: 'poison', reason: 'not acknowledged' });
  expect(tombstone?.body).toEqual({ ranges: [[poison.seq, poison.seq]], grade: 'event', count: 1 });
  expect(db.prepare('SELECT seq, kind, body FROM quarantine').all()).toMatchObject([{ seq: 2, kind: 'poison', body: '{"x":1}' }]);
  expect(missing(spool)).toEqual([]);
});

test('R8 a tombstone, an acknowledged number or an unknown number is never quarantined', () => {
  const { spool } = setUp({ limitBytes: 2_000 });
  for (let n = 0; n < 20; n += 1) appended(spool, 'a', { n });
  const tombstone = spool.after(0, 99).find((event) => event.kind === 'dropped');
  for (const seq of [tombstone?.seq ?? 0, 12_345]) expect([1, 2, 3].map(() => spool.refused(seq, 'x'))).toEqual([false, false, false]);
  expect(spool.after(0, 99).some((event) => event.seq === tombstone?.seq)).toBe(true);
});

test('R8 an event that `flows` could never decode gets no number and is reported', () => {
  const { spool } = setUp();
  expect(spool.append('huge', { text: 'x'.repeat(70_000) })).toMatchObject({ ok: false, reason: expect.stringContaining('oversized') });
  expect(spool.append('Bad Kind!', {})).toMatchObject({ ok: false, reason: expect.stringContaining('schema') });
  expect(kinds(spool)).toEqual(['spool-new', 'quarantined', 'quarantined']);
  expect(spool.after(1, 1)[0]?.body).toMatchObject({ seq: null, kind: 'huge' });
});

test('R16 the session number rises also after a restart, with a wrong clock, and in a rebuilt spool', () => {
  const { spool, open, clock, db } = setUp();
  const first = spool.nextSession();
  expect(spool.nextSession()).toBe(first + 1);
  clock.jump(-50 * 365 * 86_400_000);
  const again = open();
  expect(again.nextSession()).toBe(first + 2);
  clock.jump(50 * 365 * 86_400_000 + 3_600_000);
  db.exec('DROP TABLE events; DROP TABLE meta');
  expect(open().nextSession()).toBeGreaterThan(first + 2);
});

test('R16 a higher session in an ack raises the next session number, also after a kill; a lower one has no effect', () => {
  const { spool, open } = setUp();
  const first = spool.nextSession();
  spool.raiseSession(first + 50);
  spool.raiseSession(first + 20);
  expect(spool.nextSession()).toBe(first + 51);
  expect(open().nextSession()).toBe(first + 52);
});

test('the spool keeps a stored value across restarts, and reports whether the previous process ended without `close`', () => {
  const { spool, open } = setUp();
  expect(spool.unclean()).toBe(false);
  expect(spool.recall('checks')).toBeUndefined();
  expect(spool.remember('checks', '[1]')).toBe(true);
  const second = open();
  expect(second.recall('checks')).toBe('[1]');
  expect(second.unclean()).toBe(true);
  second.close();
  expect(open().unclean()).toBe(false);
});
