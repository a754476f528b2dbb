import type { RosterPerson } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { oldestProof, onDutyFirst, phoneText } from './roster.js';

const asha: RosterPerson = { id: 'asha', name: 'Asha', from: 'roster', now: 'off', cells: {}, tel: null, reached: [], proofs: {} };

test('persons on duty come first, sorted by name', () => {
  const all = [
    asha,
    { ...asha, id: 'bina', name: 'Bina', now: 'here' as const },
    { ...asha, id: 'chand', name: 'Aman', now: 'here' as const },
  ];
  expect(onDutyFirst(all).map(({ id }) => id)).toEqual(['chand', 'bina', 'asha']);
});

test('the oldest proof of a person is that of the least recently proven channel, and a missing proof is the oldest', () => {
  const reached = ['telegram', 'email', 'sms'];
  expect(oldestProof({ reached, proofs: { telegram: 9, email: 5, sms: 7 } })).toEqual({ channel: 'email', at: 5 });
  expect(oldestProof({ reached, proofs: { telegram: 9, email: 5, sms: null } })).toEqual({ channel: 'sms', at: null });
  expect(oldestProof({ reached: [], proofs: {} })).toBeNull();
});

test('an Indian mobile number is split into two halves, and other numbers stay unchanged', () => {
  const numbers = ['+919876543210', '9876543210', '+911982252010', '01982 252010', '+41791234567', ''];
  expect(numbers.map(phoneText)).toEqual(['+91 98765 43210', '98765 43210', '+911982252010', '01982 252010', '+41791234567', '']);
});
