/** A dialog over the page: Escape closes it, and whoever opened it has the focus again. */
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * `titleId` is the id of its heading; `onClose` is called once, however it is closed.
 * @param {{ titleId: string, onClose: () => void, children?: unknown }} props
 */
export function Dialog({ titleId, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const isGone = useRef(false);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      isGone.current = true;
      // One that is only taken away leaves the focus nowhere.
      shown?.close();
    };
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${titleId} onClose=${() => (isGone.current ? null : onClose())}>${children}</dialog>`;
}
