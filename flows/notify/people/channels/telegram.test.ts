import { expect, onTestFinished, test } from 'vitest';
import type { Incident } from '../../../engine/records/incidents.ts';
import type { HandleReply, OutboxRow } from '../../../engine/records/notices.ts';
import { createCopies } from '../copies/copies.ts';
import { outboxOver } from '../outbox.test-helper.ts';
import { notice, row, technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { type ChannelRig, conformance, message } from './conformance.test-helper.ts';
import { createTelegram } from './telegram.ts';
import { answers, telegramBot } from './telegram-bot.test-helper.ts';

const token = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';
type ScriptOption = Parameters<typeof telegramBot>[1];

const group = { ...technician, id: 'group', language: 'hi' as const, addresses: { telegram: '-1001' } };

/** A channel to the simulated bot. It passes answers to their incident, and edits sent messages through their copies. */
function rig(say?: ScriptOption, onAnswer?: HandleReply, { sayEdit }: { sayEdit?: ScriptOption } = {}) {
  const clock = testClock();
  const bot = telegramBot(clock, say, sayEdit);
  const rows: OutboxRow[] = [];
  const answers: Record<number, NonNullable<Incident['answers']>> = {};
  const takes: HandleReply = async (answer) => {
    const answered = (await onAnswer?.(answer)) ?? { line: '' };
    const { incident: id, word } = answer;
    const { by } = answered;
    if (by === undefined) return answered;
    answers[id] = [...(answers[id] ?? []), { person: by, by, word, at: clock.now() + 1 }];
    copies.changed([{ id, over: null, answers: answers[id] } as Incident]);
    return answered;
  };
  const fetch = { api: 'https://api.telegram.test', clock, fetch: bot.fetch };
  const channel = createTelegram({ token, ...fetch, onAnswer: onAnswer && takes });
  const copies = createCopies({
    clock,
    channels: new Map([['telegram', { channel, reaches: () => true }]]),
    roster: createRoster([technician, group]),
    copies: async (id) => rows.filter((one) => one.notice.incident === id),
    onError: (error) => expect.unreachable(error.message),
  });
  onTestFinished(() => channel.close?.());
  async function send(changes = {}, person = technician) {
    const said = message({ language: person.language, ...changes });
    const outcome = await channel.send(said, person, new AbortController().signal);
    const id = outcome.result === 'delivered' ? outcome.copy : undefined;
    const about = { channel: 'telegram', person: person.id, notice: said.notice, key: `${rows.length}` };
    if (id !== undefined) rows.push(row({ ...about, copy: { id, text: said.text } }));
    return outcome;
  }
  return { clock, ...bot, channel, send };
}

conformance(technician, ['busy', 'refuses', 'hangs', 'gone', 'locked', 'floods', 'lies'], async (trouble): Promise<ChannelRig> => {
  const says: Partial<Record<NonNullable<typeof trouble>, ScriptOption>> = {
    busy: () => answers.gateway,
    refuses: () => answers.blocked,
    hangs: () => new Promise(() => {}),
    gone: () => Promise.reject(new TypeError('fetch failed')),
    locked: () => answers.badToken,
    floods: () => answers.flood(90),
    lies: () => answers.hiddenError,
  };
  const { channel, taken } = rig(trouble && says[trouble]);
  return { channel, carries: ['text'], copies: true, taken: () => taken.map(({ text }) => ({ text })), close: async () => {} };
});

test('a message to a group that became a supergroup is refused, and the reason names its new chat number', async () => {
  expect(await rig(() => answers.moved).send()).toEqual({ result: 'refused', reason: 'the group has another number now: -1001234' });
});

test('the Telegram channel never includes the token of the bot in a reason', async () => {
  const outcome = await rig(() => Promise.reject(new Error(`https://api.telegram.test/bot${token}/sendMessage is away`))).send();
  expect(outcome).toMatchObject({ result: 'retry' });
  expect(JSON.stringify(outcome)).not.toContain(token);
});

test('a person without a valid chat number is refused without a request', async () => {
  const { send, posts } = rig();
  for (const telegram of ['', '@asha', '1;2', '47 11']) {
    expect(await send({}, { ...technician, addresses: { telegram } })).toMatchObject({ result: 'refused' });
  }
  expect(posts).toEqual([]);
});

test('S14 markup in a name is sent as text, without a parse mode or a link preview', async () => {
  const { send, posts } = rig();
  await send({ text: '<b>*x*</b> [a](https://evil.test)\n' });
  expect(posts[0]?.body).toEqual({
    chat_id: '4711',
    text: '<b>*x*</b> [a](https://evil.test)\n',
    link_preview_options: { is_disabled: true },
  });
});

function outboxOf(say?: ScriptOption, persons = [technician]) {
  const { clock, channel, taken, floods } = rig(say);
  const telegram = { channel, reaches: () => true };
  return { ...outboxOver({ telegram }, { clock, roster: createRoster(persons) }), taken, floods };
}

test('700 alerts in a minute to 30 persons and a group keep all limits of Telegram and arrive once each', {
  tags: ['long'],
}, async () => {
  const persons = Array.from({ length: 30 }, (_, n) => ({
    ...technician,
    id: `p${n}`,
    addresses: { telegram: n === 0 ? '-100' : `${1_000 + n}` },
  }));
  const { clock, outbox, taken, floods, ledger } = outboxOf(undefined, persons);
  const rows = Array.from({ length: 700 }, (_, n) => {
    const severity = n % 7 === 6 ? ('critical' as const) : ('minor' as const);
    const about = notice({ incident: n + 1, severity, scope: `ladakh/leh/pc-${n}`, room: { en: `Room ${n}.`, hi: '' } });
    return row({ channel: 'telegram', transition: n, person: `p${n % 30}`, notice: about });
  });
  outbox.add(rows);
  await clock.pass(30 * 60_000);
  expect(floods).toEqual([]);
  expect(outbox.waiting()).toBe(0);
  expect([...ledger.values()].filter(({ state }) => state === 'delivered')).toHaveLength(700);
  const single = taken.filter(({ text }) => !text.startsWith('Late alerts'));
  expect(new Set(single.map(({ text }) => text)).size).toBe(single.length);
});

const pressed = (data: string, chat = 4711) => ({
  callback_query: { id: 'q1', from: { id: 4711, first_name: 'Asha' }, data, message: { chat: { id: chat }, message_id: 1 } },
});

test('a pressed button counts for its person, and every sent message of the incident shows the name in the language of its reader', async () => {
  const heard: unknown[] = [];
  const { clock, send, happen, posts } = rig(undefined, async (answer) => {
    heard.push(answer);
    return { by: 'Asha', line: 'noted' };
  });
  const both = [send(), send({ text: 'माइक\n' }, group)];
  await clock.pass(1_000);
  await Promise.all(both);
  happen(pressed('going:17'));
  await clock.pass(10_000);
  expect(heard).toEqual([{ channel: 'telegram', addresses: ['4711', '4711'], incident: 17, word: 'going' }]);
  const of = (method: string) => posts.filter((one) => one.method === method).map(({ body }) => body);
  expect(of('sendMessage')[0]).toMatchObject({
    reply_markup: { inline_keyboard: [[{ text: 'Seen', callback_data: 'seen:17' }], [{ callback_data: 'going:17' }], [{}], [{}]] },
  });
  expect(of('answerCallbackQuery')).toEqual([{ callback_query_id: 'q1', text: 'noted' }]);
  expect(of('editMessageText')).toMatchObject([
    { chat_id: '4711', message_id: 1, text: expect.stringMatching(/✔ Asha: I am going$/) },
    { chat_id: '-1001', message_id: 2, text: expect.stringMatching(/^माइक\n\n✔ Asha: मैं/) },
  ]);
  expect(of('getUpdates').at(-1)).toMatchObject({ offset: 2 });
});

test('a button press by an unknown person, with invalid data, or whose reply cannot be stored edits no message', async () => {
  const heard: string[] = [];
  const { clock, send, happen, posts } = rig(undefined, async ({ word }) => {
    heard.push(word);
    if (word === 'fixed') throw new Error('the ledger is away');
    return { line: 'Not in the roster' };
  });
  await send();
  for (const data of ['seen:17', 'fixed:17', 'going:0', 'reboot:17', 'going:17; DROP', '']) happen(pressed(data));
  happen({ message: 'nonsense' });
  await clock.pass(10_000);
  expect(heard).toEqual(['seen', 'fixed']);
  expect(posts.filter(({ method }) => method === 'answerCallbackQuery').map(({ body }) => body['text'])).toEqual([
    'Not in the roster',
    ...Array(5).fill('?'),
  ]);
  expect(posts.filter(({ method }) => method === 'editMessageText')).toEqual([]);
});

test('/start returns the chat number for the roster, and any other text gets no reply', async () => {
  const { clock, happen, posts } = rig(undefined, async () => ({ line: '' }));
  happen({ message: { chat: { id: 815 }, text: '/start' } });
  happen({ message: { chat: { id: 815 }, text: 'which rooms are broken?' } });
  await clock.pass(1_000);
  expect(posts.filter(({ method }) => method === 'sendMessage').map(({ body }) => body)).toEqual([{ chat_id: 815, text: '815' }]);
});

test('many button presses in one group, or a paused chat, delay no other chat', async () => {
  let isBusy = false;
  const { clock, channel, send, happen, posts } = rig(
    () => (isBusy ? answers.flood(600) : undefined),
    async () => ({ by: 'Asha', line: 'noted' }),
  );
  await Promise.all([send(), send({}, group), clock.pass(2_000)]);
  isBusy = true;
  expect(await send()).toMatchObject({ result: 'retry', afterMs: 600_000 });
  isBusy = false;
  for (let times = 0; times < 20; times += 1) for (const word of ['seen', 'going']) happen(pressed(`${word}:17`));
  happen(pressed('not-mine:17'));
  await clock.pass(1_000);
  const askedUp = clock.up();
  const other = channel.send(message({}), { ...technician, id: 'other', addresses: { telegram: '777' } }, new AbortController().signal);
  await clock.pass(1_000);
  expect(await other).toMatchObject({ result: 'delivered' });
  expect((posts.findLast(({ method }) => method === 'sendMessage')?.at ?? Number.NaN) - askedUp).toBeLessThan(200);
  await clock.pass(60_000);
  const edits = posts.filter(({ method }) => method === 'editMessageText');
  expect(edits.length).toBeLessThanOrEqual(3);
  expect(edits.at(-1)?.body['text']).toMatch(/✔ Asha: मेरा काम नहीं$/);
});

test('an edit that Telegram rejects is retried, and not before the wait that Telegram named', async () => {
  const said = [answers.flood(90), answers.gateway];
  const sayEdit: ScriptOption = () => said.shift();
  const { clock, send, happen, posts, floods } = rig(undefined, async () => ({ by: 'Asha', line: 'noted' }), { sayEdit });
  await send();
  happen(pressed('going:17'));
  await clock.pass(5_000);
  const edits = () => posts.filter(({ method }) => method === 'editMessageText');
  expect(edits()).toHaveLength(1);
  expect(await send()).toMatchObject({ result: 'retry', afterMs: expect.any(Number) });
  await clock.pass(300_000);
  expect(edits().map(({ body }) => body['text'])).toEqual(Array(3).fill(expect.stringMatching(/✔ Asha: I am going$/)));
  expect((edits()[1]?.at ?? 0) - (edits()[0]?.at ?? 0)).toBeGreaterThanOrEqual(90_000);
  expect(floods).toEqual([]);
});

test('a sent message is not edited after its person changed the chat, and an edit has no link preview', async () => {
  const { clock, channel, posts } = rig();
  const cut = new AbortController().signal;
  const copy = { id: '4711/5', notice: notice(), said: () => ({ text: 'one\nhttps://sabha.test/t?x\n', lines: ['✔ Bina: Seen'] }) };
  const moved = { ...technician, addresses: { telegram: '4712' } };
  expect(await channel.edit?.(copy, moved, cut)).toMatchObject({ result: 'refused' });
  expect(posts).toEqual([]);
  await Promise.all([channel.edit?.(copy, technician, cut), clock.pass(2_000)]);
  const text = 'one\nhttps://sabha.test/t?x\n\n✔ Bina: Seen';
  expect(posts[0]?.body).toEqual({ chat_id: '4711', message_id: 5, text, link_preview_options: { is_disabled: true } });
});

test('an empty or repeated poll response does not cause a busy loop, and a button press is handled once', async () => {
  const heard: string[] = [];
  const clock = testClock();
  let asked = 0;
  const result = [{ update_id: 1, ...pressed('seen:17') }];
  const fetch = async (url: unknown) => {
    const isPoll = String(url).endsWith('/getUpdates');
    if (isPoll) asked += 1;
    if (asked > 1_000) await new Promise(() => {});
    return new Response(JSON.stringify({ ok: true, result: isPoll ? result : true }));
  };
  const onAnswer: HandleReply = async ({ word }) => {
    heard.push(word);
    return { line: 'noted' };
  };
  const channel = createTelegram({ token, api: 'https://api.telegram.test', clock, fetch, onAnswer });
  onTestFinished(() => channel.close?.());
  await clock.pass(30_000);
  expect(heard).toEqual(['seen']);
  expect(asked).toBeLessThan(40);
});
