/** Telegram by a bot of the organisation's own: to persons and groups, with buttons; a message that somebody took says so. */
import * as v from 'valibot';
import { type AnswerWord, type Clock, loadText, type MessageLanguage, setting } from '#contracts';
import type { Channel, ChannelKind, Outcome, RenderedMessage, TakeAnswer, TakeWord } from '../../records/notices.ts';
import { answerLine, buttonsOf } from './kit/buttons.ts';
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
  open: ({ tokenFile, api }, { clock, onAnswer, onWord }) =>
    createTelegram({ token: loadText(tokenFile).trim(), api, clock, fetch: globalThis.fetch, onAnswer, onWord }),
};

/** What Telegram lets a bot send: 30 messages a second, one a second to a chat, 20 a minute to a group. */
const everyMs = Math.ceil(1_000 / 30);
const apartMs = { person: 1_000, group: 3_000 };
/** Longer than this nothing waits in a send: it is tried again later. */
const waitLimitMs = 20_000;
const textLimit = 4_096;
/** So many of the last answers stand under a message. */
const linesAtMost = 8;
/** Strangers who are told their number at once: nobody else waits for more of them. */
const greetedAtMost = 32;
/** Of so many messages we know yet where they stand. */
const rememberedAtMost = 2_000;

/** `onAnswer` absent: nobody asks for what is pressed, and messages have no buttons. */
export type TelegramOptions = {
  token: string;
  api: string;
  clock: Clock;
  fetch: Fetch;
  onAnswer?: TakeAnswer | undefined;
  onWord?: TakeWord | undefined;
};
/** A message where it stands, with its buttons, what was answered, and whether that is still to be written there. */
type Sent = { chat: string; id: number; text: string; language: MessageLanguage; keys: object; lines: string[]; waits: boolean };

/** Guarantee: `delivered` only after Telegram's ok for this message; its limits are kept, and a wait that it asks for is waited. */
export function createTelegram({ token, api, clock, fetch, onAnswer, onWord }: TelegramOptions): Channel {
  const bot: Bot = { api, token, fetch };
  const pace = createPace(clock, everyMs);
  const sent = createMemory();
  const ended = new AbortController();
  const later = { signal: ended.signal, isLater: true };
  const greeted = new Set<string>();

  /** Every copy of the message says what somebody answered, and keeps its buttons: an edit that names none takes them away. */
  function tellCopies(incident: number, word: AnswerWord, by: string): void {
    for (const one of sent.of(incident)) void tellCopy(one, answerLine(by, word, one.language));
  }

  /**
   * Each by itself: a chat that is left alone for a while holds up no other one, and no answer.
   * Guarantee: however often somebody presses, of one message one edit waits, and news goes before it.
   */
  async function tellCopy(one: Sent, line: string): Promise<void> {
    if (one.lines.at(-1) === line) return;
    one.lines = [...one.lines, line].slice(-linesAtMost);
    if (one.waits) return;
    one.waits = true;
    const isTurn = await pace.turn(one.chat, { ...later, apartMs: apartOf(one.chat) });
    one.waits = false;
    if (!isTurn) return;
    const body = { chat_id: one.chat, message_id: one.id, text: answered(one), ...one.keys };
    await callInTime({ ...bot, clock }, 'editMessageText', { body, signal: ended.signal });
  }

  /** To whoever wrote: it waits behind whoever is told something. */
  async function reply(chat: string, text: string): Promise<void> {
    const isTurn = await pace.turn(chat, { ...later, apartMs: apartOf(chat) });
    if (isTurn) await callInTime({ ...bot, clock }, 'sendMessage', { body: { chat_id: Number(chat), text }, signal: ended.signal });
  }

  /** Tells a chat its number. Anybody may ask: of many only some hear it. */
  async function greet(chat: string): Promise<void> {
    if (greeted.has(chat) || greeted.size >= greetedAtMost) return;
    greeted.add(chat);
    await reply(chat, chat);
    greeted.delete(chat);
  }

  const hears = {
    told: tellCopies,
    greets: (chat: string) => void greet(chat),
    replies: (chat: string, text: string) => void reply(chat, text),
  };
  if (onAnswer !== undefined) void pollAnswers({ bot, clock, signal: ended.signal, onAnswer, onWord, ...hears });
  return {
    async send(message, person, signal) {
      const chat = person.addresses['telegram'] ?? '';
      if (!/^-?\d{1,20}$/.test(chat)) return { result: 'refused', reason: `${person.id} has no number of a Telegram chat` };
      const early = await waitFor(pace, chat, signal);
      if (early !== undefined) return early;
      const text = message.text.slice(0, textLimit);
      const keys = onAnswer === undefined ? {} : keysOf(message);
      const body = { chat_id: chat, text, link_preview_options: { is_disabled: true }, ...keys };
      const called = await call(bot, 'sendMessage', { body, signal });
      const outcome = outcomeOf(called);
      if (outcome.result === 'retry' && outcome.afterMs !== undefined) pace.pause(chat, outcome.afterMs);
      const { language, list, notice } = message;
      if (called.ok && !list) sent.add(notice.incident, { chat, id: idOf(called.result), text, language, keys, lines: [], waits: false });
      return outcome;
    },
    answered: tellCopies,
    close: () => ended.abort(),
  };
}

/** Nothing where it is this chat's turn, else why it is not. */
async function waitFor(pace: Pace, chat: string, signal: AbortSignal): Promise<Outcome | undefined> {
  const afterMs = pace.pausedMs(chat);
  if (afterMs > waitLimitMs) return { result: 'retry', reason: 'Telegram asked to wait', afterMs };
  return (await pace.turn(chat, { apartMs: apartOf(chat), signal })) ? undefined : { result: 'retry', reason: 'no turn in time' };
}

function keysOf(message: RenderedMessage) {
  const rows = buttonsOf(message).map((one) => [{ text: one.text, callback_data: one.data }]);
  return rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } };
}

/** The message with what was answered, within what Telegram takes. */
function answered({ text, lines }: Sent): string {
  const tail = `\n\n${lines.join('\n\n')}`;
  return `${text.trimEnd().slice(0, Math.max(0, textLimit - tail.length))}${tail}`.slice(0, textLimit);
}

/** Groups have numbers below nothing. */
function apartOf(chat: string): number {
  return chat.startsWith('-') ? apartMs.group : apartMs.person;
}

function idOf(result: unknown): number {
  return (result as { message_id?: number } | undefined)?.message_id ?? 0;
}

/** Where the messages of an incident stand, of the last ones. */
function createMemory() {
  const all: { incident: number; sent: Sent }[] = [];
  return {
    add(incident: number | null, sent: Sent): void {
      if (incident === null || sent.id === 0) return;
      all.push({ incident, sent });
      if (all.length > rememberedAtMost) all.shift();
    },
    of: (incident: number) => all.filter((one) => one.incident === incident).map(({ sent }) => sent),
  };
}
