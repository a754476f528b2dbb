import { createHmac } from 'node:crypto';
import { type Clock, fillIn, vocabularyIn } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { ChannelReply, DeliveryReport, HookCall, RenderedMessage } from '../../../engine/records/notices.ts';
import { renderList } from '../outbox.ts';
import { notice, technician, testClock } from '../people.test-helper.ts';
import { render } from '../words.ts';
import { addressProblem } from './channels.ts';
import { type ChannelRig, conformance, message } from './conformance.test-helper.ts';
import type { Fetch } from './kit/http.ts';
import { bodyOf, createWhatsapp, fitsWhole, type WhatsappOptions } from './whatsapp.ts';

const asha = { ...technician, addresses: { whatsapp: '+919419000001' } };
const secrets = { token: 'EAAG-4711', appSecret: 'app-secret-4711', verify: 'a-secret-of-the-address-4711' };
const settings = {
  number: '106540352242922',
  templates: { alert: 'sabha_alert', notice: 'sabha_notice' },
  api: 'https://graph.test/v23.0',
};

/** Recorded responses of Meta. */
const sent = (id = 'wamid.HBgM1') => ({
  messaging_product: 'whatsapp',
  contacts: [{ input: '919419000001', wa_id: '919419000001' }],
  messages: [{ id, message_status: 'accepted' }],
});
const refused = (code: number, text = 'it says no', status = 400) =>
  Response.json(
    {
      error: {
        message: `(#${code}) ${text}`,
        type: 'OAuthException',
        code,
        error_data: { messaging_product: 'whatsapp', details: text },
        fbtrace_id: 'A1',
      },
    },
    { status },
  );

function rig(say: Fetch = async () => Response.json(sent()), changes: Partial<WhatsappOptions> = {}) {
  const clock = testClock();
  const posts: { url: string; body: Record<string, unknown>; headers: Record<string, string> }[] = [];
  const fetch: Fetch = async (url, init) => {
    posts.push({ url: String(url), body: JSON.parse(String(init?.body)), headers: init?.headers as Record<string, string> });
    return say(url, init);
  };
  const channel = createWhatsapp({ settings, secrets, clock, fetch, ...changes });
  return { clock, posts, channel, send: (how = {}) => channel.send(message(how), asha, AbortSignal.timeout(1_000)) };
}

conformance(asha, ['busy', 'refuses', 'hangs', 'gone', 'locked', 'floods', 'lies'], async (trouble): Promise<ChannelRig> => {
  const never: Fetch = (_, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  const says: Partial<Record<NonNullable<typeof trouble>, Fetch>> = {
    busy: async () => refused(131_016, 'Service unavailable', 503),
    refuses: async () => refused(131_026, 'Message undeliverable'),
    hangs: never,
    gone: () => Promise.reject(new TypeError('fetch failed')),
    locked: async () => refused(190, 'Error validating access token: session has expired', 401),
    floods: async () => refused(130_429, 'Rate limit hit', 429),
    lies: async () => refused(132_001, 'Template name does not exist in the translation', 200),
  };
  let took = 0;
  const clock = trouble === 'floods' ? hurried() : testClock();
  const fetch: Fetch = async (...asked) => {
    const said = trouble && says[trouble];
    if (said !== undefined) return said(...asked);
    took += 1;
    return Response.json(sent());
  };
  const channel = createWhatsapp({ settings, secrets, clock, fetch });
  return { channel, accepts: true, carries: [], taken: () => Array.from({ length: took }, () => ({})), close: async () => {} };
});

/** A clock that advances 10 s at each reading. */
function hurried(): Clock {
  let up = 0;
  return {
    ...testClock(),
    up() {
      up += 10_000;
      return up;
    },
  };
}

test('a notification uses the template with buttons in the language of the person, and other messages use the one without buttons', async () => {
  const { posts, send, clock } = rig();
  expect(await send({ text: 'Leh: room\n\nSince 14:05.\n-- \nIncident 17\n', language: 'hi' })).toEqual({
    result: 'accepted',
    id: 'wamid.HBgM1',
  });
  expect(posts[0]).toMatchObject({
    url: 'https://graph.test/v23.0/106540352242922/messages',
    headers: { authorization: 'Bearer EAAG-4711' },
  });
  expect(posts[0]?.body).toMatchObject({ messaging_product: 'whatsapp', to: '919419000001', type: 'template' });
  const button = (index: number, payload: string) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: `${index}`,
    parameters: [{ type: 'payload', payload }],
  });
  expect(posts[0]?.body['template']).toEqual({
    name: 'sabha_alert',
    language: { code: 'hi' },
    components: [
      {
        type: 'body',
        parameters: ['Critical: Microphone not found', 'Leh: room · Since 14:05. · Incident 17'].map((text) => ({ type: 'text', text })),
      },
      button(0, 'seen:17'),
      button(1, 'going:17'),
      button(2, 'fixed:17'),
      button(3, 'not-mine:17'),
    ],
  });
  const next = send({ notice: notice({ kind: 'cleared' }) });
  await clock.pass(6_000);
  await next;
  expect(posts[1]?.body['template']).toMatchObject({ name: 'sabha_notice', components: [{ type: 'body' }] });
});

