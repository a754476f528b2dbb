import { expect, test } from 'vitest';
import { createLanes } from './lanes.ts';
import { notice, row, testClock } from './people.test-helper.ts';

const key = (transition: number, person = 'asha', channel = 'email') => row({ transition, person, channel, createdAt: transition });
/** A message about a room of its own to one person. */
const room = (n: number) => ({ ...key(n), notice: notice({ scope: `ladakh/leh/pc-${n}` }) });

test('rows of one channel and person come out in the order of their transitions, however they came in', () => {
  const lanes = createLanes(testClock());
  for (const one of [2, 3, 1]) lanes.add(key(one), 0);
  const order = [];
  for (let item = lanes.next(); item; item = lanes.next()) {
    order.push(item.row.transition);
    lanes.done(item);
  }
  expect(order).toEqual([1, 2, 3]);
});

test('R26, R29 a clock that was set back while a mail waited sent "cleared" before "raised"', () => {
  const lanes = createLanes(testClock());
  lanes.add({ ...key(7), createdAt: 1_000_000 }, 60_000);
  lanes.add({ ...key(9), createdAt: 400_000 }, 0);
  expect(lanes.next()).toBeUndefined();
  lanes.add({ ...row({ key: 'word', transition: null, person: 'asha' }), createdAt: 500_000 }, 0);
  expect(lanes.next()?.row.key).toBe('word');
});

test('a row that is older than the one on its way waits behind it, and before the newer ones', () => {
  const lanes = createLanes(testClock());
  lanes.add(key(5), 0);
  const first = lanes.next();
  for (const one of [7, 3]) lanes.add(key(one), 0);
  if (first) lanes.done(first);
  expect(lanes.next()?.row.transition).toBe(3);
});

test('a person who waits for a retry holds up nobody else, and later rows of the same person wait behind', async () => {
  const clock = testClock();
  const lanes = createLanes(clock);
  for (const one of [key(1), key(2), key(3, 'bina')]) lanes.add(one, 0);
  const first = lanes.next();
  if (first) lanes.again(first, { ...first.row, tries: 1 }, 5_000);
  const other = lanes.next();
  expect(other?.row.key).toBe('3/email/bina');
  if (other) lanes.done(other);
  expect(lanes.next()).toBeUndefined();
  expect(lanes.nextInMs()).toBe(5_000);
  await clock.pass(5_000);
  expect(lanes.next()?.row).toMatchObject({ transition: 1, tries: 1 });
});

test('R27 a server that was slow to take one message held up every alert: after a quarter of a second the next goes beside it, eight of one person at most', async () => {
  const clock = testClock();
  const lanes = createLanes(clock);
  for (let n = 1; n <= 12; n += 1) lanes.add(room(n), 0);
  let went = 0;
  for (let n = 0; n < 20; n += 1) {
    while (lanes.next()) went += 1;
    expect(went).toBe(Math.min(n + 1, 8));
    expect(lanes.nextInMs()).toBe(n < 7 ? 250 : Number.POSITIVE_INFINITY);
    await clock.pass(250);
  }
});

test('R27 behind the rooms of one person whose server hangs another waited minutes: who has none on the way goes first, a quarter of a second later', async () => {
  const clock = testClock();
  const lanes = createLanes(clock);
  for (let n = 1; n <= 100; n += 1) lanes.add(room(n), 0);
  for (let n = 0; n < 4; n += 1) {
    lanes.next();
    await clock.pass(250);
  }
  lanes.add(key(101, 'bina'), 0);
  expect(lanes.next()?.row.person).toBe('bina');
  await clock.pass(30 * 250);
  for (let n = 0; n < 20; n += 1) lanes.next();
  lanes.add(key(102, 'chand'), 0);
  await clock.pass(250);
  expect(lanes.next()?.row.person).toBe('chand');
});

test('R27 however many persons a server hangs for, no more than 40 messages are on their way to it', async () => {
  const clock = testClock();
  const lanes = createLanes(clock);
  for (let n = 1; n <= 100; n += 1) lanes.add(key(n, `person-${n}`), 0);
  let went = 0;
  for (let n = 0; n < 100; n += 1) {
    while (lanes.next()) went += 1;
    await clock.pass(250);
  }
  expect(went).toBe(40);
  expect(lanes.nextInMs()).toBe(Number.POSITIVE_INFINITY);
});

test('R27 one noisy room delays no alert of another room to the same person, whatever of it waits to be tried again', () => {
  const lanes = createLanes(testClock());
  for (let n = 1; n <= 50; n += 1) lanes.add(key(n), 0);
  const noisy = lanes.next();
  if (noisy) lanes.again(noisy, { ...noisy.row, tries: 1 }, 60_000);
  lanes.add({ ...key(99), notice: notice({ scope: 'ladakh/kargil/pc-1' }) }, 0);
  expect(lanes.next()?.row.transition).toBe(99);
});

test('a key that is held already changes nothing; one that is done may come again', () => {
  const lanes = createLanes(testClock());
  for (const one of [key(1), key(1)]) lanes.add(one, 0);
  expect(lanes.size()).toBe(1);
  const first = lanes.next();
  if (first) lanes.done(first);
  expect(lanes.size()).toBe(0);
  expect(lanes.nextInMs()).toBe(Number.POSITIVE_INFINITY);
  lanes.add(key(1), 0);
  expect(lanes.size()).toBe(1);
});
