/** Simulated Telegram Bot API with its rate limits, used as `fetch` on the test clock. */
import type { TestClock } from '../people.test-helper.ts';
import type { Fetch } from './kit/http.ts';

export type Posted = { at: number; method: string; body: Record<string, unknown> };

/** Recorded responses of Telegram. */
export const answers = {
  sent: (id: number) => ({
    status: 200,
    body: { ok: true, result: { message_id: id, date: 1_772_527_000, chat: { id: 4711, type: 'private' } } },
  }),
  flood: (seconds: number) => ({
    status: 429,
    body: { ok: false, error_code: 429, description: `Too Many Requests: retry after ${seconds}`, parameters: { retry_after: seconds } },
  }),
  blocked: { status: 403, body: { ok: false, error_code: 403, description: 'Forbidden: bot was blocked by the user' } },
  noChat: { status: 400, body: { ok: false, error_code: 400, description: 'Bad Request: chat not found' } },
  moved: {
    status: 400,
    body: {
      ok: false,
      error_code: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: -1_001_234 },
    },
  },
  badToken: { status: 401, body: { ok: false, error_code: 401, description: 'Unauthorized' } },
  gateway: { status: 502, body: '<html>502 Bad Gateway</html>' },
  hiddenError: { status: 200, body: { ok: false, error_code: 403, description: 'Forbidden: bot was kicked from the group chat' } },
} as const;

type BotResponse = { status: number; body: unknown };

type BotScript = (chat: string) => BotResponse | Promise<BotResponse> | undefined;
const nothing: BotScript = () => undefined;

/**
 * `say` overrides the response to sendMessage, `sayEdit` that to editMessageText. Too many messages to a chat, edits included, get a 429.
 */
export function telegramBot(clock: TestClock, say = nothing, sayEdit = nothing) {
  const posts: Posted[] = [];
  const taken: { chat: string; text: string; at: number }[] = [];
  const written: { chat: string; at: number }[] = [];
  const updates: object[] = [];
  let wake = () => {};
  const floods: string[] = [];
  let number = 0;

  function isFlood(chat: string): boolean {
    const now = clock.up();
    const of = (one: string, ms: number) => written.filter((post) => (one === '' || post.chat === one) && now - post.at < ms).length;
    const perChat = chat.startsWith('-') ? of(chat, 60_000) >= 20 : of(chat, 1_000) >= 2;
    return perChat || of('', 1_000) >= 31;
  }

  async function polled(offset: number): Promise<BotResponse> {
    const waiting = () => updates.map((one, at) => ({ update_id: at + 1, ...one })).filter((one) => one.update_id >= offset);
    if (waiting().length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return { status: 200, body: { ok: true, result: waiting() } };
  }

  async function answer(method: string, body: Record<string, unknown>): Promise<BotResponse> {
    if (method === 'getUpdates') return polled(Number(body['offset']));
    const isEdit = method === 'editMessageText';
    if (method !== 'sendMessage' && !isEdit) return { status: 200, body: { ok: true, result: true } };
    const chat = String(body['chat_id']);
    const said = await (isEdit ? sayEdit : say)(chat);
    if (said !== undefined) return said;
    if (isFlood(chat)) {
      floods.push(chat);
      return answers.flood(5);
    }
    written.push({ chat, at: clock.up() });
    if (isEdit) return { status: 200, body: { ok: true, result: true } };
    taken.push({ chat, text: String(body['text']), at: clock.up() });
    number += 1;
    return answers.sent(number);
  }

  const fetch: Fetch = async (url, init) => {
    const method = String(url).split('/').at(-1) ?? '';
    const body = JSON.parse(String(init?.body)) as Record<string, unknown>;
    posts.push({ at: clock.up(), method, body });
    init?.signal?.throwIfAborted();
    const said = await Promise.race([
      answer(method, body),
      new Promise<never>((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
    ]);
    return new Response(typeof said.body === 'string' ? said.body : JSON.stringify(said.body), { status: said.status });
  };
  const happen = (update: object) => {
    updates.push(update);
    wake();
  };
  return { fetch, posts, taken, happen, floods };
}
