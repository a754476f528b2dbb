/** Shares one expensive watch among several listeners. */
import type { Cancel, Clock } from '@sabha/contracts';

/** Returns a shared watch. The watch starts with its first listener and stops when its last listener leaves. */
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

const everyMs = 5_000;

/** Calls `look` repeatedly, and `changed` if two readings differ. Guarantee: one reading at a time, and none after `Cancel`. */
export function watchByPolling(look: () => Promise<unknown>, clock: Pick<Clock, 'after'>, changed: () => void): Cancel {
  let before: string | undefined;
  let over = false;
  let again: Cancel = () => undefined;
  const compare = async () => {
    const now = JSON.stringify(await look());
    if (over) return;
    const isNews = before !== undefined && now !== before;
    before = now;
    again = clock.after(everyMs, () => void compare());
    if (isNews) changed();
  };
  void compare();
  return () => {
    over = true;
    again();
  };
}
