import type { Person } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { OpenChannel } from '../../engine/records/notices.ts';
import type { Channels } from './channels/channels.ts';
import { row, technician } from './people.test-helper.ts';
import { nextRow, wayOf } from './roster.ts';

test('the order is the person’s own, else e-mail and what is for people in the order of the list; the console is always last', () => {
  const reaches = ({ addresses, email }: Person, name: string) => (name === 'email' ? email !== undefined : addresses[name] !== undefined);
  const channel = { send: async () => ({ result: 'delivered' as const }), close() {} };
  const channels: Channels = new Map<string, OpenChannel>([
    ...['email', 'telegram', 'sms'].map(
      (name) => [name, { channel, reaches: (one: Person) => reaches(one, name), forPrograms: false }] as const,
    ),
    ...['console', 'webhook'].map((name) => [name, { channel, reaches: () => true, forPrograms: name === 'webhook' }] as const),
  ]);
  const asha: Person = { ...technician, addresses: { telegram: '1', sms: '2' } };
  expect(wayOf(asha, channels)).toEqual({ channel: 'email', further: ['telegram', 'sms', 'console'] });
  expect(wayOf({ ...asha, channels: ['sms', 'sms', 'webhook'] }, channels)).toEqual({ channel: 'sms', further: ['webhook', 'console'] });
  const { email: _, ...nowhere } = technician;
  const people = new Map([...channels].filter(([name]) => name !== 'webhook'));
  expect(wayOf({ ...nowhere, addresses: {} }, people)).toEqual({ channel: 'console' });
  expect(wayOf({ ...asha, channels: ['pigeon'] }, people)).toEqual({ channel: 'console' });
  expect(wayOf({ ...nowhere, addresses: {} }, channels)).toEqual({ channel: 'webhook', further: ['console'] });
  const moved = nextRow(row({ further: ['telegram', 'sms'] }), { ...asha, addresses: { sms: '2' } }, { channels, now: 5 });
  expect(moved).toMatchObject({ key: '1/email/asha/sms', channel: 'sms', createdAt: 5 });
  expect(moved.further).toBeUndefined();
});
