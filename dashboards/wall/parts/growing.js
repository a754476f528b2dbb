/** Draws a long list only as far as the reader has scrolled: every drawn row is drawn again at each event of the server. */
import { useEffect, useRef } from 'preact/hooks';
import { useHistoryState } from '../live/kept.js';

const step = 40;
/** Margin below the window in which further rows are drawn. */
const ahead = '0px 0px 1000px';

/**
 * Returns how many of `total` rows to draw: `few` at first, then as many as the reader scrolls to, and all of them for print. `end` is the
 * ref of an element after the list.
 * @param {number} few
 * @param {number} total
 * @param {string} name key in the history entry
 */
export function useGrowingList(few, total, name) {
  const [drawn, setDrawn] = useHistoryState(name, few);
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  const isAsked = drawn > few;
  useEffect(() => {
    if (!isAsked || drawn >= total || end.current === null) return;
    const near = (/** @type {IntersectionObserverEntry[]} */ seen) => {
      if (seen.some((one) => one.isIntersecting)) setDrawn(drawn + step);
    };
    const observer = new IntersectionObserver(near, { rootMargin: ahead });
    observer.observe(end.current);
    const all = () => setDrawn(total);
    addEventListener('beforeprint', all);
    return () => {
      observer.disconnect();
      removeEventListener('beforeprint', all);
    };
  }, [isAsked, drawn, total]);
  return { drawn, isAsked, end, askAll: () => setDrawn(few + step) };
}
