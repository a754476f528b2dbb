/** A bot of Telegram: one call, what it means for a message, and what people press, asked for by long polling: no port of ours is open to the world. */

import { type Clock, withinTime } from '@sabha/contracts';
import * as v from 'valibot';
import type { Outcome, TakeAnswer } from '../../../engine/records/notices.ts';
import { readButton } from './kit/buttons.ts';
import { type Fetch, jsonOf, request } from './kit/http.ts';
import { waited } from './kit/pace.ts';
import { plain } from './kit/plain.ts';

/** Where the bot is; `token` is its secret. */
export type Bot = { api: string; token: string; fetch: Fetch };

const answer = v.looseObject({
  ok: v.boolean(),
  result: v.optional(v.unknown()),
  error_code: v.optional(v.number()),
  description: v.optional(v.string()),
  parameters: v.optional(v.looseObject({ retry_after: v.optional(v.number()), migrate_to_chat_id: v.optional(v.number()) })),
});

/** `code` 0: no answer of Telegram's came. */
export type Called = { ok: true; result: unknown } | { ok: false; code: number; reason: string; afterMs?: number; movedTo?: string };

/** Guarantee: never rejects, and the token stands in no reason. */
export async function call(bot: Bot, method: string, at: { body: object; signal: AbortSignal }): Promise<Called> {
  const headers = { 'content-type': 'application/json' };
  const said = await request(bot.fetch, `${bot.api}/bot${bot.token}/${method}`, {
    headers,
    body: JSON.stringify(at.body),
    signal: at.signal,
  });
  if (!said.ok) return { ok: false, code: 0, reason: said.reason.replaceAll(bot.token, '…') };
  const read = v.safeParse(answer, jsonOf(said.text));
  if (!read.success)
    return { ok: false, code: said.status >= 300 ? said.status : 0, reason: `the answer (${said.status}) is not Telegram's` };
  const { ok, result, error_code: code = said.status, description = '', parameters = {} } = read.output;
  if (ok) return { ok, result };
  const { retry_after: seconds, migrate_to_chat_id: movedTo } = parameters;
  return {
    ok,
    code,
    reason: plain(`${code} ${description}`).slice(0, 200),
    ...(seconds !== undefined && seconds > 0 && { afterMs: seconds * 1_000 }),
    ...(movedTo !== undefined && { movedTo: String(movedTo) }),
  };
}

/** A call that nobody else limits has this long. */
const callLimitMs = 30_000;

/** Guarantee: ends in time, also where Telegram says nothing, or says it byte by byte. */
export function callInTime({ clock, ...bot }: Bot & { clock: Clock }, method: string, at: { body: object; signal: AbortSignal }) {
  const late: Called = { ok: false, code: 0, reason: `no answer in ${callLimitMs / 1_000} s` };
  return withinTime<Called>({ clock, limitMs: callLimitMs, late, cut: at.signal }, (signal) => call(bot, method, { ...at, signal }));
}

/** What an answer means for a message: 401 and 404 are about our token, 400 and 403 about this chat for good, anything else may pass. */
export function outcomeOf(called: Called): Outcome {
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

/** Telegram holds an empty answer back for so long. */
const heldS = 50;
const pollLimitMs = 70_000;
/** After an answer that is none, the next question waits, ever longer; after a refused token for long. */
const again = { firstMs: 1_000, maxMs: 60_000, lockedMs: 15 * 60_000 };
/** Longest word beside a button. */
const wordLimit = 200;

/** `greets` is told of each chat that wants to know its number. */
export type PollOptions = {
  bot: Bot;
  clock: Clock;
  signal: AbortSignal;
  onAnswer: TakeAnswer;
  greets(chat: string): void;
};

/** Asks until the signal ends it. Guarantee: never rejects; an update is asked for again until it was taken, and taken once. */
export async function pollAnswers(options: PollOptions): Promise<void> {
  const { bot, clock, signal } = options;
  let offset = 0;
  let failures = 0;
  while (!signal.aborted) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pollLimitMs)]);
    const body = { offset, timeout: heldS, allowed_updates: ['callback_query', 'message'] };
    const askedUp = clock.up();
    const called = await call(bot, 'getUpdates', { body, signal: limit });
    const next = called.ok ? await takeAll(options, called.result, offset) : offset;
    // Whoever says nothing new, and holds nothing back, is not asked again at once.
    const isIdle = next === offset && clock.up() - askedUp < again.firstMs;
    offset = next;
    failures = called.ok ? 0 : failures + 1;
    if (!called.ok || isIdle) await waited(clock, called.ok ? again.firstMs : pauseMs(called, failures), signal);
  }
}

/** Takes what came; answers the number from which on to ask next. */
async function takeAll(options: PollOptions, result: unknown, offset: number): Promise<number> {
  let next = offset;
  for (const one of Array.isArray(result) ? result : []) {
    const read = v.safeParse(update, one);
    next = Math.max(next, numberOf(one) + 1);
    if (read.success && numberOf(one) >= offset) await take(options, read.output);
  }
  return next;
}

function pauseMs({ code, afterMs = 0 }: Extract<Called, { ok: false }>, failures: number): number {
  if (code === 401 || code === 404) return again.lockedMs;
  return Math.max(Math.min(again.firstMs * 2 ** (failures - 1), again.maxMs), afterMs);
}

function numberOf(one: unknown): number {
  const { update_id: number } = (one ?? {}) as { update_id?: unknown };
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : -1;
}

async function take(options: PollOptions, { callback_query: pressed, message }: v.InferOutput<typeof update>): Promise<void> {
  const { bot, clock, signal, onAnswer, greets } = options;
  const timed = { ...bot, clock };
  // The reply to /start is the number that belongs into the roster.
  if (message?.text.startsWith('/start')) greets(String(message.chat.id));
  if (pressed === undefined) return;
  const button = readButton(pressed.data);
  const addresses = [pressed.from.id, ...(pressed.message === undefined ? [] : [pressed.message.chat.id])].map(String);
  const answered = button && (await onAnswer({ channel: 'telegram', addresses, ...button }).catch(() => undefined));
  const text = (answered?.line ?? '?').slice(0, wordLimit);
  await callInTime(timed, 'answerCallbackQuery', { body: { callback_query_id: pressed.id, text }, signal });
}
