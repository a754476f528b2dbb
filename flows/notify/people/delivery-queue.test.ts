import { expect, test } from 'vitest';
import { createDeliveryQueue } from './delivery-queue.ts';
import { notice, row, testClock } from './people.test-helper.ts';

const key = (transition: number, person = 'asha', channel = 'email') => row({ transition, person, channel, createdAt: transition });
/** A row about room `n` for one person. */
const room = (n: number) => ({ ...key(n), notice: notice({ scope: `ladakh/leh/pc-${n}` }) });

test('messages of one channel and person leave the queue in the order of their transitions, however they were added', () => {
  const lanes = createDeliveryQueue(testClock());
  for (const one of [2, 3, 1]) lanes.add(key(one), 0);
  const order = [];
  for (let item = lanes.next(); item; item = lanes.next()) {
    order.push(item.row.transition);
    lanes.done(item);
  }
  expect(order).toEqual([1, 2, 3]);
});

test('R26, R29 messages keep the order of their transitions when the wall clock is set back', () => {
  const lanes = createDeliveryQueue(testClock());
  lanes.add({ ...key(7), createdAt: 1_000_000 }, 60_000);
  lanes.add({ ...key(9), createdAt: 400_000 }, 0);
  expect(lanes.next()).toBeUndefined();
  lanes.add({ ...row({ key: 'word', transition: null, person: 'asha' }), createdAt: 500_000 }, 0);
  expect(lanes.next()?.row.key).toBe('word');
});

test('the queue sends an older message after the message being sent and before the newer ones', () => {
  const lanes = createDeliveryQueue(testClock());
  lanes.add(key(5), 0);
  const first = lanes.next();
  for (const one of [7, 3]) lanes.add(key(one), 0);
  if (first) lanes.done(first);
  expect(lanes.next()?.row.transition).toBe(3);
});

test('a message that waits for a retry delays no other person, and later messages of the same person wait behind it', async () => {
  const clock = testClock();
  const lanes = createDeliveryQueue(clock);
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

test('R27 on a slow server the next send starts after 250 ms, up to eight in parallel for one person', async () => {
  const clock = testClock();
  const lanes = createDeliveryQueue(clock);
  for (let n = 1; n <= 12; n += 1) lanes.add(room(n), 0);
  let went = 0;
  for (let n = 0; n < 20; n += 1) {
    while (lanes.next()) went += 1;
    expect(went).toBe(Math.min(n + 1, 8));
    expect(lanes.nextInMs()).toBe(n < 7 ? 250 : Number.POSITIVE_INFINITY);
    await clock.pass(250);
  }
});

test('R27 a person for whom no send is in progress is served first, at most 250 ms later', async () => {
  const clock = testClock();
  const lanes = createDeliveryQueue(clock);
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

test('R27 a hanging server gets at most 40 parallel sends, for any number of persons', async () => {
  const clock = testClock();
  const lanes = createDeliveryQueue(clock);
  for (let n = 1; n <= 100; n += 1) lanes.add(key(n, `person-${n}`), 0);
  let went = 0;
  for (let n = 0; n < 100; n += 1) {
    while (lanes.next()) went += 1;
    await clock.pass(250);
  }
  expect(went).toBe(40);
  expect(lanes.nextInMs()).toBe(Number.POSITIVE_INFINITY);
});

test('R27 retries of one noisy room delay no alert of another room to the same person', () => {
  const lanes = createDeliveryQueue(testClock());
  for (let n = 1; n <= 50; n += 1) lanes.add(key(n), 0);
  const noisy = lanes.next();
  if (noisy) lanes.again(noisy, { ...noisy.row, tries: 1 }, 60_000);
  lanes.add({ ...key(99), notice: notice({ scope: 'ladakh/kargil/pc-1' }) }, 0);
  expect(lanes.next()?.row.transition).toBe(99);
});

test('the queue ignores a message that it already contains, and accepts the message again once it is done', () => {
  const lanes = createDeliveryQueue(testClock());
  for (const one of [key(1), key(1)]) lanes.add(one, 0);
  expect(lanes.size()).toBe(1);
  const first = lanes.next();
  if (first) lanes.done(first);
  expect(lanes.size()).toBe(0);
  expect(lanes.nextInMs()).toBe(Number.POSITIVE_INFINITY);
  lanes.add(key(1), 0);
  expect(lanes.size()).toBe(1);
});
