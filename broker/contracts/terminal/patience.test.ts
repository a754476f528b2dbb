import { expect, test } from 'vitest';
import { clearLine, showWait } from './lines.ts';

function open(isTTY: boolean) {
  const shown: string[] = [];
  const due: { at: number; task: () => void }[] = [];
  let now = 0;
  const clock = {
    up: () => now,
    after(delayMs: number, task: () => void) {
      const one = { at: now + delayMs, task };
      due.push(one);
      return () => void due.splice(due.indexOf(one), due.includes(one) ? 1 : 0);
    },
  };
  const pass = (ms: number) => {
    for (const end = now + ms; ; ) {
      const next = due.findIndex(({ at }) => at <= end);
      now = due[next]?.at ?? end;
      if (next < 0) return;
      for (const { task } of due.splice(next, 1)) task();
    }
  };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const screen = { isTTY, write: (text: string) => void shown.push(text.replace(clearLine, '|')) };
  const done = showWait(promise, { clock, screen, say: (seconds) => `${seconds} s` });
  return { shown, due, pass, resolve, reject, done };
}

test('work of more than two seconds shows one progress line, which is cleared at the end', async () => {
  const { shown, due, pass, resolve, done } = open(true);
  pass(1_999);
  expect(shown).toEqual([]);
  pass(2_001);
  resolve('done');
  expect(await done).toBe('done');
  expect([shown, due]).toEqual([['|2 s', '|3 s', '|4 s', '|'], []]);
});
