/** Telegram through the organisation's own bot: to persons and groups, with buttons, and with messages that can be edited. */
import { type Clock, doubledMs, loadText, setting, withTimeout } from '@sabha/contracts';
import * as v from 'valibot';
import type { Channel, ChannelKind, DeliveryOutcome, HandleReply, MessageEdit, RenderedMessage } from '../../../engine/records/notices.ts';
import { type Fetch, parseJson, request } from './kit/http.ts';
import { createRateLimiter, type RateLimiter, waitUnlessAborted } from './kit/pace.ts';
import { buttonsOf, plainLine, readButton } from './kit/plain.ts';

const { about } = setting;
const telegramSettings = v.strictObject({
  tokenFile: about(v.pipe(v.string(), v.minLength(1)), 'The file that holds the token of the bot, as BotFather gave it.'),
  api: v.optional(about(setting.url, 'The address of the Bot API, for your own server.'), 'https://api.telegram.org'),
});

/** Reaches persons with the number of a chat, personal or group, under `telegram`. */
export const telegramKind: ChannelKind<typeof telegramSettings> = {
  name: 'telegram',
  words: { en: 'Telegram', hi: 'टेलीग्राम' },
  settings: telegramSettings,
  open: ({ tokenFile, api }, { clock, onAnswer }) =>
    createTelegram({ token: loadText(tokenFile).trim(), api, clock, fetch: globalThis.fetch, onAnswer }),
};

/** Rate limits of Telegram: 30 messages a second for a bot, one a second for a chat, 20 a minute for a group. */
const everyMs = Math.ceil(1_000 / 30);
const apartMs = { person: 1_000, group: 3_000 };
/** Longest wait for the rate limit within one send, ms. If more is needed, the outbox retries. */
const waitLimitMs = 20_000;
const textLimit = 4_096;
/** Limit of unknown chats that get their chat number at the same time. Further ones are ignored, so that notifications do not wait. */
const greetedAtMost = 32;

/** `onAnswer` absent: the bot does not poll, and messages have no buttons. */
export type TelegramOptions = {
  token: string;
  api: string;
  clock: Clock;
  fetch: Fetch;
  onAnswer?: HandleReply | undefined;
};

/**
 * Creates the Telegram channel.
 * Guarantee: `delivered` only after Telegram confirmed this message. Rate limits are kept, and waits that Telegram requests.
 */
export function createTelegram({ token, api, clock, fetch, onAnswer }: TelegramOptions): Channel {
  const bot: Bot = { api, token, fetch, clock };
  const pace = createRateLimiter(clock, everyMs);
  const ended = new AbortController();
  const later = { signal: ended.signal, isLater: true };
  const greeted = new Set<string>();

  /**
   * Returns the text with buttons and without a link preview. An edit must repeat both, otherwise Telegram removes the buttons and adds the
   * preview.
   */
  function bodyOf(text: string, of: Pick<RenderedMessage, 'notice' | 'list' | 'language'>) {
    const rows = onAnswer ? buttonsOf(of).map((one) => [{ text: one.text, callback_data: one.data }]) : [];
    return { text, link_preview_options: { is_disabled: true }, ...(rows.length > 0 && { reply_markup: { inline_keyboard: rows } }) };
  }

  function heed(chat: string, outcome: DeliveryOutcome): void {
    if (outcome.result === 'retry' && outcome.afterMs !== undefined) pace.pause(chat, outcome.afterMs);
  }

  /** Sends a chat its own number, with low priority. Any stranger may request that, so the count is limited. */
  async function sendChatNumber(chat: string): Promise<void> {
    if (greeted.has(chat) || greeted.size >= greetedAtMost) return;
    greeted.add(chat);
    const isTurn = await pace.waitForTurn(chat, { ...later, minIntervalMs: apartOf(chat) });
    const body = { chat_id: Number(chat), text: chat };
    if (isTurn) await callInTime(bot, 'sendMessage', { body, signal: ended.signal });
    greeted.delete(chat);
  }

  if (onAnswer !== undefined) void pollAnswers({ bot, signal: ended.signal, onAnswer, greets: (chat) => void sendChatNumber(chat) });
  return {
    async send(message, person, signal) {
      const chat = person.addresses['telegram'] ?? '';
      if (!/^-?\d{1,20}$/.test(chat)) return { result: 'refused', reason: `${person.id} has no number of a Telegram chat` };
      const early = await waitFor(pace, chat, signal);
      if (early !== undefined) return early;
      const body = { chat_id: chat, ...bodyOf(message.text.slice(0, textLimit), message) };
      const called = await call(bot, 'sendMessage', { body, signal });
      const outcome = outcomeOf(called);
      heed(chat, outcome);
      return called.ok ? { ...outcome, ...copyOf(chat, called.result) } : outcome;
    },
    async edit({ id, notice, said }, person, signal) {
      const [chat = '', number] = id.split('/');
      if (person.addresses['telegram'] !== chat) return { result: 'refused', reason: `${person.id} has another chat now` };
      const cut = AbortSignal.any([signal, ended.signal]);
      const isTurn = await pace.waitForTurn(chat, { signal: cut, isLowPriority: true, minIntervalMs: apartOf(chat) });
      if (!isTurn) return noTurn;
      const body = { chat_id: chat, message_id: Number(number), ...bodyOf(withLines(said()), { notice, language: person.language }) };
      const outcome = outcomeOf(await callInTime(bot, 'editMessageText', { body, signal: cut }));
      heed(chat, outcome);
      return outcome;
    },
    close: () => ended.abort(),
  };
}

