/** What a soak does, drawn from its seed alone: the same seed plays the same faults at the same moments, however long it lasts. */
import { parseArgs } from 'node:util';
import { oneLine } from '#contracts';
import { randomFrom } from '../random.ts';

/** Each by its row of the promises. */
export const soakKinds = ['F1', 'F2', 'F12', 'F15', 'F17', 'F18', 'F20', 'F21', 'F22', 'F32'] as const;
/** After `waitMs` of calm something happens that lasts `lastsMs`; `pick` says to which one of many, from 0 to 1. */
export type SoakStep = { kind: (typeof soakKinds)[number]; waitMs: number; lastsMs: number; pick: number };
/** `hours` of the machine's own time. */
export type SoakOptions = { hours: number; seed: number };

/** How it is called. */
export const soakUsage = 'npm run test:soak -- [--hours 1] [--seed S]';

const calmMs = 4_000;
const longestMs = 5_000;

/** Steps without an end. Each kind comes once before any comes again, so that a short soak has most of them. */
export function* soakPlan(seed: number): Generator<SoakStep> {
  const random = randomFrom(seed);
  for (;;)
    for (const kind of random.shuffle(soakKinds))
      yield { kind, waitMs: random.below(calmMs), lastsMs: 200 + random.below(longestMs), pick: random.next() };
}

/** Reads the words, or says in one line what is wrong with them. */
export function readSoakOptions(args: string[], newSeed: () => number): { ok: true; value: SoakOptions } | { ok: false; line: string } {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args, options: { hours: text, seed: text } });
    const hours = Number(values.hours ?? '1');
    const seed = Number(values.seed ?? newSeed());
    if (!(hours > 0 && hours <= 1_000)) throw new Error(`--hours: a number above 0, at most 1000, not "${values.hours}"`);
    if (!(Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 32))
      throw new Error(`--seed: a whole number from 0, not "${values.seed}"`);
    return { ok: true, value: { hours, seed } };
  } catch (error) {
    return { ok: false, line: oneLine((error as Error).message, 200) };
  }
}
