import { expect, it } from 'vitest';
import type { Answer, Question } from '../platform.ts';
import { createUnwritten } from '../unwritten.ts';
import { asksSeldom } from './seldom.ts';

const question: Question<string> = {};
const mark: Question<string> = {};

/** Asks a question of which only `well` is kept, as time goes on by hand; tells how often the system was asked. */
function pc() {
  const seen = { up: 0, asked: 0, mark: 1, answer: { known: true, value: 'well' } as Answer<string> };
  const platform = {
    ...createUnwritten(),
    ask: async <T>(of: Question<T>): Promise<Answer<T>> => {
      if (of === mark) return { known: true, value: `${seen.mark}` } as Answer<T>;
      seen.asked += 1;
      return seen.answer as Answer<T>;
    },
  };
  const ask = asksSeldom(question, { everyMs: 100, clock: { up: () => seen.up }, isKept: (value) => value === 'well', mark, leastMs: 10 });
  return { seen, ask: () => ask(platform, new AbortController().signal) };
}

it('a setting that was changed was seen five minutes later: what costs little says that it was touched', async () => {
  const { seen, ask } = pc();
  const asked: number[] = [];
  for (const [up, mark] of [
    [0, 1],
    [50, 1],
    [51, 2],
    [60, 3],
    [61, 3],
  ] as const) {
    Object.assign(seen, { up, mark });
    await ask();
    asked.push(seen.asked);
  }
  // No more often than every ten, whatever is touched.
  expect(asked).toEqual([1, 1, 2, 2, 3]);
});
