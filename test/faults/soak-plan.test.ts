import { expect, test } from 'vitest';
import { readSoakOptions, soakKinds, soakPlan } from './soak-plan.ts';

const steps = (seed: number, count: number) => soakPlan(seed).take(count).toArray();

test('F27 a seed plays the same faults again, another one others, and none comes twice before all came', () => {
  expect(steps(7, 50)).toEqual(steps(7, 50));
  expect(steps(7, 50)).not.toEqual(steps(8, 50));
  expect(new Set(steps(7, soakKinds.length).map(({ kind }) => kind))).toEqual(new Set(soakKinds));
});

test('wrong words of a soak are one line', () => {
  const read = (...args: string[]) => readSoakOptions(args, () => 5);
  expect(read()).toEqual({ ok: true, value: { hours: 1, seed: 5 } });
  expect(read('--hours', '0.05', '--seed', '9')).toEqual({ ok: true, value: { hours: 0.05, seed: 9 } });
  for (const args of [
    ['--hours', 'x'],
    ['--hours', '0'],
    ['--seed', '-1'],
    ['--seed', '1.5'],
    ['--days', '1'],
  ])
    expect(read(...args), args.join(' ')).toMatchObject({ ok: false, line: expect.not.stringContaining('\n') });
});
