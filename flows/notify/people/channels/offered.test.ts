import { expect, test } from 'vitest';
import type { DeliveryOutcome } from '../../../engine/records/notices.ts';
import { notice, technician, testClock } from '../people.test-helper.ts';
import { conformance, message, type Trouble } from './conformance.test-helper.ts';
import { createOffers, type OfferedMessage } from './offered.ts';

/** Creates a community node on a tab. It records its messages and returns the outcome `answer`, or none if that is undefined. */
function tab(answer: DeliveryOutcome | undefined, runs = true) {
  const offers = createOffers();
  const given: OfferedMessage[] = [];
  const letGo = offers.take('telegram', (one) => {
    given.push(one);
    if (answer !== undefined) queueMicrotask(() => offers.outcome(one.sabha.key, answer));
  });
  if (!runs) letGo();
  return { offers, given, channel: offers.channel('telegram', testClock()) };
}

const answers: Partial<Record<Trouble, DeliveryOutcome>> = {
  busy: { result: 'retry', reason: 'flood wait' },
  refuses: { result: 'refused', reason: 'chat not found' },
};

conformance(technician, ['busy', 'refuses', 'hangs', 'gone'], async (trouble) => {
  const { channel, given } = tab(trouble === undefined ? { result: 'delivered' } : answers[trouble], trouble !== 'gone');
  const taken = () =>
    trouble === undefined ? given.map(({ sabha, topic, payload }) => ({ key: sabha.key, subject: topic, text: payload })) : [];
  return { channel, taken, close: async () => {} };
});

/** A delivered message whose copy the tab named, with a line to add. */
const standing = {
  id: '4711\n1512.0001',
  notice: notice(),
  said: () => ({ text: 'Leh\nMicrophone not found\n', lines: ['✔ Bina: going'] }),
};

test('a sent message that the outcome identifies is edited through the same channel, unless the address has changed', async () => {
  const offers = createOffers();
  const given: OfferedMessage[] = [];
  offers.take('telegram', (one) => {
    given.push(one);
    queueMicrotask(() => offers.outcome(one.sabha.key, { result: 'delivered', copy: '1512.0001' }));
  });
  const channel = offers.channel('telegram', testClock());
  expect(await channel.send(message(), technician, AbortSignal.timeout(1_000))).toEqual({ result: 'delivered', copy: standing.id });
  expect(await channel.edit?.(standing, technician, AbortSignal.timeout(1_000))).toMatchObject({ result: 'delivered' });
  expect(given[0]?.sabha).toEqual({ key: '1/x/asha' });
  expect(given[1]).toMatchObject({
    payload: 'Leh\nMicrophone not found\n\n✔ Bina: going',
    person: { id: 'asha', address: '4711' },
    sabha: { copy: '1512.0001' },
  });
  const moved = { ...technician, addresses: { telegram: '4712' } };
  expect(await channel.edit?.(standing, moved, AbortSignal.timeout(1_000))).toEqual({
    result: 'refused',
    reason: 'asha has another address now',
  });
  expect(given).toHaveLength(2);
});

test('an edit through an offer node ends after 2 min without an outcome', async () => {
  const clock = testClock();
  const { offers, given } = tab(undefined);
  const channel = offers.channel('telegram', clock);
  const [first, second] = [
    channel.edit?.(standing, technician, new AbortController().signal),
    channel.edit?.(standing, technician, new AbortController().signal),
  ];
  await clock.pass(120_000);
  expect(await Promise.all([first, second])).toEqual(Array(2).fill({ result: 'retry', reason: 'no result before the deadline' }));
  expect(given[0]?.sabha.key).not.toBe(given[1]?.sabha.key);
});

test('an outcome from a tab applies only to the message with its key, and only once', async () => {
  const { offers, channel } = tab(undefined);
  const one = channel.send(message({ key: 'one' }), technician, AbortSignal.timeout(1_000));
  const two = channel.send(message({ key: 'two' }), technician, AbortSignal.timeout(50));
  expect(offers.outcome('three', { result: 'delivered' })).toBe(false);
  expect(offers.outcome('one', { result: 'delivered' })).toBe(true);
  expect(offers.outcome('one', { result: 'refused', reason: 'late' })).toBe(false);
  expect(await one).toEqual({ result: 'delivered' });
  expect(await two).toEqual({ result: 'retry', reason: 'no result before the deadline' });
  expect(offers.outcome('two', { result: 'delivered' })).toBe(false);
});

test('without a running offer node the outcome is retry; of several nodes for a channel the newest is used', async () => {
  const offers = createOffers();
  const channel = offers.channel('telegram', testClock());
  const send = () => channel.send(message(), technician, AbortSignal.timeout(1_000));
  expect(await send()).toEqual({ result: 'retry', reason: 'no offer node of the channel "telegram" runs' });
  const old = offers.take('telegram', () => expect.unreachable());
  offers.take('telegram', ({ sabha }) => void offers.outcome(sabha.key, { result: 'delivered' }));
  old();
  expect(await send()).toEqual({ result: 'delivered' });
  expect(channel.limitMs).toBe(120_000);
});
