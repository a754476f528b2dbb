import { expect, it } from 'vitest';
import type { Answer, Query } from '../platform.ts';
import { createUnsupported } from '../unsupported.ts';
import { cachedQuery } from './seldom.ts';

const question: Query<string> = {};
const mark: Query<string> = {};

/** Creates a cached question that keeps only the answer `well`, with a manual clock. `asked` counts the readings. */
function pc() {
  const seen = { up: 0, asked: 0, mark: 1, answer: { known: true, value: 'well' } as Answer<string> };
  const platform = {
    ...createUnsupported(),
    ask: async <T>(of: Query<T>): Promise<Answer<T>> => {
      if (of === mark) return { known: true, value: `${seen.mark}` } as Answer<T>;
      seen.asked += 1;
      return seen.answer as Answer<T>;
    },
  };
  const ask = cachedQuery(question, { everyMs: 100, clock: { up: () => seen.up }, isKept: (value) => value === 'well', mark, leastMs: 10 });
  return { seen, ask: () => ask(platform, new AbortController().signal) };
}

it('the cached query reads again after its mark changes, but not within the minimum interval of 10 ms', async () => {
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
  expect(asked).toEqual([1, 1, 2, 2, 3]);
});