test('a template value is one line of limited length for any name', async () => {
  const { posts, send } = rig();
  await send({ subject: `a\t\n${'x'.repeat(5_000)}`, text: `b     c\r\n\u202e${'माइक '.repeat(2_000)}` });
  const values = JSON.stringify(posts[0]?.body['template']).match(/"text":"[^"]*"/g) ?? [];
  expect(values).toHaveLength(2);
  for (const one of values) expect(one).not.toMatch(/\\n|\\t| {4}|\u202e/);
  expect(values.join('').length).toBeLessThan(1_024);
});

test.for<[number, string]>([
  [130_429, 'retry'],
  [131_056, 'retry'],
  [131_048, 'retry'],
  [131_026, 'refused'],
  [132_001, 'refused'],
  [132_015, 'refused'],
  [190, 'locked'],
  [131_031, 'locked'],
  [200, 'locked'],
])('the WhatsApp channel maps the error code %d to the outcome %s, with a reason and without the token', async ([code, result]) => {
  const outcome = await rig(async () => refused(code, `no EAAG-4711`)).send();
  expect(outcome).toMatchObject({ result, reason: expect.stringContaining(`${code}`) });
  expect(JSON.stringify(outcome)).not.toContain('EAAG-4711');
  if (result === 'retry') expect(outcome).toMatchObject({ afterMs: 60_000 });
});

test('the WhatsApp channel sends one person a message every 6 s at most, and delays no other person', async () => {
  const { clock, posts, channel } = rig();
  const to = (whatsapp: string) => channel.send(message(), { ...asha, addresses: { whatsapp } }, new AbortController().signal);
  const all = [to('+919419000001'), to('+919419000001'), to('+919419000002')];
  await clock.pass(100);
  expect(posts.map(({ body }) => body['to'])).toEqual(['919419000001', '919419000002']);
  await clock.pass(5_900);
  expect(posts).toHaveLength(3);
  await Promise.all(all);
});

/** A channel with signed calls of Meta; records reports and answers. */
function meta(changes: Partial<WhatsappOptions> = {}) {
  const reports: DeliveryReport[] = [];
  const answers: ChannelReply[] = [];
  const one = rig(undefined, {
    reports: {
      take: async (report) => void reports.push(report),
      about: (_, id) => (id === 'wamid.ours' ? { person: 'asha', incident: 17 } : undefined),
    },
    async onAnswer(answer) {
      answers.push(answer);
      const isKnown = answer.person !== undefined || answer.addresses.some((address) => ['+919419000001', 'IN.134912'].includes(address));
      return isKnown ? { line: '✔ Asha: I am going', by: 'Asha' } : { line: 'Not in the roster' };
    },
    ...changes,
  });
  const call = (value: object, secret = secrets.appSecret): HookCall => {
    const said = {
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata: {}, ...value } }] }],
    };
    const body = Buffer.from(JSON.stringify(said));
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    return { method: 'POST', token: '', query: new URLSearchParams(), headers: { 'x-hub-signature-256': signature }, body };
  };
  return { ...one, reports, answers, call, hears: (value: object) => one.channel.receiveCall?.(call(value)) };
}
const status = (id: string, what: string, errors: object[] = []) => ({
  id,
  status: what,
  timestamp: '1772527000',
  recipient_id: '919419000001',
  errors,
});
const press = (payload: string, who: object) => ({
  id: 'wamid.theirs',
  timestamp: '1772527000',
  type: 'button',
  button: { payload, text: 'I am going' },
  ...who,
});

test('a report `delivered` or `read` counts as a delivery, and a failed message is refused with its reason', async () => {
  const { reports, hears } = meta();
  const undeliverable = {
    code: 131_026,
    title: 'Message undeliverable',
    message: 'Message undeliverable',
    error_data: { details: 'Unable to deliver.' },
  };
  await hears({
    statuses: [status('a', 'sent'), status('b', 'delivered'), status('c', 'read'), status('d', 'failed', [undeliverable]), { id: 7 }],
  });
  expect(reports).toEqual([
    { channel: 'whatsapp', id: 'b', outcome: { result: 'delivered' } },
    { channel: 'whatsapp', id: 'c', outcome: { result: 'delivered' } },
    { channel: 'whatsapp', id: 'd', outcome: { result: 'refused', reason: '131026 Message undeliverable Unable to deliver.' } },
  ]);
});

test('a call without a valid signature is rejected and changes nothing', async () => {
  const { channel, call, reports, answers } = meta();
  const value = { statuses: [status('b', 'delivered')], messages: [press('going:17', { from: '919419000001' })] };
  const right = call(value);
  const forged = [
    call(value, 'another'),
    { ...right, headers: {} },
    { ...right, headers: { 'x-hub-signature-256': 'sha256=' } },
    { ...right, body: Buffer.from(right.body.toString().replace('17', '18')) },
  ];
  for (const one of forged) expect(await channel.receiveCall?.(one)).toEqual({ status: 401 });
  expect([reports, answers]).toEqual([[], []]);
  expect(await channel.receiveCall?.(right)).toEqual({ status: 200 });
  for (const body of ['', '7', '{"entry":7}', '{"entry":[{"changes":[{"value":{"statuses":[null],"messages":[{}]}}]}]}']) {
    const signature = `sha256=${createHmac('sha256', secrets.appSecret).update(body).digest('hex')}`;
    expect(await channel.receiveCall?.({ ...right, headers: { 'x-hub-signature-256': signature }, body: Buffer.from(body) })).toEqual({
      status: 200,
    });
  }
});

