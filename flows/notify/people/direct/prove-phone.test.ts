/** Channel tests of the roster over channels with delivery reports: voice calls and WhatsApp. */
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Channel, DeliveryReports } from '../../../engine/records/notices.ts';
import type { Fetch } from '../channels/kit/http.ts';
import { createVoice, type VoiceOptions } from '../channels/voice.ts';
import { type AtPhone, voiceGateway } from '../channels/voice-gateway.test-helper.ts';
import { createWhatsapp } from '../channels/whatsapp.ts';
import { type TestClock, technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { createPendingTests, type PendingTests, testChannel } from './direct.ts';

const asha = { ...technician, addresses: { voice: '+919419000001', whatsapp: '+919419000001' } };
const token = 'a-secret-of-the-voice-4711';
const voiceSettings = {
  url: 'https://voice.test/call',
  method: 'POST',
  headers: {},
  body: '{"to":"{to}","text":"{text}","language":"{language}"}',
  accepted: '"ok":true',
  idInAnswer: 'call.sid',
  perSecond: 10,
  reports: { tokenFile: '', id: 'sid', status: 'status', delivered: ['completed'], failed: ['busy', 'no-answer'], key: 'digits' },
} as const satisfies VoiceOptions['settings'];

/** Runs a channel test and passes its report to the waiting test. */
function proving(name: string, open: (clock: TestClock, reports: DeliveryReports) => Channel) {
  const clock = testClock();
  const heard: PendingTests = createPendingTests(clock);
  const reports: DeliveryReports = { take: async (report) => void heard.take(report), about: heard.about };
  const channels = new Map([[name, { channel: open(clock, reports), reaches: () => true }]]);
  const options = { clock, channels, roster: createRoster([asha]), heard };
  return { clock, prove: (id: string, name: string) => testChannel(options, id, name) };
}

test.each<[AtPhone, object]>([
  ['hung up', { result: 'delivered' }],
  ['busy', { result: 'refused', reason: 'the gateway says busy' }],
  ['unanswered', { result: 'refused', reason: 'the gateway says no-answer' }],
])('a test call to a phone that is %s returns delivered only if the message played to its end', async (at, outcome) => {
  const { clock, prove } = proving('voice', (clock, reports) => {
    const gateway = voiceGateway(clock, token, () => at);
    const voice = createVoice({ settings: voiceSettings, secret: '', token, clock, fetch: gateway.fetch, reports });
    gateway.listen(voice);
    return voice;
  });
  const asked = prove('asha', 'voice');
  await clock.pass(45_000);
  expect(await asked).toEqual(outcome);
});

test.each([
  ['delivered', { result: 'delivered' }],
  ['failed', { result: 'refused', reason: expect.stringMatching(/\S/) }],
])('a channel test by WhatsApp returns the outcome that Meta reports: %s', async (status, outcome) => {
  const secrets = { token: 'EAAG-4711', appSecret: 'app-secret-4711', verify: '' };
  const settings = {
    number: '106540352242922',
    templates: { alert: 'sabha_alert', notice: 'sabha_notice' },
    api: 'https://graph.test/v23.0',
  };
  const fetch: Fetch = async () => Response.json({ messages: [{ id: 'wamid.1', message_status: 'accepted' }] });
  let channel: Channel | undefined;
  const { clock, prove } = proving('whatsapp', (clock, reports) => {
    channel = createWhatsapp({ settings, secrets, clock, fetch, reports });
    return channel;
  });
  const asked = prove('asha', 'whatsapp');
  await clock.pass(5_000);
  const statuses = [{ id: 'wamid.1', status, timestamp: '1', recipient_id: '919419000001', errors: [] }];
  const value = { messaging_product: 'whatsapp', metadata: {}, statuses };
  const body = Buffer.from(
    JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }),
  );
  const signature = `sha256=${createHmac('sha256', secrets.appSecret).update(body).digest('hex')}`;
  const call = { method: 'POST', token: '', query: new URLSearchParams(), headers: { 'x-hub-signature-256': signature }, body };
  expect(await channel?.receiveCall?.(call)).toEqual({ status: 200 });
  expect(await asked).toEqual(outcome);
});
