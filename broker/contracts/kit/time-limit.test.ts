import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withinTime } from './waits.ts';

/** A clock whose one timer fires when it is told to. */
function oneTimer() {
  const state = { delayMs: 0, fire: () => {}, cancelled: false };
  const after = (delayMs: number, task: () => void) => {
    Object.assign(state, { delayMs, fire: task });
    return () => {
      state.cancelled = true;
    };
  };
  return { state, limit: { clock: { after }, limitMs: 5_000, late: 'late' } };
}

test('the answer of the task, and no timer is left of it', async () => {
  const { state, limit } = oneTimer();
  expect(await withinTime(limit, async () => 'answer')).toBe('answer');
  expect(state).toMatchObject({ delayMs: 5_000, cancelled: true });
});

test('a task that hangs is told by its signal, and what it says then is dropped', async () => {
  const { state, limit } = oneTimer();
  const heard: boolean[] = [];
  const answer = withinTime(limit, (signal) => {
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

test.each(['while it runs', 'before it began'])(
  'a task that is cut %s is late at once, and nothing of it stays at the cut',
  async (when) => {
    const { state, limit } = oneTimer();
    const cut = new AbortController();
    if (when === 'before it began') cut.abort();
    let told: AbortSignal | undefined;
    const answer = withinTime({ ...limit, cut: cut.signal }, (signal) => {
      told = signal;
      return new Promise<string>(() => {});
    });
    cut.abort();
    expect(await answer).toBe('late');
    expect(told?.aborted).toBe(true);
    expect(state.cancelled).toBe(true);
    expect(getEventListeners(cut.signal, 'abort')).toEqual([]);
  },
);
