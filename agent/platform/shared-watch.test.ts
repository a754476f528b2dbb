import { expect, it } from 'vitest';
import { shared } from './shared-watch.ts';

it('is one watch for all who ask, from the first of them to the last', () => {
  let [begun, ended] = [0, 0];
  let tell = () => {};
  const told: string[] = [];
  const watch = shared((changed) => {
    begun += 1;
    tell = changed;
    return () => {
      ended += 1;
    };
  });
  const first = watch(() => told.push('first'));
  const second = watch(() => told.push('second'));
  tell();
  expect([begun, told]).toEqual([1, ['first', 'second']]);
  first();
  first();
  expect(ended).toBe(0);
  second();
  expect(ended).toBe(1);
  watch(() => told.push('third'))();
  expect([begun, ended]).toEqual([2, 2]);
});
