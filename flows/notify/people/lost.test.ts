/** Tests the substitutes of a person on duty whom no channel reaches, and the notification of central about that person. */

import type { Person } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../engine/records/notices.ts';
import type { Member } from '../../engine/records/sites.ts';
import { channelsNamed, member, wednesday } from '../roster/roster.test-helper.ts';
import { faultsAfter } from './delivery-queue.ts';
import { notice, row } from './people.test-helper.ts';
import { createRoster, recipientsOf } from './roster.ts';

const email = 'somebody@office.test';
const channels = channelsNamed('email', 'voice');
/** The channel `voice` carries only critical alerts, and only after `wednesday`. */
Object.assign(channels.get('voice') ?? {}, { carries: ({ severity }: Notice, at: number) => severity === 'critical' && at > wednesday });

/** Recipients of an alert with their channels. */
function told(
  members: readonly Member[],
  { at = wednesday, changes = {}, over = channels, wanted = 'own-order', to = ['technician'] } = {},
) {
  const roster = createRoster([]);
  roster.use(members);
  const { recipients } = recipientsOf({ roster, channels: over, log: { warn() {} } });
  const said = recipients(to, wanted, { scope: 'ladakh/leh/pc-1', now: at, knew: [], notice: notice(changes) });
  return said.map(({ person, channel: by, lost }) => `${person} ${by}${lost ? ' lost' : ''}`);
}

const bina = member('bina', { deputy: 'chand' });
const chand = member('chand', { scopes: ['goa'], email });
const meera = member('meera', { roles: ['central'], scopes: [''], email });

test('a person on duty without a channel is replaced by the deputy, otherwise by central', () => {
  expect(told([bina, chand, meera])).toEqual(['bina console lost', 'chand email']);
  expect(told([bina, { ...chand, duty: [] }, meera])).toEqual(['bina console lost', 'meera email']);
  expect(told([bina, { ...chand, email: undefined } as unknown as Member, meera])).toEqual(['bina console lost', 'meera email']);
  expect(told([bina, meera], { wanted: 'email' })).toEqual(['bina console lost', 'meera email']);
  expect(told([bina])).toEqual(['bina console lost', 'central-desk console']);
});

test('by day a person with only a night phone is replaced by another recipient, and at night the person is notified', () => {
  const asha = member('asha', { channels: ['voice'], addresses: { voice: '+919419000001' } });
  expect(told([asha, meera])).toEqual(['asha console lost', 'meera email']);
  expect(told([asha, meera], { at: wednesday + 1 })).toEqual(['asha voice']);
  expect(told([asha, meera], { at: wednesday + 1, changes: { severity: 'major' } })).toEqual(['asha console lost', 'meera email']);
});

test('if another person on duty is reached, central gets only the finding, and no one is notified twice', () => {
  const asha = member('asha', { email });
  expect(told([bina, asha, meera])).toEqual(['bina console lost', 'asha email']);
  expect(told([bina, asha, chand, meera])).toEqual(['bina console lost', 'asha email', 'chand email']);
  expect(told([bina, meera], { to: ['technician', 'central'] })).toEqual(['bina console lost', 'meera email']);
  const ring = [member('bina', { deputy: 'chand' }), member('chand', { deputy: 'bina', email })];
  expect(told(ring)).toEqual(['bina console lost', 'chand email']);
});

test('a person who lacks the named channel but has another one does not count as not reached', () => {
  expect(told([chand], { to: ['chand'], wanted: 'voice' })).toEqual(['chand console']);
});

test('no substitute is notified of an end, for the console by name, or on a server without channels for people', () => {
  expect(told([bina, chand], { changes: { kind: 'cleared' } })).toEqual(['bina console']);
  expect(told([bina, chand], { wanted: 'console' })).toEqual(['bina console']);
  expect(told([bina, chand], { over: channelsNamed() })).toEqual(['bina console']);
});

describe('a person with "webhook": true and no other address', () => {
  const over = new Map([...channels, ...channelsNamed('webhook')]);
  Object.assign(over.get('webhook') ?? {}, { reaches: (person: Person) => person.webhook, forPrograms: true });
  const desk = member('tickets', { roles: ['central'], scopes: [''], webhook: true });

  test.each([
    ['own-order', ['tickets webhook']],
    ['webhook', ['tickets webhook']],
    ['console', ['tickets console']],
  ])('a person with only a webhook address is reached over the channel %s, and no one else is notified instead', (wanted, expected) => {
    expect(told([desk, meera], { over, wanted, to: ['tickets'] })).toEqual(expected);
  });

  test('a person with only a webhook address is reached if a webhook is set, and is replaced by the deputy if not', () => {
    const vendor = member('vendor', { webhook: true, deputy: 'chand', channels: ['sms'] });
    expect(told([vendor, chand], { over })).toEqual(['vendor webhook']);
    expect(told([vendor, chand])).toEqual(['vendor console lost', 'chand email']);
  });

  test('the webhook of a person with an e-mail address does not change the channel order of that person', () => {
    const asha = member('asha', { email, webhook: true });
    expect(told([asha, desk], { over })).toEqual(['asha email']);
    expect(told([asha, desk], { over, wanted: 'webhook' })).toEqual(['asha webhook']);
  });
});

test('a person who gets a message only on the console is a finding until another channel reaches the person', () => {
  const said = (changes: object) =>
    faultsAfter(row({ person: 'bina', ...changes }), { result: 'delivered' }).filter(({ device }) => device === 'nothing reaches bina');
  expect(said({ channel: 'console', lost: true })).toMatchObject([{ fault: 'centre.channel_failing', standing: true }]);
  expect(said({ channel: 'console' })).toEqual([]);
  expect(said({ channel: 'email' })).toMatchObject([{ standing: false }]);
});
