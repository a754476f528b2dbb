import type { RosterPerson } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { oldestProof, onDutyFirst, phoneText } from './roster.js';

const asha: RosterPerson = { id: 'asha', name: 'Asha', from: 'roster', now: 'off', cells: {}, tel: null, reached: [], proofs: {} };

test('who is on duty stands first, by name', () => {
  const all = [
    asha,
    { ...asha, id: 'bina', name: 'Bina', now: 'here' as const },
    { ...asha, id: 'chand', name: 'Aman', now: 'here' as const },
  ];
  expect(onDutyFirst(all).map(({ id }) => id)).toEqual(['chand', 'bina', 'asha']);
});

test('a person is as well proven as the channel that was proven longest ago; one that never was counts as the oldest', () => {
  const reached = ['telegram', 'email', 'sms'];
  expect(oldestProof({ reached, proofs: { telegram: 9, email: 5, sms: 7 } })).toEqual({ channel: 'email', at: 5 });
  expect(oldestProof({ reached, proofs: { telegram: 9, email: 5, sms: null } })).toEqual({ channel: 'sms', at: null });
  expect(oldestProof({ reached: [], proofs: {} })).toBeNull();
});

test('twelve digits in a row nobody reads: a mobile of India stands in two halves, any other number as it was written', () => {
  const numbers = ['+919876543210', '9876543210', '+911982252010', '01982 252010', '+41791234567', ''];
  expect(numbers.map(phoneText)).toEqual(['+91 98765 43210', '98765 43210', '+911982252010', '01982 252010', '+41791234567', '']);
});
