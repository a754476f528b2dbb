/** An undelivered message goes to the next channel of the person. When the channel recovers, its backlog is one message. */
import { expect, test } from 'vitest';
import type { OutboxRow, SendOutcome } from '../../engine/records/notices.ts';
import { faultsAfter } from './delivery-queue.ts';
import { delivered, hangs, outboxOver as rig, type Send } from './outbox.test-helper.ts';
import { notice, row } from './people.test-helper.ts';

/** Returns a channel that accepts each message under a new id. */
const takes = (): Send => {
  let n = 0;
  return () => {
    n += 1;
    return { result: 'accepted', id: `g-${n}` };
  };
};
const locked: Send = () => ({ result: 'locked', reason: '535 wrong password' });

const room = (incident: number, changes: Partial<OutboxRow['notice']> = {}, further = ['telegram', 'console']) => {
  const scope = `ladakh/leh/pc-${incident}`;
  return row({ transition: incident, further, notice: notice({ incident, scope, room: { en: `Room ${incident}`, hi: '' }, ...changes }) });
};

test('F17 if a mail server hangs, a critical alert goes to the next channel after 1 min, others after 5 min, each once', async () => {
  const { clock, told, add } = rig({ email: hangs, telegram: delivered });
  add(room(1), room(2, { severity: 'minor' }));
  await clock.pass(59_999);
  expect(told('telegram')).toEqual([]);
  await clock.pass(1);
  expect(told('telegram').map(({ at, message }) => [at, message.key])).toEqual([[60_000, '1/email/asha/telegram']]);
  await clock.pass(3_600_000);
  expect(told('telegram').map(({ at, message }) => [at, message.key])).toEqual([
    [60_000, '1/email/asha/telegram'],
    [300_000, '2/email/asha/telegram'],
  ]);
  expect(told('console')).toEqual([]);
});

test('F17 alerts that become late at the same time go to the next channel as one message', async () => {
  const { clock, told, add, outbox, ledger } = rig({ email: hangs, telegram: delivered });
  for (let n = 1; n <= 40; n += 1) {
    add({ ...room(n), createdAt: clock.now() });
    await clock.pass(40);
  }
  await clock.pass(70_000);
  expect(told('telegram').map(({ at, message }) => [at, message.subject])).toEqual([[60_000, '40 alerts at once']]);
  expect([...ledger.values()].filter(({ channel, state }) => channel === 'telegram' && state === 'delivered')).toHaveLength(40);
  expect(outbox.waiting()).toBe(40);
});

test('F17 three late alerts go to the next channel one by one, each with its own buttons', async () => {
  const { clock, told, add } = rig({ email: hangs, telegram: delivered });
  add(room(1), room(2), room(3));
  await clock.pass(70_000);
  expect(told('telegram').map(({ message }) => [message.notice.incident, message.list])).toEqual([1, 2, 3].map((n) => [n, undefined]));
});

test('F17 accepted messages without a report go to the next channel as one message', async () => {
  const { clock, told, add } = rig({ sms: takes(), telegram: delivered });
  add(...[1, 2, 3, 4, 5].map((n) => bySms(n, ['telegram', 'console'])));
  await clock.pass(70_000);
  expect([told('sms').length, told('telegram').map(({ message }) => message.subject)]).toEqual([5, ['5 alerts at once']]);
});

test('F32 after a pause of the process the waiting responses are read first, so no message is sent twice', async () => {
  const mail = Promise.withResolvers<SendOutcome>();
  const { clock, told, add, outbox } = rig({
    email: () => mail.promise,
    sms: () => ({ result: 'accepted', id: 'g-1' }),
    telegram: delivered,
  });
  add(room(1), row({ channel: 'sms', further: ['telegram'], notice: notice({ scope: 'ladakh/leh/pc-2' }), transition: 2 }));
  await clock.pass(1_000);
  clock.stall(300_000);
  await clock.pass(0);
  mail.resolve({ result: 'delivered' });
  await outbox.report({ channel: 'sms', id: 'g-1', outcome: { result: 'delivered' } });
  await clock.pass(60_000);
  expect(['email', 'sms', 'telegram'].map((channel) => told(channel).length)).toEqual([1, 1, 0]);
  expect(outbox.waiting()).toBe(0);
});

test('F32 a message that has no response ten seconds after a pause of the process goes to the next channel', async () => {
  const { clock, told, add } = rig({ email: hangs, telegram: delivered });
  add(room(1));
  await clock.pass(1_000);
  clock.stall(300_000);
  await clock.pass(9_000);
  expect(told('telegram')).toEqual([]);
  await clock.pass(1_000);
  expect(told('telegram')).toHaveLength(1);
});

