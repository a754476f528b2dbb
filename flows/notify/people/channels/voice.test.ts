import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '@sabha/contracts';
import * as v from 'valibot';
import { expect, onTestFinished, test } from 'vitest';
import type { ChannelReply, OpenChannel, OutboxRow, SendOutcome } from '../../../engine/records/notices.ts';
import { delivered, outboxOver } from '../outbox.test-helper.ts';
import { notice, row, technician, testClock } from '../people.test-helper.ts';
import { type ChannelRoute, channelsOf, createRoster, routeTo } from '../roster.ts';
import { channelSettings, openChannels } from './channels.ts';
import { type ChannelRig, conformance, message } from './conformance.test-helper.ts';
import type { Fetch } from './kit/http.ts';
import { createOffers } from './offered.ts';
import { createVoice, type VoiceOptions, voiceKind } from './voice.ts';
import { type AtPhone, voiceGateway } from './voice-gateway.test-helper.ts';

const asha = { ...technician, addresses: { voice: '+919419000001', telegram: '4711' }, channels: ['voice', 'telegram'] };
const token = 'a-secret-of-the-voice-4711';
const settings = {
  url: 'https://voice.test/call',
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer {secret}' },
  body: '{"to":"{to}","text":"{text}","language":"{language}"}',
  accepted: '"ok":true',
  denied: 'bad credentials',
  idInAnswer: 'call.sid',
  perSecond: 10,
  reports: {
    tokenFile: '',
    id: 'sid',
    status: 'status',
    delivered: ['completed'],
    failed: ['busy', 'no-answer', 'failed'],
    key: 'digits',
    caller: 'from',
  },
} as const satisfies VoiceOptions['settings'];
const open = (fetch: Fetch, changes: Partial<VoiceOptions> = {}) =>
  createVoice({ settings, secret: 'key-4711', token, clock: realClock(), fetch, ...changes });

