export const answerLimitMs = 20_000;

/**
 * `status` 0: no response. `error`: '' on success. `waitS`: seconds until a retry is allowed. `code` and `about`: the reason of a refusal,
 * to be worded.
 *
 * @typedef {{ status: number, error: string, answer: any, waitS: number, code?: string, about?: Record<string, string | number> }} PostResult
 */

/**
 * Posts a body as JSON. Never throws.
 * @param {string} path
 * @param {Record<string, string | number | boolean>} body
 * @returns {Promise<PostResult>}
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

/** Opens the sign-in page, which returns to this view. Runs once: on a slow link a second call would restart the navigation. */
export function openSignIn() {
  if (isLeaving) return;
  isLeaving = true;
  location.replace(`/login.html${location.hash}`);
}