test('F17 when the channel recovers, one message lists all late alerts and marks those that are over', async () => {
  const answers = { email: hangs, telegram: delivered };
  const { clock, told, over, add, outbox, ledger } = rig(answers);
  add(...Array.from({ length: 40 }, (_, n) => room(n + 1)));
  await clock.pass(600_000);
  over.add(7);
  const before = told('email').length;
  answers.email = delivered;
  await clock.pass(20 * 60_000);
  const after = told('email').slice(before);
  expect(after.map(({ message }) => message.subject)).toEqual(['Late alerts: 40']);
  expect(after[0]?.message.text).toMatch(
    /^Late alerts: 40\nFor a while no message could be delivered here:\n• Leh, Room 1: Microphone not found\. Critical\n/,
  );
  expect(outbox.waiting()).toBe(0);
  expect(new Set([...ledger.values()].map(({ state }) => state))).toEqual(new Set(['delivered']));
});

test('the outbox sends late notices of the server separately, besides the list of late alerts', async () => {
  const answers = { email: hangs };
  const { clock, told, add } = rig(answers);
  const word = (n: number, changes: Partial<OutboxRow['notice']>) => {
    const about: typeof changes = { kind: 'direct', incident: null, faults: [], ...changes };
    return { ...room(n, about, ['console']), transition: null };
  };
  const announcement = { id: 1, by: 'Devi', text: 'The line is changed on Sunday' };
  add(
    room(1, {}, ['console']),
    room(2, {}, ['console']),
    word(3, { lines: ['announcement'], announcement }),
    word(4, { lines: ['disk_full'] }),
  );
  await clock.pass(600_000);
  const before = told('email').length;
  answers.email = delivered;
  await clock.pass(20 * 60_000);
  const after = told('email')
    .slice(before)
    .map(({ message }) => message);
  expect(after).toHaveLength(3);
  expect(after.find(({ list }) => list)?.subject).toBe('Late alerts: 2');
  expect(after.map(({ text }) => text).join('')).toMatch(/The line is changed on Sunday[\s\S]*The disk of the server is full/);
});

test('a channel without lists gets each late message separately, and the messages of ended incidents say that they are over', async () => {
  const answers = { tickets: hangs };
  const { clock, told, over, add } = rig(answers);
  const rows = [1, 2, 3].map((n) => ({ ...room(n, {}, ['console']), key: `${n}/tickets/asha`, channel: 'tickets' }));
  add(...rows);
  await clock.pass(600_000);
  over.add(2);
  const before = told('tickets').length;
  answers.tickets = delivered;
  await clock.pass(20 * 60_000);
  const after = told('tickets').slice(before);
  expect(after.map(({ message }) => [message.notice.incident, message.over]).sort()).toEqual([
    [1, undefined],
    [2, true],
    [3, undefined],
  ]);
});

/** A row for a person with SMS first, then these channels. */
const bySms = (n: number, further: string[], changes = {}) => ({ ...room(n, changes, further), key: `${n}/sms/asha`, channel: 'sms' });

test('after an outage a gateway sends only messages that no other channel delivered', async () => {
  const answers = { sms: hangs, telegram: delivered };
  const { clock, told, add, ledger, outbox } = rig(answers);
  add(...Array.from({ length: 12 }, (_, n) => bySms(n + 1, ['telegram', 'console'])), bySms(99, ['console']));
  await clock.pass(3_600_000);
  expect(told('telegram')).toHaveLength(1);
  const before = told('sms').length;
  answers.sms = delivered;
  await clock.pass(30 * 60_000);
  const after = told('sms').slice(before);
  expect(after.map(({ message }) => message.notice.incident)).toEqual([99]);
  expect(outbox.waiting()).toBe(0);
  expect(ledger.get('7/sms/asha')).toMatchObject({ state: 'refused', lastError: 'it is no longer news' });
});

test('a single late alert names the delay, also after a restart', async () => {
  const answers = { email: hangs };
  const first = rig(answers);
  first.add(room(1, {}, ['console']));
  await first.clock.pass(2 * 3_600_000);
  const waiting = [...first.ledger.values()].filter(({ state }) => state === 'waiting');
  answers.email = delivered;
  const second = rig(answers, { clock: first.clock });
  second.outbox.add(waiting);
  await first.clock.pass(20 * 60_000);
  for (const { told } of [first, second]) {
    const message = told('email').at(-1)?.message;
    expect(message?.subject).toBe('Leh: Late message, Critical: Microphone not found, Room 1');
    expect(message?.text).toMatch(/\nLate message, Critical: Microphone not found: /);
  }
});

