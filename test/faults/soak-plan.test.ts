import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { notSoaked, soakKinds, soakPlan } from './soak-plan.ts';

const steps = (seed: number, count: number) => soakPlan(seed).take(count).toArray();

test('F27 a seed always gives the same faults, another seed gives others, and each kind comes once before any repeats', () => {
  expect(steps(7, 50)).toEqual(steps(7, 50));
  expect(steps(7, 50)).not.toEqual(steps(8, 50));
  expect(new Set(steps(7, soakKinds.length).map(({ kind }) => kind))).toEqual(new Set(soakKinds));
});

test('F27 the soak plays each row from F1 to F24 of the table, or gives a reason why not', () => {
  const page = readFileSync('docs/development/testing.md', 'utf8');
  const rows = [...page.matchAll(/^### (F\d+) /gm)].map(([, row = '']) => row);
  const upTo24 = rows.filter((row) => Number(row.slice(1)) <= 24);
  expect(upTo24).toHaveLength(24);
  const kinds: readonly string[] = soakKinds;
  expect(upTo24.filter((row) => kinds.includes(row) === row in notSoaked)).toEqual([]);
  for (const [row, why] of Object.entries(notSoaked)) {
    expect(upTo24, row).toContain(row);
    const { path = '' } = /: (?<path>\S+\.test\.ts)$/.exec(why)?.groups ?? {};
    expect(existsSync(path), `${row}: ${why}`).toBe(true);
  }
});
