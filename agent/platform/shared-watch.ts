/** A watch that costs something, for as many as want to hear of it. */
import type { Cancel } from '#contracts';

/** One watch for all who ask: it begins with the first of them and ends with the last. */
export function shared(begin: (changed: () => void) => Cancel): (changed: () => void) => Cancel {
  const listeners = new Set<() => void>();
  let stop: Cancel = () => undefined;
  return (changed) => {
    const listener = () => changed();
    if (listeners.size === 0) {
      stop = begin(() => {
        for (const tell of listeners) tell();
      });
    }
    listeners.add(listener);
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) stop();
    };
  };
}
