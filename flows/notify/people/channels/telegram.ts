/** Telegram by a bot of the organisation's own: to persons and groups, with buttons; a message that stands there can be changed. */

import { type Clock, loadText, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { Changed, Channel, ChannelKind, Outcome, RenderedMessage, TakeAnswer } from '../../../engine/records/notices.ts';
import { buttonsOf } from './kit/buttons.ts';
import type { Fetch } from './kit/http.ts';
import { createPace, type Pace } from './kit/pace.ts';
import { type Bot, call, callInTime, outcomeOf, pollAnswers } from './telegram-bot.ts';

const { about } = setting;
const telegramSettings = v.strictObject({
  tokenFile: about(v.pipe(v.string(), v.minLength(1)), 'The file that holds the token of the bot, as BotFather gave it.'),
  api: v.optional(about(setting.url, 'Where the Bot API is, for a server of your own.'), 'https://api.telegram.org'),
});

/** It reaches who has a number of a chat, of a person or a group, under `telegram`. */
export const byTelegram: ChannelKind<typeof telegramSettings> = {
  name: 'telegram',
  words: { en: 'Telegram', hi: 'टेलीग्राम' },
  settings: telegramSettings,
  open: ({ tokenFile, api }, { clock, onAnswer }) =>
    createTelegram({ token: loadText(tokenFile).trim(), api, clock, fetch: globalThis.fetch, onAnswer }),
};

/** What Telegram lets a bot send: 30 messages a second, one a second to a chat, 20 a minute to a group. */
const everyMs = Math.ceil(1_000 / 30);
const apartMs = { person: 1_000, group: 3_000 };
/** Longer than this nothing waits in a send: it is tried again later. */
const waitLimitMs = 20_000;
const textLimit = 4_096;
/** Strangers who are told their number at once: nobody else waits for more of them. */
const greetedAtMost = 32;

/** `onAnswer` absent: nobody asks for what is pressed, and messages have no buttons. */
export type TelegramOptions = {
  token: string;
  api: string;
  clock: Clock;
  fetch: Fetch;
  onAnswer?: TakeAnswer | undefined;
};

/** Guarantee: `delivered` only after Telegram's ok for this message; its limits are kept, and a wait that it asks for is waited. */
export function createTelegram({ token, api, clock, fetch, onAnswer }: TelegramOptions): Channel {
  const bot: Bot = { api, token, fetch };
  const pace = createPace(clock, everyMs);
  const ended = new AbortController();
  const later = { signal: ended.signal, isLater: true };
  const greeted = new Set<string>();

  /** A text with its buttons: an edit that names none takes them away, and one that wants no preview of the link says so too. */
  function bodyOf(text: string, of: Pick<RenderedMessage, 'notice' | 'list' | 'language'>) {
    return { text, link_preview_options: { is_disabled: true }, ...(onAnswer && keysOf(of)) };
  }

  function heed(chat: string, outcome: Outcome): void {
    if (outcome.result === 'retry' && outcome.afterMs !== undefined) pace.pause(chat, outcome.afterMs);
  }

  /** Sends a chat its own number, after the notifications that wait. Anybody may ask: only some of many get a reply. */
  async function greet(chat: string): Promise<void> {
    if (greeted.has(chat) || greeted.size >= greetedAtMost) return;
    greeted.add(chat);
    const isTurn = await pace.turn(chat, { ...later, apartMs: apartOf(chat) });
    const body = { chat_id: Number(chat), text: chat };
    if (isTurn) await callInTime({ ...bot, clock }, 'sendMessage', { body, signal: ended.signal });
    greeted.delete(chat);
  }

  if (onAnswer !== undefined) void pollAnswers({ bot, clock, signal: ended.signal, onAnswer, greets: (chat) => void greet(chat) });
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
      const isTurn = await pace.turn(chat, { signal: cut, isLater: true, apartMs: apartOf(chat) });
      if (!isTurn) return noTurn;
      const body = { chat_id: chat, message_id: Number(number), ...bodyOf(withLines(said()), { notice, language: person.language }) };
      const outcome = outcomeOf(await callInTime({ ...bot, clock }, 'editMessageText', { body, signal: cut }));
      heed(chat, outcome);
      return outcome;
    },
    close: () => ended.abort(),
  };
}

const noTurn: Outcome = { result: 'retry', reason: 'no turn in time' };

/** Nothing where it is this chat's turn, else why it is not. */
async function waitFor(pace: Pace, chat: string, signal: AbortSignal): Promise<Outcome | undefined> {
  const afterMs = pace.pausedMs(chat);
  if (afterMs > waitLimitMs) return { result: 'retry', reason: 'Telegram asked to wait', afterMs };
  return (await pace.turn(chat, { apartMs: apartOf(chat), signal })) ? undefined : noTurn;
}

function keysOf(message: Parameters<typeof buttonsOf>[0]) {
  const rows = buttonsOf(message).map((one) => [{ text: one.text, callback_data: one.data }]);
  return rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } };
}

/** The message with the lines below it, within what Telegram takes. */
function withLines({ text, lines }: ReturnType<Changed['said']>): string {
  const tail = lines.map((line) => `\n\n${line}`).join('');
  return `${text.trimEnd().slice(0, Math.max(0, textLimit - tail.length))}${tail}`.slice(0, textLimit);
}

/** Groups have numbers below nothing. */
function apartOf(chat: string): number {
  return chat.startsWith('-') ? apartMs.group : apartMs.person;
}

/** By the number that Telegram gave it, in its chat. */
function copyOf(chat: string, result: unknown): { copy?: string } {
  const number = (result as { message_id?: unknown } | undefined)?.message_id;
  return typeof number === 'number' ? { copy: `${chat}/${number}` } : {};
}
