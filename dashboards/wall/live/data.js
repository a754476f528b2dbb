/** What the wall reads of the centre: the stream, the catalogue's words, and single things that a view asks for. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { changed, viewOf } from './model.js';
import { answerLimitMs, toLogin } from './post.js';
import { follow, silentLimitMs } from './stream.js';

/** @import { Vocabulary } from '../words/words.js' */
/** @import { Catalogue, Reasons, View } from './model.js' */
/** `upMs` is the page's own running clock when the centre last spoke. @typedef {{ view: View | null, connected: boolean, upMs: number }} Connection */

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

/**
 * Follows the stream while the page can be seen: a browser has six connections for one address, and hidden tabs would take them all. With
 * the PCs of a site where one is named.
 * Guarantee: `connected` needs a word of the centre that is younger than a silent stream's limit, whatever the reader does meanwhile.
 * @param {string | null} site
 * @returns {Connection}
 */
export function useStream(site) {
  const [connection, setConnection] = useState(/** @type {Connection} */ ({ view: null, connected: false, upMs: 0 }));
  const visible = useVisible();
  useEffect(() => {
    if (!visible) return;
    const heard = (/** @type {(view: View | null) => View | null} */ next) =>
      setConnection(({ view }) => ({ view: next(view), connected: true, upMs: performance.now() }));
    return follow(site === null ? '/api/stream' : `/api/stream?pcs=${site}`, {
      onSnapshot: (snapshot) => heard((view) => viewOf(snapshot, view)),
      onChange: (frame) => heard((view) => view && changed(view, frame)),
      onLost: () => setConnection((old) => ({ ...old, connected: false })),
      onDenied: toLogin,
    });
  }, [site, visible]);
  return { ...connection, connected: connection.connected && performance.now() - connection.upMs < silentLimitMs };
}

function useVisible() {
  const [visible, setVisible] = useState(!document.hidden);
  // At once: a page in the background runs its other effects a second later, and may be looked at before.
  useLayoutEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}

/**
 * The catalogue's words, read again after each reconnect: the centre may be a newer one. Null until they are there: without them a fault is
 * only an id, which nobody is to read.
 * @param {boolean} connected
 * @returns {{ faults: Catalogue, reasons: Reasons, words: Vocabulary } | null}
 */
export function useCatalogue(connected) {
  const words = useFetched('/api/words', [connected]);
  return words === 'missing' ? { faults: {}, reasons: [], words: {} } : words;
}

/**
 * What the centre answers under an address, asked again when `again` changes; null until the first answer, 'missing' where there is none.
 * An answer stays until a newer one is there, also where that one was asked for meanwhile; no address asks nothing and keeps what was answered.
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
    return ask(path, (answer) => setGot((old) => (old.nth > nth ? old : { path, answer, nth })));
  }, [path, ...again]);
  return path === null || got.path === path ? got.answer : null;
}

/**
 * Asks until there is an answer or the returned function is called; what is under way by then still counts.
 * @param {string} path
 * @param {(answer: unknown) => void} onAnswer
 */
function ask(path, onAnswer) {
  let wanted = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  async function once(/** @type {number} */ retryMs) {
    const answer = await answerOf(path);
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
 * Null where the centre failed or was not reached.
 * @param {string} path
 */
async function answerOf(path) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(answerLimitMs) });
    if (response.ok) return await response.json();
    if (response.status === 401) toLogin();
    return response.status < 500 && response.status !== 401 ? 'missing' : null;
  } catch {
    return null;
  }
}
