import { expect, it } from 'vitest';
import type { Answer, Question } from '../platform.ts';
import { createUnwritten } from '../unwritten.ts';
import { asksSeldom } from './seldom.ts';

const question: Question<string> = {};

/** Asks a question of which only `well` is kept, as time goes on by hand; tells how often the system was asked. */
function pc() {
  const seen = { up: 0, asked: 0, answer: { known: true, value: 'well' } as Answer<string> };
  const platform = {
    ...createUnwritten(),
    ask: async <T>(): Promise<Answer<T>> => {
      seen.asked += 1;
      return seen.answer as Answer<T>;
    },
  };
  const ask = asksSeldom(question, { everyMs: 100, clock: { up: () => seen.up }, isKept: (value) => value === 'well' });
  return { seen, ask: () => ask(platform, new AbortController().signal) };
}

it('asks anew only when the last answer is old, whether it was known or not', async () => {
  const { seen, ask } = pc();
  for (const up of [0, 99, 100, 199]) {
    seen.up = up;
    await ask();
  }
  expect(seen.asked).toBe(2);
  seen.answer = { known: false, reason: 'not installed' };
  for (const up of [200, 250]) {
    seen.up = up;
    expect(await ask()).toEqual(seen.answer);
  }
  expect(seen.asked).toBe(3);
});

it('a camera that was given back stayed taken away for five minutes: what is wrong is asked anew each time', async () => {
  const { seen, ask } = pc();
  seen.answer = { known: true, value: 'taken away' };
  await ask();
  seen.answer = { known: true, value: 'well' };
  expect(await ask()).toEqual(seen.answer);
});
