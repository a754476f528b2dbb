import { expect, test } from 'vitest';
import type { RosterPerson } from '#contracts';
import { oldestProof, onDutyFirst } from './roster.js';

const asha: RosterPerson = { id: 'asha', name: 'Asha', from: 'roster', now: 'off', cells: {}, reached: [], proofs: {} };

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