const noTurn: DeliveryOutcome = { result: 'retry', reason: 'the rate limit left no time to send it' };

/** Waits until the rate limit permits a message to this chat. Returns undefined then, or the outcome if the wait is too long. */
async function waitFor(pace: RateLimiter, chat: string, signal: AbortSignal): Promise<DeliveryOutcome | undefined> {
  const afterMs = pace.pausedMs(chat);
  if (afterMs > waitLimitMs) return { result: 'retry', reason: 'Telegram asked to wait', afterMs };
  return (await pace.waitForTurn(chat, { minIntervalMs: apartOf(chat), signal })) ? undefined : noTurn;
}

/** Appends the lines to the text, within the length that Telegram accepts. */
function withLines({ text, lines }: ReturnType<MessageEdit['said']>): string {
  const tail = lines.map((line) => `\n\n${line}`).join('');
  return `${text.trimEnd().slice(0, Math.max(0, textLimit - tail.length))}${tail}`.slice(0, textLimit);
}

/** Returns the least time between two messages to a chat. Chats of groups, with negative numbers, have a lower rate limit. */
function apartOf(chat: string): number {
  return chat.startsWith('-') ? apartMs.group : apartMs.person;
}

/** Copy id: chat and message number. */
function copyOf(chat: string, result: unknown): { copy?: string } {
  const number = (result as { message_id?: unknown } | undefined)?.message_id;
  return typeof number === 'number' ? { copy: `${chat}/${number}` } : {};
}

/** Access data of the bot; `token` is secret. */
type Bot = { api: string; token: string; fetch: Fetch; clock: Clock };

const answer = v.looseObject({
  ok: v.boolean(),
  result: v.optional(v.unknown()),
  error_code: v.optional(v.number()),
  description: v.optional(v.string()),
  parameters: v.optional(v.looseObject({ retry_after: v.optional(v.number()), migrate_to_chat_id: v.optional(v.number()) })),
});

/** A response of Telegram. `code` 0: the response was invalid or missing. */
type BotApiResult = { ok: true; result: unknown } | { ok: false; code: number; reason: string; afterMs?: number; movedTo?: string };

/** Guarantee: never rejects, and no reason contains the token. */
async function call(bot: Bot, method: string, at: { body: object; signal: AbortSignal }): Promise<BotApiResult> {
  const headers = { 'content-type': 'application/json' };
  const said = await request(bot.fetch, `${bot.api}/bot${bot.token}/${method}`, {
    headers,
    body: JSON.stringify(at.body),
    signal: at.signal,
  });
  if (!said.ok) return { ok: false, code: 0, reason: said.reason.replaceAll(bot.token, '…') };
  const read = v.safeParse(answer, parseJson(said.text));
  if (!read.success)
    return { ok: false, code: said.status >= 300 ? said.status : 0, reason: `the response (${said.status}) is not from Telegram` };
  const { ok, result, error_code: code = said.status, description = '', parameters = {} } = read.output;
  if (ok) return { ok, result };
  const { retry_after: seconds, migrate_to_chat_id: movedTo } = parameters;
  return {
    ok,
    code,
    reason: plainLine(`${code} ${description}`).slice(0, 200),
    ...(seconds !== undefined && seconds > 0 && { afterMs: seconds * 1_000 }),
    ...(movedTo !== undefined && { movedTo: String(movedTo) }),
  };
}

/** Timeout of a call without another limit. */
const callLimitMs = 30_000;

