/** What the wall reads of the centre: the stream, the catalogue's words, and single things that a view asks for. */
import { useEffect, useState } from 'preact/hooks';
import { changed, viewOf } from './model.js';
import { follow } from './stream.js';

/** @import { Catalogue, Reasons, View } from './model.js' */
/** `upMs` is the page's own running clock when the centre last spoke. @typedef {{ view: View | null, connected: boolean, upMs: number }} Link */

/**
 * Follows the stream; with the PCs of a site where one is named.
 * @param {string | null} site
 * @returns {Link}
 */
export function useStream(site) {
  const [link, setLink] = useState(/** @type {Link} */ ({ view: null, connected: false, upMs: 0 }));
  useEffect(() => {
    const heard = (/** @type {(view: View | null) => View | null} */ next) =>
      setLink(({ view }) => ({ view: next(view), connected: true, upMs: performance.now() }));
    return follow(site === null ? '/api/stream' : `/api/stream?pcs=${site}`, {
      onSnapshot: (snapshot) => heard((view) => viewOf(snapshot, view)),
      onChange: (frame) => heard((view) => view && changed(view, frame)),
      onLost: () => setLink((old) => ({ ...old, connected: false })),
    });
  }, [site]);
  return link;
}

/**
 * The catalogue's words, read again after each reconnect: the centre may be a newer one. Null until they are there: without them a fault is
 * only an id, which nobody is to read.
 * @param {boolean} connected
 * @returns {{ faults: Catalogue, reasons: Reasons } | null}
 */
export function useCatalogue(connected) {
  const words = useFetched('/api/words', [connected]);
  return words === 'missing' ? { faults: {}, reasons: [] } : words;
}

/**
 * What the centre answers under an address, asked again when `again` changes; null until the first answer, 'missing' where there is none.
 * An answer stays until the next one is there; no address asks nothing and keeps what was answered.
 * @param {string | null} path
 * @param {readonly unknown[]} again
 * @returns {any}
 */
export function useFetched(path, again) {
  const [got, setGot] = useState(/** @type {{ path: string | null, answer: unknown }} */ ({ path: null, answer: null }));
  useEffect(() => {
    if (path === null) return;
    let wanted = true;
    fetch(path)
      .then(async (response) => {
        if (!response.ok && response.status !== 404) return;
        const answer = response.ok ? await response.json() : 'missing';
        if (wanted) setGot({ path, answer });
      })
      .catch(() => {
        // The stream breaks too then, and its return asks again.
      });
    return () => {
      wanted = false;
    };
  }, [path, ...again]);
  return path === null || got.path === path ? got.answer : null;
}
