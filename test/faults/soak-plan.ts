/** The plan of a soak, a long run with random faults. A seed gives the same faults at the same times, however long the soak lasts. */
import { parseArgs } from 'node:util';
import { oneLine } from '@sabha/contracts';
import { randomFrom } from '../random.ts';

export const soakKinds = [
  ...(['F1', 'F2', 'F3', 'F4', 'F7', 'F8', 'F9', 'F10', 'F11', 'F12', 'F13'] as const),
  ...(['F15', 'F17', 'F18', 'F19', 'F20', 'F21', 'F22', 'F23', 'F32'] as const),
];
/** Rows of the table up to F24 that the soak does not play, with the reason and the test that plays them. */
export const notSoaked: Readonly<Record<string, string>> = {
  F5: 'a full disk is one of its own, which only root may mount: test/real/full-disk.test.ts',
  F6: 'a call that fails is made to fail within the process, each call in turn: agent/uplink/spool/spool-faults.test.ts',
  F14: 'a probe that hangs is judged by the probes beside it, on their own clock: agent/checks/runner.test.ts',
  F16: 'no event that an agent of today writes is refused for good by the centre of today: agent/uplink/event-sender.test.ts',
  F24: 'what agents and centres of before say is kept as what they said, not as programs: test/simulation/talks.test.ts',
};
/** After `waitMs` of calm a fault lasts for `lastsMs`. `pick`, from 0 to 1, selects the target of the fault. */
export type SoakStep = { kind: (typeof soakKinds)[number]; waitMs: number; lastsMs: number; pick: number };
/** `hours` in real time. */
export type SoakOptions = { hours: number; seed: number };

export const soakUsage = 'npm run test:soak -- [--hours 1] [--seed S]';

const calmMs = 4_000;
const longestMs = 5_000;

/** Generates endless steps. Each kind comes once before any repeats, so that a short soak has most of them. */
export function* soakPlan(seed: number): Generator<SoakStep> {
  const random = randomFrom(seed);
  for (;;)
    for (const kind of random.shuffle(soakKinds))
      yield { kind, waitMs: random.below(calmMs), lastsMs: 200 + random.below(longestMs), pick: random.next() };
}

/** Parses the arguments, or returns one line that says what is wrong. */
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
