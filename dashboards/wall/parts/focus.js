/** Restores the focus when the focused element is removed: the nearest remaining ancestor provides the next one. */
import { useEffect } from 'preact/hooks';

export function useFocusRestored() {
  useEffect(() => {
    /** The last focused element and its ancestors, from the inside out. @type {Element[]} */
    let around = [];
    const remember = (/** @type {FocusEvent} */ { target }) => {
      around = [];
      for (let one = target instanceof Element ? target : null; one !== null && one !== document.body; one = one.parentElement)
        around.push(one);
    };
    const keep = () => {
      const [last] = around;
      if (last === undefined || last.isConnected || document.activeElement !== document.body) return;
      const near = around.filter((one) => one.isConnected).map((one) => one.querySelector('a[href], button, input, summary'));
      const next = near.find((one) => one !== null) ?? document.querySelector('main');
      if (next instanceof HTMLElement) next.focus({ preventScroll: true });
    };
    document.addEventListener('focusin', remember);
    const watch = new MutationObserver(keep);
    watch.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', remember);
      watch.disconnect();
    };
  }, []);
}
