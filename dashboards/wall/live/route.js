/** Which of the views is open, by the address after its hash. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { keepHere, keptHere } from './kept.js';

/**
 * `at` is what the view is of: a state ('' = the whole nation), a site, an incident, a roll call ('' = the one that runs, or the last), a person of
 * the roster ('' = none).
 * @typedef {{ view: 'nation' | 'site' | 'incident' | 'rollcall' | 'roster', at: string }} Route
 */

/**
 * The view of an address; what is no address of ours is the nation.
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

/** Where the page stood when its address was left. */
const topName = 'top';

/** Whether somebody comes back to the open address, to where he was in it. */
export function isBack() {
  return keptHere(topName) !== undefined;
}

/** The open view. A new one begins at its top, one that somebody comes back to where it was left; those who hear the page are put to its beginning. */
export function useRoute() {
  const [route, setRoute] = useState(routeOf(location.hash));
  const top = useRef(/** @type {number | undefined} */ (undefined));
  useLayoutEffect(() => {
    const turn = () => {
      const next = routeOf(location.hash);
      const isPanel = next.view === 'nation' && next.at !== '';
      top.current = isBack() ? Number(keptHere(topName)) : isPanel ? undefined : 0;
      setRoute(next);
      if (!isPanel) document.querySelector('main')?.focus({ preventScroll: true });
    };
    // Every way on is a click, also by the keyboard.
    const leave = () => keepHere(topName, scrollY);
    addEventListener('hashchange', turn);
    addEventListener('click', leave, true);
    return () => {
      removeEventListener('hashchange', turn);
      removeEventListener('click', leave, true);
    };
  }, []);
  // Before the page is seen: a turn that comes first would be heard by nobody.
  useLayoutEffect(() => {
    if (top.current !== undefined) scrollTo(0, top.current);
  }, [route]);
  return route;
}
