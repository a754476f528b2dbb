/** Data of the wall: the event stream, the catalogue and single API requests of a view. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { applyChange, createView } from './model.js';
import { answerLimitMs, openSignIn } from './post.js';
import { followStream, silentLimitMs } from './stream.js';

/** @import { Vocabulary } from '../words/words.js' */
/** @import { Catalogue, Reasons, View } from './model.js' */
/**
 * `upMs`: time of the page's monotonic clock at the last event.
 * @typedef {{ view: View | null, connected: boolean, upMs: number }} Connection
 */

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

/**
 * Follows the stream while the page is visible: a browser has six connections per address, and hidden tabs would use all of them. With
 * `site` the stream includes the PCs of that site.
 * Guarantee: `connected` requires an event of the server that is younger than the silence limit, whatever the reader does meanwhile.
 *
 * @param {string | null} site
 * @returns {Connection}
 */
export function useStream(site) {
  const [connection, setConnection] = useState(/** @type {Connection} */ ({ view: null, connected: false, upMs: 0 }));
  const visible = useIsVisible();
  useEffect(() => {
    if (!visible) return;
    const heard = (/** @type {(view: View | null) => View | null} */ next) =>
      setConnection(({ view }) => ({ view: next(view), connected: true, upMs: performance.now() }));
    return followStream(site === null ? '/api/stream' : `/api/stream?pcs=${site}`, {
      onSnapshot: (snapshot) => heard((view) => createView(snapshot, view)),
      onChange: (frame) => heard((view) => view && applyChange(view, frame)),
      onLost: () => setConnection((old) => ({ ...old, connected: false })),
      onDenied: openSignIn,
    });
  }, [site, visible]);
  return { ...connection, connected: connection.connected && performance.now() - connection.upMs < silentLimitMs };
}

function useIsVisible() {
  const [visible, setVisible] = useState(!document.hidden);
  // A layout effect runs at once. A background page delays its other effects by a second, and may be shown before.
  useLayoutEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}

/**
 * Reads the texts of the catalogue, again after each reconnect, because the server may be a newer version. Null until the first response:
 * without these texts a fault is only an id.
 * @param {boolean} connected
 * @returns {{ faults: Catalogue, reasons: Reasons, words: Vocabulary } | null}
 */
export function useCatalogue(connected) {
  const words = useFetched('/api/words', [connected]);
  return words === 'missing' ? { faults: {}, reasons: [], words: {} } : words;
}

/**
 * Requests a path, again when `again` changes. Null before the first response, 'missing' for a 4xx status. A response stays until a newer
 * one arrives, and a late older response is ignored. A null path sends no request and keeps the last response.
 * @param {string | null} path
 * @param {readonly unknown[]} again
 * @returns {any}
 */
export function useFetched(path, again) {
  const [got, setGot] = useState(
    /** @type {{ path: string | null, answer: unknown, nth: number }} */ ({ path: null, answer: null, nth: 0 }),
  );
  const asked = useRef(0);
  useEffect(() => {
    if (path === null) return;
    asked.current += 1;
    const nth = asked.current;
    return fetchWithRetry(path, (answer) => setGot((old) => (old.nth > nth ? old : { path, answer, nth })));
  }, [path, ...again]);
  return path === null || got.path === path ? got.answer : null;
}

/**
 * Retries with backoff until there is a response or the returned function is called. A request in progress is still used.
 * @param {string} path
 * @param {(answer: unknown) => void} onAnswer
 */
function fetchWithRetry(path, onAnswer) {
  let wanted = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  async function once(/** @type {number} */ retryMs) {
    const answer = await fetchOnce(path);
    if (answer !== null) onAnswer(answer);
    else if (wanted) timer = setTimeout(() => void once(Math.min(2 * retryMs, lastRetryMs)), retryMs);
  }
  void once(firstRetryMs);
  return () => {
    wanted = false;
    clearTimeout(timer);
  };
}

/**
 * Returns null if the server failed or did not respond.
 * @param {string} path
 */
async function fetchOnce(path) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(answerLimitMs) });
    if (response.ok) return await response.json();
    if (response.status === 401) openSignIn();
    return response.status < 500 && response.status !== 401 ? 'missing' : null;
  } catch {
    return null;
  }
}
