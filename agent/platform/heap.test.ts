import { expect, it } from 'vitest';
import { keepHeapSmall } from './heap.ts';

/** A clock that keeps what is to be done, and how often something of it was taken back. */
function clockOf() {
  const due: { ms: number; task: () => void }[] = [];
  let cancelled = 0;
  const after = (ms: number, task: () => void) => {
    due.push({ ms, task });
    return () => {
      cancelled += 1;
    };
  };
  return { after, due, cancelled: () => cancelled };
}

it('collects all each five minutes, until it is stopped', () => {
  const { after, due, cancelled } = clockOf();
  const asked: unknown[] = [];
  const stop = keepHeapSmall({ after }, async (how) => void asked.push(how));
  expect(due.map(({ ms }) => ms)).toEqual([300_000]);
  due[0]?.task();
  due[1]?.task();
  expect(asked).toEqual(Array(2).fill({ type: 'major', flavor: 'last-resort' }));
  stop();
  expect(cancelled()).toBe(1);
});
