import { expect, it, onTestFinished } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { repeatRequest } from './retries.ts';

/** Starts a retry loop. Attempt n responds after the n-th time in milliseconds, or never (null). */
function asking(answersMs: (number | null)[], isEnough?: (responses: readonly number[]) => boolean) {
  const clock = handClock();
  const over = new AbortController();
  let tries = 0;
  const asked = repeatRequest<number>({ clock, everyMs: () => 1_000, signal: over.signal, ...(isEnough && { isEnough }) }, () => {
    const own = tries++;
    const afterMs = answersMs[own] ?? null;
    return new Promise((resolve) => void (afterMs !== null && clock.after(afterMs, () => resolve(own))));
  });
  let isFirst = false;
  void asked.first.then(() => (isFirst = true));
  return { clock, over, asked, tries: () => tries, isFirst: () => isFirst };
}

it('repeatRequest sends the request again until stop, and counts requests without a timely response as lost', async () => {
  const { clock, asked, tries, isFirst } = asking([null, null, 100, null, 100]);
  await clock.pass(2_050);
  expect([tries(), isFirst()]).toEqual([3, false]);
  await clock.pass(100);
  expect(isFirst()).toBe(true);
  await clock.pass(3_000);
  // The attempt sent at 3 s is not overdue yet, so it does not count as lost.
  expect(asked.stop()).toEqual({ responses: [2, 4], lost: 2 });
  await clock.pass(10_000);
  expect(tries()).toBe(6);
});

it('repeatRequest resolves `first` at once when the request throws, and stop() throws that error', async () => {
  const clock = handClock();
  const ask = () => {
    throw new Error('too many open files');
  };
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const asked = repeatRequest({ clock, everyMs: () => 1_000, signal: new AbortController().signal }, ask);
  await asked.first;
  await clock.pass(3_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  expect(() => asked.stop()).toThrow('too many open files');
});
