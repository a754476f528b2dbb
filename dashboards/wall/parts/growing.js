/** A long list is drawn as far as somebody has come in it: who asks for six hundred reads ten of them, and each is drawn again at every word of the centre. */
import { useEffect, useRef } from 'preact/hooks';
import { useKept } from '../live/kept.js';

/** So many more at once, */
const step = 40;
/** and so far before they are seen. */
const ahead = '0px 0px 1000px';

/**
 * How many of `total` are drawn: `few`, and once all were asked for as many as somebody has come to; on paper all of them. `end` goes onto what stands
 * behind the list.
 * @param {number} few
 * @param {number} total
 * @param {string} name as it is kept with the address
 */
export function useGrowing(few, total, name) {
  const [drawn, setDrawn] = useKept(name, few);
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
