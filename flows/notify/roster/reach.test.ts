import { expect, test } from 'vitest';
import { proofLongMs, sharedNumbers, telOf, weakPoints } from './reach.ts';
import { member, planOf, wednesday } from './roster.test-helper.ts';

const { channels: names, reaches } = planOf('');
const email = 'somebody@office.test';

test('who has no channel is named, and of each other person the channel that was proven longest ago, once that is for long', () => {
  const both = { email, addresses: { sms: '12345678' }, channels: ['email', 'sms'] };
  const members = [member('asha', both), member('bina', { email }), member('chand'), member('devi', { email }), member('esha', both)];
  const proofs = new Map([
    ['asha/email', wednesday],
    ['asha/sms', wednesday - proofLongMs - 1],
    ['bina/email', wednesday - proofLongMs],
    ['esha/sms', wednesday],
  ]);
  expect(weakPoints(members, { channels: { names, reaches }, proofs, now: wednesday })).toEqual({
    unreached: ['chand'],
    unproven: [
      { person: 'asha', channel: 'sms', at: wednesday - proofLongMs - 1 },
      { person: 'devi', channel: 'email', at: null },
      { person: 'esha', channel: 'email', at: null },
    ],
  });
});

test('a number that is tapped is dialled as the gateways dial it, or with the zero of its country; what none could dial is no link', () => {
  const asGateways = ['+91 98765 43210', '0091 98765 43210', '+91 (0)98765 43210', '98765-43210'];
  expect(asGateways.map(telOf)).toEqual(['+919876543210', '+919876543210', '+919876543210', '9876543210']);
  expect(['01982 252010', '(01982) 252010', '01982-252010'].map(telOf)).toEqual(Array(3).fill('01982252010'));
  expect(['', '252010', '01982 252010/11', '+91 98765 43210 98765 43211', 'javascript:1'].map(telOf)).toEqual(Array(5).fill(undefined));
});

test('one number, with the code of the country or without it, whoever stands first; under another code it is another', () => {
  const of = (...numbers: string[]) => sharedNumbers(numbers.map((phone, at) => member(`p${at}`, { addresses: { phone } })));
  expect(of('+919419000001', '9419000001', '919419000001')).toEqual([['p0', 'p1', 'p2']]);
  expect(of('9419000001', '+919419000001')).toEqual([['p0', 'p1']]);
  expect(of('+919419000001', '+19419000001')).toEqual([]);
  expect(of('+12345678', '12345678')).toEqual([]);
  expect(of('+12345678', '+12345678')).toEqual([['p0', 'p1']]);
});
