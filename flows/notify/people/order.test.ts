import type { Person } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { channelsNamed } from '../roster/roster.test-helper.ts';
import { row, technician } from './people.test-helper.ts';
import { nextRow, routeOf } from './roster.ts';

test('routeOf returns the channels in the order of the person, else in the default order, and the console last', () => {
  const channels = channelsNamed('email', 'telegram', 'sms', 'webhook');
  Object.assign(channels.get('webhook') ?? {}, { reaches: () => true, forPrograms: true });
  const asha: Person = { ...technician, addresses: { telegram: '1', sms: '2' } };
  expect(routeOf(asha, channels)).toEqual({ channel: 'email', further: ['telegram', 'sms', 'console'] });
  expect(routeOf({ ...asha, channels: ['sms', 'sms', 'webhook'] }, channels)).toEqual({ channel: 'sms', further: ['webhook', 'console'] });
  const { email: _, ...nowhere } = technician;
  const people = new Map([...channels].filter(([name]) => name !== 'webhook'));
  expect(routeOf({ ...nowhere, addresses: {} }, people)).toEqual({ channel: 'console' });
  expect(routeOf({ ...asha, channels: ['pigeon'] }, people)).toEqual({ channel: 'console' });
  expect(routeOf({ ...nowhere, addresses: {} }, channels)).toEqual({ channel: 'webhook', further: ['console'] });
  const moved = nextRow(row({ further: ['telegram', 'sms'] }), { ...asha, addresses: { sms: '2' } }, { channels, now: 5 });
  expect(moved).toMatchObject({ key: '1/email/asha/sms', channel: 'sms', createdAt: 5 });
  expect(moved.further).toBeUndefined();
});
