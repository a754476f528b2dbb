/** Selects the view by the hash of the address. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { readHistoryState, writeHistoryState } from './kept.js';

/**
 * `at`: a state ('' = the nation), a site, an incident, a roll call ('' = the running or last one), or a person of the roster ('' = none).
 *
 * @typedef {{ view: 'nation' | 'site' | 'incident' | 'rollcall' | 'roster', at: string }} Route
 */

/**
 * Returns the view of an address. An invalid address gives the nation.
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [view = '', ...rest] = hash.replace(/^#\//, '').split('/');
  const at = rest.join('/');
  if (view === 'site' && /^[a-z0-9-]+\/[a-z0-9-]+$/.test(at)) return { view, at };
  if (view === 'incident' && /^\d+$/.test(at)) return { view, at };
  if (view === 'rollcall' && /^[\w-]*$/.test(at)) return { view, at };
  if (view === 'roster' && /^[a-z0-9-]*$/.test(at)) return { view, at };
  return { view: 'nation', at: view === 'nation' && /^[a-z0-9-]+$/.test(at) ? at : '' };
}

/** Key of the stored scroll position of an address. */
const scrollKey = 'top';

/** Returns true if the reader returned to this address, so that a scroll position is stored. */
export function isRevisited() {
  return readHistoryState(scrollKey) !== undefined;
}

/**
 * Returns the open view. A new view starts at its top, and a revisited one at its old scroll position. The focus moves to `main` for screen
 * readers.
 */
export function useRoute() {
  const [route, setRoute] = useState(routeOf(location.hash));
  const top = useRef(/** @type {number | undefined} */ (undefined));
  useLayoutEffect(() => {
    const showRoute = () => {
      const next = routeOf(location.hash);
      const isPanel = next.view === 'nation' && next.at !== '';
      top.current = isRevisited() ? Number(readHistoryState(scrollKey)) : isPanel ? undefined : 0;
      setRoute(next);
      if (!isPanel) document.querySelector('main')?.focus({ preventScroll: true });
    };
    // Every navigation starts with a click, also by the keyboard.
    const storeScroll = () => writeHistoryState(scrollKey, scrollY);
    addEventListener('hashchange', showRoute);
    addEventListener('click', storeScroll, true);
    return () => {
      removeEventListener('hashchange', showRoute);
      removeEventListener('click', storeScroll, true);
    };
  }, []);
  // Before the paint, so that the reader never sees the wrong scroll position.
  useLayoutEffect(() => {
    if (top.current !== undefined) scrollTo(0, top.current);
  }, [route]);
  return route;
}
