import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Outcome } from '../../engine/records/notices.ts';
import { limited } from './limited.ts';
import { testClock } from './people.test-helper.ts';

const delivered: Outcome = { result: 'delivered' };
const late: Outcome = { result: 'retry', reason: 'no answer in 1 s' };

test('many sends leave no listener behind, neither on the cut nor on the signals that they were given', async () => {
  const [clock, cut, given] = [testClock(), new AbortController(), new Set<AbortSignal>([])];
  const ends: ((signal: AbortSignal) => Promise<Outcome>)[] = [async () => delivered, () => Promise.reject(new Error('broken'))];
  for (let n = 0; n < 100; n++) {
    await limited({ clock, limitMs: 1_000, cut: cut.signal }, (signal) => {
      given.add(signal);
      expect(getEventListeners(cut.signal, 'abort')).toHaveLength(1);
      return ends[n % 2]?.(signal) as Promise<Outcome>;
    });
  }
  expect(given.size).toBe(100);
  for (const signal of [cut.signal, ...given]) expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test.each(['the limit', 'the cut', 'a cut that came before'])(
  'a send that heeds nothing ends at %s, and is told by its signal',
  async (what) => {
    const [clock, cut] = [testClock(), new AbortController()];
    if (what === 'a cut that came before') cut.abort();
    let told: AbortSignal | undefined;
    const outcome = limited({ clock, limitMs: 1_000, cut: cut.signal }, (signal) => {
      told = signal;
      return new Promise(() => {});
    });
    if (what === 'the limit') await clock.pass(1_000);
    if (what === 'the cut') cut.abort();
    expect(await outcome).toEqual(late);
    expect(told?.aborted).toBe(true);
    expect(getEventListeners(cut.signal, 'abort')).toEqual([]);
  },
);
