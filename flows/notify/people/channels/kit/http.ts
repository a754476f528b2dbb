/** One HTTP request of a channel: what was answered, or why nothing was. */
import { plain } from './plain.ts';

/** What is sent. A channel is handed its `fetch`, so that a test needs no network. */
export type HttpRequest = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array; signal: AbortSignal };
export type Fetch = typeof globalThis.fetch;

/** `text` is what the server said, no more than a channel could need. */
export type HttpAnswer = { ok: true; status: number; headers: Headers; text: string } | { ok: false; reason: string };

/** More of an answer is not read: nobody may fill our memory. */
const answerLimit = 65_536;

/** Guarantee: never rejects; ends with the signal, also where the server answers one byte a second; follows no redirect. */
export async function request(fetch: Fetch, url: string, { method = 'POST', headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  try {
    const init = { method, headers: { 'user-agent': 'Sabha', ...headers }, signal, redirect: 'manual' as const };
    const response = await fetch(url, body === undefined ? init : { ...init, body: body as BodyInit });
    return { ok: true, status: response.status, headers: response.headers, text: await beginningOf(response) };
  } catch (error) {
    const { message, cause } = error as { message: string; cause?: { code?: string; message?: string } };
    return { ok: false, reason: plain(`${cause?.code ?? ''} ${cause?.message ?? message}`).slice(0, 200) };
  }
}

/** How long a server wants us to wait, where it names a time: `Retry-After` says seconds or a date. */
export function askedToWait(headers: Headers): { afterMs?: number } {
  const said = headers.get('retry-after') ?? '';
  const afterMs = /^\d+$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - Date.now();
  return afterMs > 0 ? { afterMs } : {};
}

/** What a server said that is JSON, else nothing. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= answerLimit) break;
  }
  return Buffer.concat(chunks).subarray(0, answerLimit).toString();
}
