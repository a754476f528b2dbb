/** Sends one HTTP request of a channel. Returns the response, or the reason why there is none. */
import { plainLine } from './plain.ts';

/** Request of a channel. `fetch` is a parameter, so that a test needs no network. */
export type HttpRequest = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array; signal: AbortSignal };
export type Fetch = typeof globalThis.fetch;

/** `text`: body of the response, cut to the length limit. */
export type HttpAnswer = { ok: true; status: number; headers: Headers; text: string } | { ok: false; reason: string };

/** Longest response body in bytes, so that a server cannot fill the memory. */
const answerLimit = 65_536;

/** Guarantee: never rejects, ends with the signal even if the server sends one byte a second, and follows no redirect. */
export async function request(fetch: Fetch, url: string, { method = 'POST', headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  try {
    const init = { method, headers: { 'user-agent': 'Sabha', ...headers }, signal, redirect: 'manual' as const };
    const response = await fetch(url, body === undefined ? init : { ...init, body: body as BodyInit });
    return { ok: true, status: response.status, headers: response.headers, text: await beginningOf(response) };
  } catch (error) {
    const { message, cause } = error as { message: string; cause?: { code?: string; message?: string } };
    return { ok: false, reason: plainLine(`${cause?.code ?? ''} ${cause?.message ?? message}`).slice(0, 200) };
  }
}

/** Wait that a server requests with `Retry-After`, in seconds or as a date. */
export function retryAfterOf(headers: Headers): { afterMs?: number } {
  const said = headers.get('retry-after') ?? '';
  const afterMs = /^\d+$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - Date.now();
  return afterMs > 0 ? { afterMs } : {};
}

export function parseJson(text: string): unknown {
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
