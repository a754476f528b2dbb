import { expect, it } from 'vitest';
import { latched, openLatch } from '../measure/quality-history.ts';

it('stands after three in a row, falls after three in a row, and one that differs begins the count anew', () => {
  let latch = openLatch;
  const stands = [...'yynyyynnynnn'].map((said) => {
    latch = latched(latch, said === 'y');
    return latch.stands ? 'y' : 'n';
  });
  expect(stands.join('')).toBe('nnnnnyyyyyyn');
});
