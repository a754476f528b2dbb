import { expect, test } from 'vitest';
import type { Channel, DeliveryOutcome, DeliveryReport, RenderedMessage } from '../../../engine/records/notices.ts';
import { technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { render } from '../words.ts';
import { createPendingTests, noticeRow, testChannel } from './direct.ts';

function rig(send: Channel['send']) {
  const clock = testClock();
  const sent: RenderedMessage[] = [];
  const channel: Channel = {
    send(message, ...rest) {
      sent.push(message);
      return send(message, ...rest);
    },
  };
  const channels = new Map([['email', { channel, reaches: ({ id }: { id: string }) => id !== 'bina' }]]);
  const roster = createRoster([technician, { ...technician, id: 'chand', language: 'hi' }]);
  const heard = createPendingTests(clock);
  const options = { clock, channels, roster, heard };
  const word = (id: string, lines: string[]) => noticeRow(options, id, lines);
  return { clock, sent, heard, prove: (id: string, name: string) => testChannel(options, id, name), word };
}
const delivered = async (): Promise<DeliveryOutcome> => ({ result: 'delivered' });

test("a test message says in the person's language that it is a test, asks for nothing and is not critical", async () => {
  const { prove, sent } = rig(delivered);
  expect(await prove('asha', 'email')).toEqual({ result: 'delivered' });
  expect(await prove('chand', 'email')).toEqual({ result: 'delivered' });
  expect(sent[0]).toMatchObject({ severity: 'info', language: 'en', subject: expect.stringContaining('Test message') });
  expect(sent[0]?.text).not.toContain('Critical');
  expect(sent[1]?.subject).toContain('टेस्ट');
  expect(new Set(sent.map(({ key }) => key)).size).toBe(2);
});

test('a channel test is sent once and returns the outcome of the channel', async () => {
  const { prove, sent } = rig(async () => ({ result: 'retry', reason: 'the server responded with status 503' }));
  expect(await prove('asha', 'email')).toEqual({ result: 'retry', reason: 'the server responded with status 503' });
  expect(sent).toHaveLength(1);
});

test('a channel test returns no proof if the channel throws or does not respond within 30 s', async () => {
  const { prove, clock } = rig(() => new Promise(() => {}));
  const asked = prove('asha', 'email');
  await clock.pass(31_000);
  expect(await asked).toEqual({ result: 'retry', reason: 'no answer in 30 s' });
  const broken = rig(() => Promise.reject(new Error('it broke')));
  expect(await broken.prove('asha', 'email')).toMatchObject({ result: 'retry' });
});

test('a channel test is not sent over a channel that does not reach the person', async () => {
  const { prove, sent } = rig(delivered);
  expect(await prove('bina', 'email')).toEqual({ result: 'refused', reason: 'the channel "email" does not reach bina' });
  expect(await prove('asha', 'pigeon')).toMatchObject({ result: 'refused' });
  expect(sent).toEqual([]);
});

test("a notice of the server goes over the person's first channel, or to the console, and is not critical", () => {
  const { word, clock } = rig(delivered);
  const now = clock.now();
  expect(word('asha', ['shift_taken', 'Bina'])).toMatchObject({
    key: `shift_taken/email/asha/${now}`,
    channel: 'email',
    dueAt: now,
    state: 'waiting',
  });
  expect(word('bina', ['shift_taken', 'Asha'])).toMatchObject({ channel: 'console' });
  const said = render(word('chand', ['shift_taken', 'Bina']).notice, 'hi');
  expect(said.subject).toContain('शिफ़्ट');
  expect(said.text).toContain('Bina');
});

const accepted: Channel['send'] = async () => ({ result: 'accepted', id: 'abc' });
const reportOf = (outcome: DeliveryReport['outcome'], id = 'abc'): DeliveryReport => ({ channel: 'email', id, outcome });

test('an accepted test returns the outcome of its delivery report within 90 s', async () => {
  const { prove, heard, clock } = rig(accepted);
  const asked = prove('asha', 'email');
  await clock.pass(60_000);
  expect(heard.about('email', 'abc')).toEqual({ person: 'asha', incident: null });
  expect(heard.take(reportOf({ result: 'delivered' }, 'another'))).toBe(false);
  expect(heard.take(reportOf({ result: 'delivered' }))).toBe(true);
  expect(await asked).toEqual({ result: 'delivered' });
  expect(heard.about('email', 'abc')).toBeUndefined();
  const again = rig(accepted);
  const refused = again.prove('asha', 'email');
  await again.clock.pass(1_000);
  again.heard.take(reportOf({ result: 'refused', reason: 'busy' }));
  expect(await refused).toEqual({ result: 'refused', reason: 'busy' });
});