/** Guarantee: ends in time, also if Telegram does not respond or responds byte by byte. */
function callInTime(bot: Bot, method: string, at: { body: object; signal: AbortSignal }) {
  const timeoutValue: BotApiResult = { ok: false, code: 0, reason: `no answer in ${callLimitMs / 1_000} s` };
  return withTimeout<BotApiResult>({ clock: bot.clock, limitMs: callLimitMs, timeoutValue, cut: at.signal }, (signal) =>
    call(bot, method, { ...at, signal }),
  );
}

/**
 * Returns the outcome of a response. 401 and 404 concern the token of the bot; 400 and 403 concern this chat permanently. Any other error
 * may pass.
 */
function outcomeOf(called: BotApiResult): DeliveryOutcome {
  if (called.ok) return { result: 'delivered' };
  const { code, reason, afterMs, movedTo } = called;
  if (code === 401 || code === 404) return { result: 'locked', reason };
  if (movedTo !== undefined) return { result: 'refused', reason: `the group has another number now: ${movedTo}` };
  if (code === 400 || code === 403) return { result: 'refused', reason };
  return { result: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
}

const id = v.number();
const update = v.looseObject({
  update_id: id,
  callback_query: v.optional(
    v.looseObject({
      id: v.string(),
      from: v.looseObject({ id }),
      data: v.optional(v.string(), ''),
      message: v.optional(v.looseObject({ chat: v.looseObject({ id }) })),
    }),
  ),
  message: v.optional(v.looseObject({ chat: v.looseObject({ id }), text: v.optional(v.string(), '') })),
});

/** Long polling: Telegram delays an empty response by this time. */
const longPollS = 50;
const pollLimitMs = 70_000;
/** Backoff of the polling after an invalid response, ms. After a refused token the wait is longest. */
const again = { firstMs: 1_000, maxMs: 60_000, lockedMs: 15 * 60_000 };
/** Longest text of a reply to a button press. */
const replyLimit = 200;

/** `greets`: called for each chat that asks for its number. */
type PollOptions = { bot: Bot; signal: AbortSignal; onAnswer: HandleReply; greets(chat: string): void };

/** Polls until the signal ends it. Guarantee: never rejects. An update is requested again until it was handled, and is handled once. */
async function pollAnswers(options: PollOptions): Promise<void> {
  const { bot, signal } = options;
  const { clock } = bot;
  let offset = 0;
  let failures = 0;
  while (!signal.aborted) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pollLimitMs)]);
    const body = { offset, timeout: longPollS, allowed_updates: ['callback_query', 'message'] };
    const askedUp = clock.up();
    const called = await call(bot, 'getUpdates', { body, signal: limit });
    const next = called.ok ? await takeAll(options, called.result, offset) : offset;
    // Waits if the response came at once without a new update; otherwise this would be a busy loop.
    const isIdle = next === offset && clock.up() - askedUp < again.firstMs;
    offset = next;
    failures = called.ok ? 0 : failures + 1;
    if (!called.ok || isIdle) await waitUnlessAborted(clock, called.ok ? again.firstMs : pauseMs(called, failures), signal);
  }
}

async function takeAll(options: PollOptions, result: unknown, offset: number): Promise<number> {
  let next = offset;
  for (const one of Array.isArray(result) ? result : []) {
    const read = v.safeParse(update, one);
    next = Math.max(next, numberOf(one) + 1);
    if (read.success && numberOf(one) >= offset) await take(options, read.output);
  }
  return next;
}

function pauseMs({ code, afterMs = 0 }: Extract<BotApiResult, { ok: false }>, failures: number): number {
  return code === 401 || code === 404 ? again.lockedMs : Math.max(doubledMs(failures - 1, again), afterMs);
}

function numberOf(one: unknown): number {
  const { update_id: number } = (one ?? {}) as { update_id?: unknown };
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : -1;
}

async function take(options: PollOptions, { callback_query: pressed, message }: v.InferOutput<typeof update>): Promise<void> {
  const { bot, signal, onAnswer, greets } = options;
  // The reply to /start is the chat number to enter in the roster.
  if (message?.text.startsWith('/start')) greets(String(message.chat.id));
  if (pressed === undefined) return;
  const button = readButton(pressed.data);
  const addresses = [pressed.from.id, ...(pressed.message === undefined ? [] : [pressed.message.chat.id])].map(String);
  const answered = button && (await onAnswer({ channel: 'telegram', addresses, ...button }).catch(() => undefined));
  const text = (answered?.line ?? '?').slice(0, replyLimit);
  await callInTime(bot, 'answerCallbackQuery', { body: { callback_query_id: pressed.id, text }, signal });
}
