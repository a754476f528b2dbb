/** A time limit for what may hang: a probe, a command, somebody else's server. */
import type { Clock } from './clock.ts';

/** `late` is the answer where none came within `limitMs`. */
export type TimeLimit<T> = { clock: Pick<Clock, 'after'>; limitMs: number; late: T };

/**
 * The answer of a task, which hears by its signal when its time is over.
 * Guarantee: it settles within `limitMs`; what the task answers or throws later is dropped.
 */
export async function withinTime<T>({ clock, limitMs, late }: TimeLimit<T>, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const over = Promise.withResolvers<T>();
  const cancel = clock.after(limitMs, () => {
    over.resolve(late);
    abort.abort();
  });
  try {
    return await Promise.race([Promise.try(task, abort.signal), over.promise]);
  } finally {
    cancel();
  }
}
