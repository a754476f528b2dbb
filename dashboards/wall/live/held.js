/** Freezes a list while a pointer, a finger or the keyboard is in it, so that a click hits the intended row. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** Time for which the list stays frozen after a finger is lifted, for the next tap. */
const touchFreezeMs = 5_000;

/**
 * Returns the rows to show: all wanted rows, or while frozen the rows of that moment with their current data. `waiting` counts the new
 * rows.
 *
 * @template {{ id: number | string }} T
 * @param {readonly (number | string)[] | null} held
 * @param {{ wanted: readonly T[], all: readonly T[] }} rows
 * @returns {{ shown: readonly T[], waiting: number }}
 */
export function visibleRows(held, { wanted, all }) {
  if (held === null) return { shown: wanted, waiting: 0 };
  const byId = new Map(all.map((one) => [one.id, one]));
  const ids = new Set(held);
  return { shown: held.flatMap((id) => byId.get(id) ?? []), waiting: wanted.filter(({ id }) => !ids.has(id)).length };
}

/**
 * Returns the ids after the last frozen one, when a list has grown at its end. New ids between frozen ones still wait.
 * @param {readonly (number | string)[]} held
 * @param {readonly (number | string)[]} ids
 */
export function appendedIds(held, ids) {
  const known = new Set(held);
  return ids.slice(1 + ids.findLastIndex((id) => known.has(id)));
}

/**
 * Returns the frozen ids, or null. `ids` are the current ones; `handlers` holds the event handlers of the list. When `drawn` grows, the ids
 * appended to the list are frozen too.
 * @param {readonly (number | string)[]} ids
 * @param {number} [drawn]
 */
export function useFrozenList(ids, drawn = 0) {
  const [held, setHeld] = useState(/** @type {readonly (number | string)[] | null} */ (null));
  const inside = useRef({ pointer: false, focus: false });
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const kept = useRef(/** @type {{ held: typeof held, drawn: number, ids: readonly (number | string)[] } | null} */ (null));
  const before = kept.current?.held === held ? kept.current : null;
  // The frozen ids are extended during the render, not in an effect. An effect would come one frame late, and `waiting` would count the
  // appended rows during that frame.
  if (held === null) kept.current = null;
  else if (before?.drawn !== drawn) {
    const own = before?.ids ?? held;
    kept.current = { held, drawn, ids: [...own, ...appendedIds(own, ids)] };
  }
  const freeze = (/** @type {'pointer' | 'focus'} */ how) => {
    clearTimeout(timer.current);
    inside.current[how] = true;
    setHeld((old) => old ?? ids);
  };
  const release = (/** @type {'pointer' | 'focus'} */ how, afterMs = 0) => {
    inside.current[how] = false;
    const releaseNow = () => setHeld((old) => (inside.current.pointer || inside.current.focus ? old : null));
    clearTimeout(timer.current);
    if (afterMs === 0) releaseNow();
    else timer.current = setTimeout(releaseNow, afterMs);
  };
  const handlers = {
    onPointerEnter: () => freeze('pointer'),
    onPointerLeave: (/** @type {PointerEvent} */ { pointerType }) => release('pointer', pointerType === 'mouse' ? 0 : touchFreezeMs),
    // Only keyboard focus freezes the list. A clicked button keeps the focus, which would freeze the list without limit.
    onFocusIn: (/** @type {{ target: EventTarget | null }} */ { target }) => {
      if (target instanceof Element && target.matches(':focus-visible')) freeze('focus');
    },
    onFocusOut: (/** @type {FocusEvent & { currentTarget: Element }} */ { currentTarget, relatedTarget }) => {
      if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) release('focus');
    },
  };
  return { held: kept.current?.ids ?? null, handlers, releaseNow: () => setHeld(null) };
}
