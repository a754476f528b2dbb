/** Which of the views is open, by the address after its hash. */
import { useLayoutEffect, useState } from 'preact/hooks';

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

/** The open view. A new one begins at its top, and those who hear the page are put there. */
export function useRoute() {
  const [route, setRoute] = useState(routeOf(location.hash));
  // Before the page is seen: a turn that comes first would be heard by nobody.
  useLayoutEffect(() => {
    const turn = () => {
      const next = routeOf(location.hash);
      setRoute(next);
      if (next.view === 'nation' && next.at !== '') return;
      scrollTo(0, 0);
      document.querySelector('main')?.focus({ preventScroll: true });
    };
    addEventListener('hashchange', turn);
    return () => removeEventListener('hashchange', turn);
  }, []);
  return route;
}
