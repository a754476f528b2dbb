import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { DeliveryReport, HookCall, RenderedMessage } from '../../../engine/records/notices.ts';
import { notice, technician } from '../people.test-helper.ts';
import { scrubber } from '../sms/scrubber.test-helper.ts';
import { smsOf, templatesWith } from '../sms/sms.ts';
import { type ChannelRig, conformance, message } from './conformance.test-helper.ts';
import type { Fetch } from './kit/http.ts';
import { createSms, readRegistered, type SmsChannelOptions, type SmsGatewaySettings } from './sms-gateway.ts';

const asha = { ...technician, addresses: { sms: '+919419000001' } };
const secret = 'authkey-4711';
const settings = {
  url: 'https://gateway.test/send?route=4',
  method: 'POST',
  headers: { 'content-type': 'application/json', authkey: '{secret}' },
  body: '{"to":"{to}","text":"{text}","template":"{template}"}',
  accepted: '"type":"success"',
  denied: 'authentication',
  form: 'fixed',
  perSecond: 10,
} as const satisfies Partial<SmsGatewaySettings>;
const templates = templatesWith(true);
const dltOf = (at: number) => `${1_107_160_000_000_000_000n + BigInt(at)}`;
const registered = new Map(templates.map(({ id }, at) => [id, dltOf(at)]));
const link = 'https://sabha.test/?#/incident/17';

const channel = (fetch: Fetch, changes: Partial<SmsChannelOptions> = {}) =>
  createSms({ settings, secret, registered, clock: realClock(), fetch, ...changes });
const listed = (link: boolean) => new Map(templatesWith(link).map((one, at) => [dltOf(at), one]));
const strict = (addresses = ['https://sabha.test/?'], link = true) => scrubber({ templates: listed(link), addresses });
const send = (fetch: Fetch, changes: Partial<RenderedMessage> = {}, options = {}) =>
  channel(fetch, options).send(message({ link, ...changes }), asha, AbortSignal.timeout(1_000));

