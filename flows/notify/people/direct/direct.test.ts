import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Person } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeliveryOutcome, OpenChannel, RenderedMessage } from '../../../engine/records/notices.ts';
import type { Channels } from '../channels/channels.ts';
import { technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { createDirect, createLastNotified } from './direct.ts';

const devi: Person = {
  id: 'devi',
  name: 'Devi',
  role: 'central',
  scope: '',
  language: 'hi',
  email: 'devi@centre.test',
  webhook: false,
  addresses: {},
};
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-told-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function rig(people: Person[], mail: () => Promise<DeliveryOutcome>, { console = true, told = mkdtempSync(join(folder, 'told-')) } = {}) {
  const clock = testClock();
  const sent: { channel: string; person: string; message: RenderedMessage }[] = [];
  const failures: string[] = [];
  const one = (name: string, answer: () => Promise<DeliveryOutcome>, reaches: OpenChannel['reaches']): [string, OpenChannel] => [
    name,
    {
      channel: {
        send(message, person) {
          sent.push({ channel: name, person: person.id, message });
          return answer();
        },
      },
      reaches,
    },
  ];
  const channels: Channels = new Map([
    one(
      'console',
      async () => ({ result: 'delivered' }),
      () => console,
    ),
    one('email', mail, (person) => person.email !== undefined),
  ]);
  const onFailure = (channel: string, person: string, reason: string) => failures.push(`${channel} ${person}: ${reason}`);
  const tell = createDirect({ clock, channels, roster: createRoster(people), before: createLastNotified(told), onFailure });
  return { clock, tell, sent, failures };
}

test('every central person is notified at once on every channel in their language, and no other person is', async () => {
  const { tell, sent, failures } = rig([technician, devi], async () => ({ result: 'delivered' }));
  await tell('disk_full', 'SQLITE_FULL');
  expect(sent.map(({ channel, person }) => `${channel} ${person}`)).toEqual(['console devi', 'email devi']);
  expect(sent[1]?.message).toMatchObject({ subject: 'सभी दफ़्तर: बहुत ज़रूरी: सर्वर की डिस्क भर गई है, सर्वर', severity: 'critical' });
  expect(sent[1]?.message.text).toContain('SQLITE_FULL');
  expect(failures).toEqual([]);
});

test('each server fault is notified at most once an hour, whatever the wall clock does', async () => {
  const { clock, tell, sent } = rig([], async () => ({ result: 'delivered' }));
  for (const reason of ['disk_full', 'disk_full', 'commit_failed'] as const) await tell(reason, 'x');
  expect(sent.length).toBe(2);
  clock.jump(7_200_000);
  await clock.pass(3_599_999);
  await tell('disk_full', 'x');
  expect(sent.length).toBe(2);
  await clock.pass(1);
  await tell('disk_full', 'x');
  expect(sent.length).toBe(3);
  expect(new Set(sent.map(({ message }) => message.key)).size).toBe(3);
});

test('a channel that refuses, throws or hangs is reported to the caller, stops no other, and ends within 10 s', async () => {
  const answers: (() => Promise<DeliveryOutcome>)[] = [
    async () => ({ result: 'refused', reason: '550' }),
    () => Promise.reject(new Error('bug')),
    () => new Promise(() => {}),
  ];
  for (const [answer, reason] of answers.map((one, i) => [one, ['550', 'the channel failed: bug', 'no answer in 10 s'][i]] as const)) {
    const { clock, tell, sent, failures } = rig([devi], answer);
    const told = tell('disk_full', 'x');
    await clock.pass(10_000);
    await told;
    expect(sent.map(({ channel }) => channel)).toEqual(['console', 'email']);
    expect(failures).toEqual([`email devi: ${reason}`]);
  }
});

test('a channel that fails is retried within the hour', async () => {
  const meera: Person = { ...devi, id: 'meera', name: 'Meera' };
  const outcomes: DeliveryOutcome[] = [{ result: 'retry', reason: 'away' }, { result: 'delivered' }, { result: 'refused', reason: '451' }];
  const { clock, tell, sent, failures } = rig([devi, meera], async () => outcomes.shift() ?? { result: 'delivered' });
  await tell('disk_full', 'x');
  const since = () => sent.slice(4).map(({ channel, person }) => `${channel} ${person}`);
  await clock.pass(59_999);
  await tell('disk_full', 'x');
  expect(since()).toEqual([]);
  await clock.pass(1);
  expect(since()).toEqual(['email devi']);
  await clock.pass(120_000);
  expect(since()).toEqual(['email devi', 'email devi']);
  expect(new Set(sent.filter(({ channel }) => channel === 'email').map(({ message }) => message.key)).size).toBe(2);
  await clock.pass(3_400_000);
  expect([since().length, failures]).toEqual([2, ['email devi: away', 'email devi: 451']]);
});

test('F5 across restarts a server fault is notified once an hour, and again at once if no one was reached', async () => {
  const outcomes: DeliveryOutcome[] = [{ result: 'refused', reason: '550' }, { result: 'delivered' }];
  const mail = async () => outcomes.shift() ?? ({ result: 'delivered' } as const);
  const told = async (afterMs: number, reason: 'disk_full' | 'commit_failed' = 'disk_full') => {
    const { clock, tell, sent } = rig([devi], mail, { console: false, told: folder });
    clock.jump(afterMs);
    await tell(reason, 'x');
    return sent.length;
  };
  expect([await told(0), await told(60_000), await told(120_000), await told(3_600_000)]).toEqual([1, 1, 0, 0]);
  expect([await told(130_000, 'commit_failed'), await told(3_660_000), await told(3_600_000)]).toEqual([1, 1, 1]);
  rmSync(folder, { recursive: true });
  expect([await told(0), await told(0)]).toEqual([1, 1]);
});
