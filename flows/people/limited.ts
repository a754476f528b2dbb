/** A time limit around a send, for channels that heed their signal and for those that do not. */
import type { Clock } from '#contracts';
import type { Outcome } from '../records/notices.ts';

/** `cut` ends the send before its time. */
export type Limit = { clock: Clock; limitMs: number; cut?: AbortSignal };

/** Guarantee: ends at the limit or at the cut, and never rejects: whatever goes wrong in a channel is a reason to try again. */
export async function limited({ clock, limitMs, cut }: Limit, send: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const ending = new AbortController();
  const late = Promise.withResolvers<Outcome>();
  const end = () => {
    late.resolve({ result: 'retry', reason: `no answer in ${limitMs / 1_000} s` });
    ending.abort();
  };
  const cancel = clock.after(limitMs, end);
  // By hand: what `AbortSignal.any` makes is held as long as the cut, which is as long as the process.
  cut?.addEventListener('abort', end);
  if (cut?.aborted) end();
  try {
    return await Promise.race([send(ending.signal), late.promise]);
  } catch (error) {
    return { result: 'retry', reason: `the channel broke: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    cancel();
    cut?.removeEventListener('abort', end);
  }
}