conformance(asha, ['busy', 'refuses', 'hangs', 'gone', 'locked', 'floods', 'lies'], async (trouble): Promise<ChannelRig> => {
  const calls: unknown[] = [];
  const never: Fetch = (_, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  const says: Partial<Record<NonNullable<typeof trouble>, Fetch>> = {
    busy: async () => new Response('try later', { status: 503 }),
    refuses: async () => new Response('no such number', { status: 400 }),
    hangs: never,
    gone: () => Promise.reject(new TypeError('fetch failed')),
    locked: async () => Response.json({ ok: false, why: 'bad credentials' }),
    floods: async () => new Response('', { status: 429, headers: { 'retry-after': '90' } }),
    lies: async () => Response.json({ ok: false, why: 'no balance' }),
  };
  const takes: Fetch = async (_, init) => {
    calls.push(JSON.parse(String(init?.body)));
    return Response.json({ ok: true, call: { sid: 'c-1' } });
  };
  // A call is delivered when a key is pressed, not when it is dialled. The spoken text is tested below.
  return {
    channel: open((trouble && says[trouble]) ?? takes),
    accepts: true,
    carries: [],
    taken: () => calls.map(() => ({})),
    close: async () => {},
  };
});

/** 03:00 in Leh. */
const night = Date.UTC(2026, 2, 2, 21, 30);
const day = Date.UTC(2026, 2, 3, 6, 30);

/** An outbox with voice and Telegram; records answers and missed calls. */
function office({ at = () => 'unanswered', start = night }: { at?: (to: string) => AtPhone; start?: number } = {}) {
  const clock = testClock(start);
  const answers: ChannelReply[] = [];
  const missed: string[] = [];
  const gateway = voiceGateway(clock, token, at);
  const voice: ReturnType<typeof createVoice> = open(gateway.fetch, {
    clock,
    reports: {
      take: (report) => outbox.report(report),
      about(channel, id) {
        const found = outbox.accepted(channel, id);
        return found && { person: found.person, incident: found.notice.incident };
      },
    },
    onAnswer: async (answer) => {
      answers.push(answer);
      return { line: '', by: 'Asha' };
    },
    onMissedCall: async (_, number) => {
      missed.push(number);
      return 'taken';
    },
  });
  gateway.listen(voice);
  const { single = false, asked = false, newsOnly = false } = voiceKind;
  const carries = voiceKind.carries?.({ ...settings, rings: { from: '21:00', to: '07:00' } });
  const phone: OpenChannel = {
    channel: voice,
    reaches: ({ addresses }) => addresses['voice'] !== undefined,
    single,
    asked,
    newsOnly,
    carries,
  };
  const sends = { voice: phone, telegram: delivered };
  const { outbox, channels, over, ledger, sent }: ReturnType<typeof outboxOver> = outboxOver(sends, {
    clock,
    roster: createRoster([asha]),
  });
  const told = () => sent.map(({ channel }) => channel);
  const add = (changes: Partial<OutboxRow> = {}, way: ChannelRoute = routeTo(asha, 'own-order', channels)) => {
    const one = row({ ...way, createdAt: clock.now(), dueAt: clock.now(), ...changes });
    ledger.set(one.key, one);
    outbox.add([one]);
    return one.key;
  };
  return { clock, gateway, answers, missed, told, over, ledger, add, channels };
}

test('at night a critical alert is read aloud twice in the language of the person, and key 1 accepts it', async () => {
  const { clock, gateway, answers, told, ledger, add } = office({ at: () => 'going' });
  const key = add();
  await clock.pass(120_000);
  expect(gateway.calls).toMatchObject([{ to: '919419000001', language: 'en-IN' }]);
  const said = 'Leh, Conference room. Critical: Microphone not found: Jabra Speak 510. Since 3 Mar, 14:05. Press 1 if you are going.';
  expect(gateway.calls[0]?.text).toBe(`This is Sabha. ${said} Once more. ${said}`);
  expect(answers).toEqual([{ channel: 'voice', addresses: [], person: 'asha', incident: 17, word: 'going' }]);
  expect([ledger.get(key)?.state, told(), gateway.replies]).toEqual(['delivered', [], [200, 200]]);
});

test.for<[AtPhone, number]>([
  ['busy', 1_000],
  ['unanswered', 30_000],
  ['hung up', 30_000],
  ['stranger', 30_000],
])('the voice channel returns refused after a call that is %s, so that the next channel is used at once', async ([happens, afterMs]) => {
  const { clock, answers, told, ledger, add } = office({ at: () => happens });
  const key = add();
  await clock.pass(afterMs - 1);
  expect(told()).toEqual([]);
  await clock.pass(1);
  expect([answers, told(), ledger.get(key)?.state]).toEqual([[], ['telegram'], 'refused']);
});

test('two incidents cause two calls, and key 1 accepts the incident of its call', async () => {
  const { clock, answers, add } = office({ at: () => 'going' });
  add();
  add({ key: '2', transition: 2, notice: notice({ incident: 18, scope: 'ladakh/leh/pc-2' }) });
  await clock.pass(120_000);
  expect(answers.map(({ incident, word }) => `${incident} ${word}`)).toEqual(['17 going', '18 going']);
});

test('by day, and for alerts that are not critical or are over, the next channel is used instead of a call', async () => {
  const byDay = office({ start: day });
  byDay.add();
  await byDay.clock.pass(0);
  const byNight = office();
  byNight.add({ notice: notice({ severity: 'major' }) });
  byNight.add({ key: '2', transition: 2, notice: notice({ kind: 'cleared' }) });
  byNight.over.add(99);
  byNight.add({ key: '3', transition: 3, notice: notice({ incident: 99, scope: 'ladakh/leh/pc-9' }) });
  await byNight.clock.pass(0);
  expect([byDay.gateway.calls, byDay.told()]).toEqual([[], ['telegram']]);
  expect([byNight.gateway.calls, byNight.told()]).toEqual([[], ['telegram', 'telegram', 'telegram']]);
});

test('a person whose order does not name voice is never called, and neither is central for faults of the server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-voice-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, token);
  const { headers: _, ...rest } = settings;
  const set = v.parse(channelSettings, { voice: { ...rest, reports: { ...settings.reports, tokenFile } } });
  const around = { offers: createOffers(), log() {}, clock: testClock() };
  const channels = openChannels({ settings: set, ...around });
  const { channels: __, ...unasked } = asha;
  expect(routeTo(unasked, 'own-order', channels)).toEqual({ channel: 'console' });
  expect(routeTo(unasked, 'voice', channels)).toEqual({ channel: 'console' });
  expect(routeTo(asha, 'own-order', channels)).toEqual({ channel: 'voice', further: ['console'] });
  expect(channelsOf(asha, channels)).toEqual(['console']);
});

test('an early key press is rejected with 503; a missed call reports its number; a call without the secret is rejected', async () => {
  const { gateway, missed, answers } = office();
  await gateway.say({ sid: 'c-99', digits: '1' });
  await gateway.missed('09419000001');
  await gateway.say({ from: '1' }, 'missed=1');
  expect([gateway.replies, missed]).toEqual([
    [503, 200, 200],
    ['09419000001', '1'],
  ]);
  const silent = open(gateway.fetch, { token: 'another-secret-of-the-voice' });
  const body = Buffer.from('sid=c-1&digits=1');
  expect(await silent.receiveCall?.({ method: 'POST', token, query: new URLSearchParams('missed'), headers: {}, body })).toEqual({
    status: 401,
  });
  expect(answers).toEqual([]);
});

test('the spoken text is one line in each language, and a hostile name ends no field', async () => {
  const sent: { text: string; language: string }[] = [];
  const fetch: Fetch = async (_, init) => {
    sent.push(JSON.parse(String(init?.body)));
    return Response.json({ ok: true });
  };
  for (const language of ['en', 'hi', 'mr'] as const) {
    const about = notice({ room: { en: 'Room "1"}\n{text} </Say>', hi: 'कमरा' } });
    const outcome: SendOutcome = await open(fetch).send(message({ language, notice: about }), asha, AbortSignal.timeout(1_000));
    expect(outcome).toEqual({ result: 'accepted', id: '1/x/asha' });
  }
  expect(sent.map(({ language }) => language)).toEqual(['en-IN', 'hi-IN', 'mr-IN']);
  for (const { text } of sent) expect(text).toMatch(/^[^\n]*1[^\n]*$/);
  expect(sent[1]?.text).toMatch(/^यह सभा है.*1 दबाइए/);
});