test('the morning digest goes to a channel that can show a list, not to SMS', async () => {
  const { clock, told, add } = rig({ sms: delivered, email: delivered });
  add(...[1, 2, 3, 4, 5].map((n) => bySms(n, ['email', 'console'], { digest: true })));
  await clock.pass(1_000);
  expect([told('sms').length, told('email').map(({ message }) => message.subject)]).toEqual([0, ['5 alerts of the night']]);
});

test('if an incident starts and ends during an outage of the channel, only the end is sent', async () => {
  const answers = { email: hangs };
  const { clock, told, over, add } = rig(answers);
  add(room(1, {}, ['console']));
  await clock.pass(120_000);
  add({ ...room(1, { kind: 'cleared', at: clock.now() }, ['console']), key: '2/email/asha', transition: 2, createdAt: clock.now() });
  over.add(1);
  await clock.pass(120_000);
  const before = told('email').length;
  answers.email = delivered;
  await clock.pass(20 * 60_000);
  expect(
    told('email')
      .slice(before)
      .map(({ message }) => message.subject),
  ).toEqual(['Leh: Cleared: Microphone not found, Room 1']);
});

test('a wrong password of a channel raises one fault, moves all its messages at once, and is retried after 15 min', async () => {
  const answers = { email: locked, telegram: delivered };
  const { clock, told, outcomes, add, ledger } = rig(answers);
  add(...Array.from({ length: 30 }, (_, n) => room(n + 1)));
  await clock.pass(10_000);
  expect(told('email')).toHaveLength(1);
  expect(told('telegram').map(({ message }) => message.list)).toEqual([undefined, true]);
  expect(ledger.get('9/email/asha')).toMatchObject({ state: 'refused', lastError: '535 wrong password' });
  const [first] = outcomes;
  expect(first && faultsAfter(first.row, first.outcome)).toEqual([
    { fault: 'centre.channel_login', device: 'email', standing: true, reason: '535 wrong password' },
  ]);
  answers.email = delivered;
  await clock.pass(15 * 60_000);
  add({ ...room(99), createdAt: clock.now() });
  await clock.pass(1_000);
  expect(told('email')).toHaveLength(2);
  const last = outcomes.at(-1);
  expect(last && faultsAfter(last.row, last.outcome)).toContainEqual({ fault: 'centre.channel_login', device: 'email', standing: false });
});

test('rejected push credentials of one person affect only that person, who is notified over the other channels', async () => {
  const answers = { push: locked, email: delivered };
  const { clock, told, outcomes, add } = rig(answers);
  const of = (person: string, n: number): OutboxRow => ({
    ...room(n, {}, ['email', 'console']),
    key: `${n}/push/${person}`,
    channel: 'push',
    person,
  });
  add(of('asha', 1));
  await clock.pass(1_000);
  const [first] = outcomes;
  expect(first && faultsAfter(first.row, first.outcome, true)).toMatchObject([{ device: 'push to asha', standing: true }]);
  answers.push = delivered;
  add(of('asha', 2), of('ravi', 3));
  await clock.pass(1_000);
  expect(told('push').map(({ message }) => message.key)).toEqual(['1/push/asha', '3/push/ravi']);
  expect(told('email').map(({ message }) => message.key)).toEqual(['1/push/asha/email', '2/push/asha/email']);
});

test('a refused message goes to each further channel in order, and finally to the console', async () => {
  const no: Send = () => ({ result: 'refused', reason: 'no such person' });
  const { clock, told, add } = rig({ email: no, telegram: no, sms: no });
  add(room(1, {}, ['telegram', 'sms', 'console']));
  await clock.pass(5_000);
  expect(told('console').map(({ message }) => message.key)).toEqual(['1/email/asha/telegram/sms/console']);
});

test('R26 a message that moved to the next channel before a crash does not move again after the restart', async () => {
  const first = rig({ email: hangs, telegram: hangs });
  first.add(room(1));
  await first.clock.pass(61_000);
  const waiting = [...first.ledger.values()].filter(({ state }) => state === 'waiting');
  expect(waiting.map(({ key }) => key)).toEqual(['1/email/asha', '1/email/asha/telegram']);
  const second = rig({ email: hangs, telegram: delivered }, { ledger: first.ledger, clock: first.clock });
  second.outbox.add(waiting);
  await second.clock.pass(3_600_000);
  expect(second.told('telegram')).toHaveLength(1);
  expect(second.told('console')).toEqual([]);
});

test('after a start a waiting message stays on its channel for 10 s, whatever its age', async () => {
  const { clock, told, add } = rig({ email: hangs, telegram: delivered });
  await clock.pass(3_600_000);
  add(room(1));
  await clock.pass(9_999);
  expect(told('telegram')).toEqual([]);
  await clock.pass(1);
  expect(told('telegram')).toHaveLength(1);
});
