import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withTimeout } from './waits.ts';

/** Returns a clock with one timer, which the test triggers. */
function oneTimer() {
  const state = { delayMs: 0, fire: () => {}, cancelled: false };
  const after = (delayMs: number, task: () => void) => {
    Object.assign(state, { delayMs, fire: task });
    return () => {
      state.cancelled = true;
    };
  };
  return { state, limit: { clock: { after }, limitMs: 5_000, timeoutValue: 'late' } };
}

test('a finished task returns its result and leaves no timer', async () => {
  const { state, limit } = oneTimer();
  expect(await withTimeout(limit, async () => 'answer')).toBe('answer');
  expect(state).toMatchObject({ delayMs: 5_000, cancelled: true });
});

test('the signal aborts a task over its limit, and a late result of the task is dropped', async () => {
  const { state, limit } = oneTimer();
  const heard: boolean[] = [];
  const answer = withTimeout(limit, (signal) => {
    const { promise, reject } = Promise.withResolvers<string>();
    signal.addEventListener('abort', () => {
      heard.push(signal.aborted);
      reject(new Error('given up'));
    });
    return promise;
  });
  state.fire();
  expect(await answer).toBe('late');
  expect(heard).toEqual([true]);
});

test.each(['while it runs', 'before it began'])('a task aborted %s returns the late value at once and leaves no listener', async (when) => {
  const { state, limit } = oneTimer();
  const cut = new AbortController();
  if (when === 'before it began') cut.abort();
  let told: AbortSignal | undefined;
  const answer = withTimeout({ ...limit, cut: cut.signal }, (signal) => {
    told = signal;
    return new Promise<string>(() => {});
  });
  cut.abort();
  expect(await answer).toBe('late');
  expect(told?.aborted).toBe(true);
  expect(state.cancelled).toBe(true);
  expect(getEventListeners(cut.signal, 'abort')).toEqual([]);
});
