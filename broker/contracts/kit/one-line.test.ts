import { expect, test } from 'vitest';
import { oneLine } from './one-line.ts';

test('oneLine cuts, and leaves no control character', () => {
  expect(oneLine('a\r\n\tb\u0000c\u2029d', 100)).toBe('a b c d');
  expect(oneLine('abcdef', 3)).toBe('abc');
});
