/** A list stands still while somebody's hand is in it: a pointer, a finger or the keyboard. What is under it stays there. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** A finger that was lifted comes back: so long the list still waits for it. */
const fingerMs = 5_000;

/**
 * What a list shows: all that is wanted, or those who stood there when the hand came, in their places and with their newest words; what came
 * meanwhile waits.
 * @template {{ id: number | string }} T
 * @param {readonly (number | string)[] | null} held
 * @param {{ wanted: readonly T[], all: readonly T[] }} rows
 * @returns {{ shown: readonly T[], waiting: number }}
 */
export function placed(held, { wanted, all }) {
  if (held === null) return { shown: wanted, waiting: 0 };
  const byId = new Map(all.map((one) => [one.id, one]));
  const ids = new Set(held);
  return { shown: held.flatMap((id) => byId.get(id) ?? []), waiting: wanted.filter(({ id }) => !ids.has(id)).length };
}

/**
 * What follows the last of those who are held, in a list that has grown at its end. What came in between them still waits.
 * @param {readonly (number | string)[]} held
 * @param {readonly (number | string)[]} ids
 */
export function following(held, ids) {
  const known = new Set(held);
  return ids.slice(1 + ids.findLastIndex((id) => known.has(id)));
}

/**
 * The ids that stood in a list when a hand came into it, until it is gone; `ids` are those that stand there now. `hand` goes onto the list. Where
 * `drawn` grows those who follow are held too: the hand comes to them next.
 * @param {readonly (number | string)[]} ids
 * @param {number} [drawn]
 */
export function useHeld(ids, drawn = 0) {
  const [held, setHeld] = useState(/** @type {readonly (number | string)[] | null} */ (null));
  const inside = useRef({ pointer: false, focus: false });
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const kept = useRef(/** @type {{ held: typeof held, drawn: number, ids: readonly (number | string)[] } | null} */ (null));
  const before = kept.current?.held === held ? kept.current : null;
  // While it is drawn, not after: for a moment those who follow would else wait as new ones.
  if (held === null) kept.current = null;
  else if (before?.drawn !== drawn) {
    const own = before?.ids ?? held;
    kept.current = { held, drawn, ids: [...own, ...following(own, ids)] };
  }
  const come = (/** @type {'pointer' | 'focus'} */ how) => {
    clearTimeout(timer.current);
    inside.current[how] = true;
    setHeld((old) => old ?? ids);
  };
  const go = (/** @type {'pointer' | 'focus'} */ how, afterMs = 0) => {
    inside.current[how] = false;
    const letGo = () => setHeld((old) => (inside.current.pointer || inside.current.focus ? old : null));
    clearTimeout(timer.current);
    if (afterMs === 0) letGo();
    else timer.current = setTimeout(letGo, afterMs);
  };
  const hand = {
    onPointerEnter: () => come('pointer'),
    onPointerLeave: (/** @type {PointerEvent} */ { pointerType }) => go('pointer', pointerType === 'mouse' ? 0 : fingerMs),
    // Only where the keyboard brought it: a button that was clicked keeps the focus for as long as nobody does anything.
    onFocusIn: (/** @type {{ target: EventTarget | null }} */ { target }) => {
      if (target instanceof Element && target.matches(':focus-visible')) come('focus');
    },
    onFocusOut: (/** @type {FocusEvent & { currentTarget: Element }} */ { currentTarget, relatedTarget }) => {
      if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) go('focus');
    },
  };
  return { held: kept.current?.ids ?? null, hand, letGo: () => setHeld(null) };
}