test('a button press is matched by our message, otherwise by phone number, otherwise by user id', async () => {
  const { answers, posts, hears, clock } = meta();
  await hears({ messages: [press('going:17', { from: '919419000001', context: { id: 'wamid.ours' } })] });
  await hears({ messages: [press('seen:17', { from: '919419000001', context: { id: 'wamid.old' } })] });
  await hears({ messages: [press('fixed:17', { from_user_id: 'IN.134912' })] });
  await hears({ messages: [press('going:17', { from: '15550100', from_user_id: 'US.9' }), press('reboot:17', { from: '919419000001' })] });
  expect(answers).toEqual([
    { channel: 'whatsapp', addresses: [], person: 'asha', incident: 17, word: 'going' },
    { channel: 'whatsapp', addresses: ['+919419000001', '919419000001'], incident: 17, word: 'seen' },
    { channel: 'whatsapp-user', addresses: ['IN.134912'], incident: 17, word: 'fixed' },
    { channel: 'whatsapp', addresses: ['+15550100', '15550100'], incident: 17, word: 'going' },
    { channel: 'whatsapp-user', addresses: ['US.9'], incident: 17, word: 'going' },
  ]);
  await clock.pass(0);
  expect(posts.map(({ body }) => [body['to'], body['text']])).toEqual([
    ['919419000001', { body: '✔ Asha: I am going' }],
    ['919419000001', { body: '✔ Asha: I am going' }],
    ['15550100', { body: 'Not in the roster' }],
  ]);
});

test('the verification request succeeds only with our secret', async () => {
  const { channel } = rig();
  const ask = (token: string) =>
    channel.receiveCall?.({
      method: 'GET',
      token: '',
      query: new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': '1158201444' }),
      headers: {},
      body: Buffer.alloc(0),
    });
  expect(await ask(secrets.verify)).toEqual({ status: 200, text: '1158201444' });
  expect(await ask('x')).toEqual({ status: 401 });
});

test('a user id may be set in sabha.json if WhatsApp is set', () => {
  expect(addressProblem('whatsapp-user', { whatsapp: {} })).toBeUndefined();
  expect(addressProblem('whatsapp-user', {})).toBe('channels.whatsapp is not set');
});

/** The second value of the template. */
const valueIn = (message: RenderedMessage): string => {
  const { template } = bodyOf(message, '919876543210', settings.templates);
  return (template.components[0] as { parameters: { text: string }[] }).parameters[1]?.text ?? '';
};
const tap = `https://sabha.ladakh.example.in/t?${'x'.repeat(60)}`;

test('a list is cut at whole lines with their links, and the rest is counted', () => {
  for (const language of ['en', 'hi', 'mr'] as const) {
    const place = { en: 'District collectorate of a long name', hi: 'जिला कलेक्टर कार्यालय' };
    const twelve = Array.from({ length: 12 }, (_, n) => notice({ incident: n + 1, severity: 'major', site: place }));
    const late = twelve.map((one) => ({ notice: one, over: false }));
    const way = { linkOf: () => tap, fits: fitsWhole };
    for (const kind of ['night', 'late'] as const) {
      const list = renderList(late, language, { kind, ...way });
      const value = valueIn({ ...list, key: 'k', language, severity: 'major', notice: notice(), list: true });
      const shown = value.match(/• /g)?.length ?? 0;
      expect(shown).toBeGreaterThan(1);
      expect(value.split(tap)).toHaveLength(shown + 1);
      expect(value).toContain(fillIn(vocabularyIn(language).message.others, { n: 12 - shown }));
      expect(value).toMatch(/ · Sabha$/);
    }
  }
});

test('a long alert keeps its reply link, and the text before it is shortened', () => {
  const long = { site: { en: 'S'.repeat(80), hi: 'स'.repeat(80) }, wayIn: 'w'.repeat(80), spare: 'p'.repeat(80), phone: '01982 252010' };
  const before = Array.from({ length: 3 }, () => ({ at: 0, fault: 'microphone.missing', name: null }));
  const of = ['microphone.missing', 'camera.missing', 'speaker.missing', 'camera.held', 'microphone.muted'];
  const faults = of.map((fault) => ({ fault, device: '', name: 'Jabra Speak 510 '.repeat(4), reason: null, since: 0 }));
  for (const language of ['en', 'hi', 'mr'] as const) {
    const one = notice({ ...long, before, faults });
    const said = render(one, language, { link: tap });
    const value = valueIn({ ...said, key: 'k', language, severity: 'critical', notice: one, link: tap });
    expect(said.text).toContain(tap);
    expect(value).toContain(tap);
    expect(value.length).toBeLessThanOrEqual(800);
  }
});
