/** Telegram's Bot API, as far as we use it: one call, what it answered, and what that means for a message. */
import * as v from 'valibot';
import type { Outcome } from '../../records/notices.ts';
import { type Fetch, jsonOf, request } from './kit/http.ts';
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

/** What an answer means for a message: 401 and 404 are about our token, 400 and 403 about this chat for good, anything else may pass. */
export function outcomeOf(called: Called): Outcome {
  if (called.ok) return { result: 'delivered' };
  const { code, reason, afterMs, movedTo } = called;
  if (code === 401 || code === 404) return { result: 'locked', reason };
  if (movedTo !== undefined) return { result: 'refused', reason: `the group has another number now: ${movedTo}` };
  if (code === 400 || code === 403) return { result: 'refused', reason };
  return { result: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
}
