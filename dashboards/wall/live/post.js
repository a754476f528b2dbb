/** Sends something to the centre. */

/** No request waits longer for its answer. */
export const answerLimitMs = 20_000;

/**
 * `status` 0 = nobody answered; `error` is '' where it was done; `waitS` = seconds after which to try again, `code` and `about` = why not, to be worded.
 * @typedef {{ status: number, error: string, answer: any, waitS: number, code?: string, about?: Record<string, string | number> }} Posted
 */

/**
 * Posts a body as JSON. Never throws.
 * @param {string} path
 * @param {Record<string, string | number | boolean>} body
 * @returns {Promise<Posted>}
 */
export async function post(path, body) {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(answerLimitMs) });
    const { status } = response;
    const answer = status === 204 ? null : await response.json();
    const waitS = Number(response.headers.get('retry-after') ?? 0);
    if (response.ok) return { status, error: '', answer, waitS };
    const { error, code, about } = answer ?? {};
    return { status, error: String(error), answer: null, waitS, code, about };
  } catch {
    return { status: 0, error: '', answer: null, waitS: 0 };
  }
}

let isLeaving = false;

/** To the page of the login, and back to this view afterwards. Once: on a slow link another word of it would begin the way anew. */
export function toLogin() {
  if (isLeaving) return;
  isLeaving = true;
  location.replace(`/login.html${location.hash}`);
}