conformance(asha, ['busy', 'refuses', 'hangs', 'gone', 'locked', 'floods', 'lies'], async (trouble): Promise<ChannelRig> => {
  const never: Fetch = (_, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  const says: Partial<Record<NonNullable<typeof trouble>, Fetch>> = {
    busy: async () => new Response('try later', { status: 503 }),
    refuses: async () => new Response('wrong number', { status: 400 }),
    hangs: never,
    gone: () => Promise.reject(new TypeError('fetch failed')),
    locked: async () => Response.json({ type: 'error', message: 'authentication failure' }),
    floods: async () => new Response('', { status: 429, headers: { 'retry-after': '90' } }),
    lies: async () => Response.json({ type: 'error', message: '302 balance is over' }),
  };
  // A message of the suite has no link, so only texts without a link are registered.
  const { fetch, passed } = strict([], false);
  const said = (trouble && says[trouble]) ?? fetch;
  // The channel sends the registered text instead of key and subject; the simulated filter checks it.
  return { channel: channel(said), carries: [], taken: () => passed.map(() => ({})), close: async () => {} };
});

test('every kind of notification in every language passes the operator filter with its link, in the form `fixed`', async () => {
  const { fetch, passed } = strict();
  const hostile = { en: 'Room "1"} {x}\\n', hi: 'कमरा' };
  for (const language of ['en', 'hi', 'mr'] as const) {
    for (const kind of ['raised', 'cleared', 'eased', 'closed'] as const) {
      expect(await send(fetch, { language, notice: notice({ kind, room: hostile }) })).toEqual({ result: 'delivered' });
    }
  }
  expect(passed).toHaveLength(12);
  expect(passed.every(({ to }) => to === '919419000001')).toBe(true);
});

test('the text for several alerts passes the filter in every language and form, and counts open and ended alerts', async () => {
  const { fetch, passed } = strict();
  const several = { list: true, alerts: { open: 12, over: 3 }, link: undefined } as object;
  for (const language of ['en', 'hi', 'mr'] as const)
    for (const form of ['fixed', 'open'] as const)
      expect(await send(fetch, { ...several, language }, { settings: { ...settings, form } })).toEqual({ result: 'delivered' });
  expect(passed.every(({ text }) => /\b12\b.*\b3\b/.test(text))).toBe(true);
  expect(channel(fetch).lists?.('hi')).toBe(true);
  expect(channel(fetch, { registered: new Map() }).lists?.('hi')).toBe(false);
});

test('an alert that ended before the SMS is sent uses the text for an end', async () => {
  const { fetch, passed } = strict();
  expect(await send(fetch, { over: true })).toEqual({ result: 'delivered' });
  expect(passed[0]?.template).toBe(registered.get('well.en.fixed'));
});

test('a text without an operator id is not sent', async () => {
  const { fetch, passed } = strict();
  expect(await send(fetch, {}, { registered: new Map() })).toEqual({
    result: 'refused',
    reason: 'the text news.microphone.missing.en.fixed has no id in the file of the templates',
  });
  expect(passed).toEqual([]);
});

test('a value cannot end a field of a form, a URL or JSON', async () => {
  const hostile = { en: 'a&to=1"?#\\n', hi: '' };
  const seen: { url: string; body: string }[] = [];
  const fetch: Fetch = async (url, init) => {
    seen.push({ url: String(url), body: String(init?.body) });
    return new Response('ok');
  };
  const text = smsOf(notice({ room: hostile }), { language: 'en', form: 'fixed', link }).text;
  expect(text).toContain('a&to=1"?#');
  const form = { ...settings, headers: {}, url: 'https://g.test/?m={text}', body: 'to={to}&m={text}', accepted: 'ok' };
  expect(await send(fetch, { notice: notice({ room: hostile }) }, { settings: form })).toEqual({ result: 'delivered' });
  expect(await send(fetch, { notice: notice({ room: hostile }) }, { settings: { ...settings, accepted: 'ok' } })).toEqual({
    result: 'delivered',
  });
  expect(new URL(seen[0]?.url ?? '').searchParams.get('m')).toBe(text);
  expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({ to: '919419000001', m: text });
  expect(JSON.parse(seen[1]?.body ?? '')).toMatchObject({ text });
});

test('the secret is in no reason, whatever the gateway returns', async () => {
  const outcome = await send(async () => new Response(`wrong key ${secret}`, { status: 400 }));
  expect(JSON.stringify(outcome)).not.toContain(secret);
});

test('a person without a valid number is refused', async () => {
  const { fetch } = strict();
  for (const sms of ['', '12', '+91 94190', '919419000001;rm', '0'.repeat(12)]) {
    const outcome = await channel(fetch).send(message(), { ...asha, addresses: { sms } }, AbortSignal.timeout(100));
    expect(outcome).toMatchObject({ result: 'refused', reason: 'asha has no phone number' });
  }
});

test('the file of operator ids is read as a whole, or one line names the fault', () => {
  expect(readRegistered('\ufeffid,dlt,note\r\nnews.x.en.fixed,1107160000000000001,ok\r\n', 'dlt.csv')).toEqual(
    new Map([['news.x.en.fixed', '1107160000000000001']]),
  );
  expect(() => readRegistered('id,dlt\nnews.x,1.107E+18\n', 'dlt.csv')).toThrow('dlt.csv: line 2: id and dlt (10 to 25 digits) are needed');
});

const token = 'a-secret-of-the-gateway-4711';
const reading = { tokenFile: '', token, id: 'requestId', status: 'status', delivered: ['1', 'DELIVRD'], failed: ['2', 'UNDELIV'] };
/** A gateway with delivery reports; records those that the channel accepts. */
function reporting(how: object = {}) {
  const taken: DeliveryReport[] = [];
  const takes = { take: async (report: DeliveryReport) => void taken.push(report) };
  const answer: Fetch = async () => Response.json({ type: 'success', data: [{ id: 'g-77' }] });
  const open = channel(answer, { settings: { ...settings, idInAnswer: 'data.0.id' }, reportHook: { ...reading, takes, ...how } });
  const call = (changes: Partial<HookCall>): HookCall => ({
    method: 'POST',
    token,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(''),
    ...changes,
  });
  return { open, taken, hears: (changes: Partial<HookCall>) => open.receiveCall?.(call(changes)) };
}

test('with reports a message is accepted under the id of the gateway, or under our key if there is none', async () => {
  const { open } = reporting();
  expect(await open.send(message({ link }), asha, AbortSignal.timeout(1_000))).toEqual({ result: 'accepted', id: 'g-77' });
  const takes = { take: async () => {} };
  const plain = channel(strict().fetch, { reportHook: { ...reading, takes } });
  expect(await plain.send(message({ link }), asha, AbortSignal.timeout(1_000))).toEqual({ result: 'accepted', id: '1/x/asha' });
});

test('a report is read from a URL, a form, JSON, or a JSON list inside a form', async () => {
  const json = { 'content-type': 'application/json' };
  const { taken, hears } = reporting();
  await hears({ method: 'GET', query: new URLSearchParams('requestId=g-1&status=DELIVRD') });
  await hears({ body: Buffer.from('requestId=g-2&status=UNDELIV') });
  await hears({ headers: json, body: Buffer.from('{"requestId":"g-3","status":2}') });
  await hears({ headers: json, body: Buffer.from('{"requestId":"g-4","status":"SUBMITTED"}') });
  expect(taken).toEqual([
    { channel: 'sms', id: 'g-1', outcome: { result: 'delivered' } },
    { channel: 'sms', id: 'g-2', outcome: { result: 'refused', reason: 'the gateway says UNDELIV' } },
    { channel: 'sms', id: 'g-3', outcome: { result: 'refused', reason: 'the gateway says 2' } },
  ]);
  const many = reporting({ list: 'data', status: 'report.0.status' });
  const data = JSON.stringify([
    { requestId: 'g-5', report: [{ status: '1' }] },
    { requestId: 'g-6', report: [] },
    { requestId: 'g-7', report: [{ status: '2' }] },
  ]);
  await many.hears({ body: Buffer.from(new URLSearchParams({ data }).toString()) });
  expect(many.taken.map(({ id, outcome }) => `${id} ${outcome.result}`)).toEqual(['g-5 delivered', 'g-7 refused']);
});

test('a call without the secret is rejected, and an invalid report is ignored', async () => {
  const { taken, hears } = reporting({ list: '.' });
  const body = Buffer.from('[{"requestId":"g-1","status":"1"}]');
  const headers = { 'content-type': 'application/json' };
  for (const wrong of ['', 'x', `${token}x`, token.slice(0, -1), token.toUpperCase()])
    expect(await hears({ token: wrong, headers, body })).toEqual({ status: 401 });
  for (const none of ['', '{', 'null', '7', '[7,null,"x",{}]', '{"__proto__":{"requestId":"g"}}'])
    expect(await hears({ headers, body: Buffer.from(none) })).toEqual({ status: 200 });
  expect(taken).toEqual([]);
  expect(await hears({ headers, body })).toEqual({ status: 200 });
  expect(taken).toHaveLength(1);
});
