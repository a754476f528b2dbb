/** A time limit around a send, for channels that heed their signal and for those that do not. */
import type { Clock } from '#contracts';
import type { Outcome } from './model.ts';

/** `cut` ends the send before its time. */
export type Limit = { clock: Clock; limitMs: number; cut?: AbortSignal };

/** Guarantee: ends at the limit or at the cut, and never rejects: whatever goes wrong in a channel is a reason to try again. */
export async function limited({ clock, limitMs, cut }: Limit, send: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const limit = new AbortController();
  const signal = cut ? AbortSignal.any([limit.signal, cut]) : limit.signal;
  const cancel = clock.after(limitMs, () => limit.abort());
  const late = Promise.withResolvers<Outcome>();
  signal.addEventListener('abort', () => late.resolve({ result: 'retry', reason: `no answer in ${limitMs / 1_000} s` }));
  try {
    return await Promise.race([send(signal), late.promise]);
  } catch (error) {
    return { result: 'retry', reason: `the channel broke: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    cancel();
  }
}
