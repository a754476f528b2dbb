import { expect, test } from 'vitest';
import { sharedNumbers, telOf } from './book.ts';
import { member } from './roster.test-helper.ts';

test('a phone number becomes a dialable link in international or national notation, and an invalid number does not', () => {
  const asGateways = ['+91 98765 43210', '0091 98765 43210', '+91 (0)98765 43210', '98765-43210'];
  expect(asGateways.map(telOf)).toEqual(['+919876543210', '+919876543210', '+919876543210', '9876543210']);
  expect(['01982 252010', '(01982) 252010', '01982-252010'].map(telOf)).toEqual(Array(3).fill('01982252010'));
  expect(['', '252010', '01982 252010/11', '+91 98765 43210 98765 43211', 'javascript:1'].map(telOf)).toEqual(Array(5).fill(undefined));
});

test('isSamePhone matches a number with and without its country code, and not with another country code', () => {
  const of = (...numbers: string[]) => sharedNumbers(numbers.map((phone, at) => member(`p${at}`, { addresses: { phone } })));
  expect(of('+919419000001', '9419000001', '919419000001')).toEqual([['p0', 'p1', 'p2']]);
  expect(of('9419000001', '+919419000001')).toEqual([['p0', 'p1']]);
  expect(of('+919419000001', '+19419000001')).toEqual([]);
  expect(of('+12345678', '12345678')).toEqual([]);
  expect(of('+12345678', '+12345678')).toEqual([['p0', 'p1']]);
});
