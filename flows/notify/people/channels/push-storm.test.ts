/** Many alerts at once, and the notifications that one phone shows. */
import { expect, onTestFinished, test } from 'vitest';
import type { RenderedMessage } from '../../../engine/records/notices.ts';
import { delivered, outboxOver } from '../outbox.test-helper.ts';
import { notice, row, testClock } from '../people.test-helper.ts';
import type { Fetch } from './kit/http.ts';
import { createPush } from './push.ts';
import { pushService } from './push-service.test-helper.ts';

const minuteMs = 60_000;

/**
 * A phone behind an outbox, with e-mail as the next channel. Records each message and its time. `isOff`: the phone never reports a
 * delivery.
 */
async function phone({ isOff = false } = {}) {
  const clock = testClock();
  const service = await pushService();
  onTestFinished(service.close);
  const device = service.device('phone');
  const devices = { secret: Buffer.alloc(32, 7), of: () => [device], gone() {} };
  const posted: Fetch = async () => new Response(null, { status: 201 });
  const channel = createPush({ contact: 'mailto:it@office.test', devices, now: Date.now, fetch: posted, clock });
  const shown: { at: number; message: RenderedMessage }[] = [];
  const send: typeof channel.send = async (message, ...rest) => {
    shown.push({ at: clock.up(), message });
    return isOff ? { result: 'accepted', id: message.key } : channel.send(message, ...rest);
  };
  const push = { channel: { ...channel, send }, reaches: () => true, joined: true };
  const { outbox, ledger, told } = outboxOver({ push, email: delivered }, { clock });
  const tell = (incident: number, severity: 'critical' | 'minor' = 'minor') => {
    const about = notice({ incident, severity, scope: `ladakh/leh/pc-${incident}`, room: { en: `Room ${incident}`, hi: '' } });
    const at = { createdAt: clock.now(), dueAt: clock.now() };
    outbox.add([row({ channel: 'push', transition: incident, further: ['email', 'console'], notice: about, ...at })]);
  };
  return { clock, outbox, ledger, shown, mails: () => told('email').map(({ message }) => message), tell };
}

test('700 alerts in a minute give at most 15 notifications a minute on one phone, within 20 s and over this channel only', async () => {
  const { clock, outbox, ledger, shown, tell } = await phone();
  for (let n = 1; n <= 700; n += 1) {
    tell(n, n % 7 === 0 ? 'critical' : 'minor');
    await clock.pass(86);
  }
  await clock.pass(20_000);
  expect(outbox.waiting()).toBe(0);
  for (const { at } of shown) expect(shown.filter((one) => one.at > at - 20_000 && one.at <= at).length).toBeLessThanOrEqual(5);
  expect(shown.length).toBeLessThanOrEqual(20);
  expect([...ledger.values()].every(({ state, channel }) => state === 'delivered' && channel === 'push')).toBe(true);
  expect(ledger.size).toBe(700);
  expect(shown.reduce((sum, { message }) => sum + (message.alerts?.open ?? 1), 0)).toBe(700);
});

test('in a storm the first push notifications come separately, the rest as one list, and a critical alert first', async () => {
  const { clock, shown, tell } = await phone();
  for (let n = 1; n <= 40; n += 1) tell(n, n === 40 ? 'critical' : 'minor');
  await clock.pass(1_000);
  expect(shown.map(({ message }) => message.list ?? false)).toEqual([false, false, false, false, true]);
  expect(shown.at(-1)?.message.subject).toBe('36 alerts at once');
  tell(41);
  await clock.pass(18_000);
  expect(shown).toHaveLength(5);
  await clock.pass(2_000);
  expect(shown.at(-1)?.message).toMatchObject({ subject: expect.stringContaining('Room 41') });
});

test('if the phone is off, alerts that shared one list share one mail', async () => {
  const { clock, outbox, ledger, shown, mails, tell } = await phone({ isOff: true });
  for (let n = 1; n <= 200; n += 1) tell(n);
  await clock.pass(1_000);
  expect(shown.map(({ message }) => message.alerts?.open ?? 1)).toEqual([1, 1, 1, 1, 196]);
  await clock.pass(5 * minuteMs + 20_000);
  expect(mails().map(({ alerts }) => alerts?.open ?? 1)).toEqual([200]);
  expect([...ledger.values()].filter(({ channel, state }) => channel === 'email' && state === 'delivered')).toHaveLength(200);
  await outbox.stop();
});
