/** A modal dialog. Escape closes it, and the focus returns to the element that opened it. */
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * `titleId`: id of the heading. `onClose` is called once, however the dialog is closed.
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
      // A dialog that is removed without `close` does not return the focus.
      shown?.close();
    };
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${titleId} onClose=${() => (isGone.current ? null : onClose())}>${children}</dialog>`;
}
