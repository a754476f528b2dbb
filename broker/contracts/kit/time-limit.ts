/** A time limit for what may hang: a probe, a command, somebody else's server. */
import type { Clock } from './clock.ts';

/** `late` is the answer where none came within `limitMs`, or before `cut` ended it. */
export type TimeLimit<T> = { clock: Pick<Clock, 'after'>; limitMs: number; late: T; cut?: AbortSignal | undefined };

/**
 * The answer of a task, which hears by its signal when its time is over.
 * Guarantee: it settles within `limitMs` and at the cut, and leaves no timer and no listener behind; what the task answers or throws later is dropped.
 */
export async function withinTime<T>({ clock, limitMs, late, cut }: TimeLimit<T>, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const over = Promise.withResolvers<T>();
  const end = () => {
    over.resolve(late);
    abort.abort();
  };
  const cancel = clock.after(limitMs, end);
  // By hand: what `AbortSignal.any` makes is held as long as the cut, which may be as long as the process.
  cut?.addEventListener('abort', end);
  if (cut?.aborted) end();
  try {
    return await Promise.race([Promise.try(task, abort.signal), over.promise]);
  } finally {
    cancel();
    cut?.removeEventListener('abort', end);
  }
}
