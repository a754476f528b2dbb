/** A time limit around a send, for channels that heed their signal and for those that do not. */
import { type Cancel, type Clock, messageOf, withinTime } from '@sabha/contracts';
import type { SendOutcome } from '../../engine/records/notices.ts';
import { readMs, stoodStillMs } from './numbers.ts';

/** `cut` ends the send before its time. */
export type Limit = { clock: Clock; limitMs: number; cut?: AbortSignal };

/**
 * Guarantee: ends at the limit or at the cut, and never rejects: whatever goes wrong in a channel is a reason to try again. Of a process that
 * stood still the limit is over once the answers that waited are read: what was told meanwhile is not told twice.
 */
export async function limited(limit: Limit, send: (signal: AbortSignal) => Promise<SendOutcome>): Promise<SendOutcome> {
  const late: SendOutcome = { result: 'retry', reason: `no answer in ${limit.limitMs / 1_000} s` };
  try {
    return await withinTime({ ...limit, clock: patient(limit.clock), late }, send);
  } catch (error) {
    return { result: 'retry', reason: `the channel broke: ${messageOf(error)}` };
  }
}

function patient(clock: Clock): Pick<Clock, 'after'> {
  return {
    after(delayMs, task) {
      let cancel: Cancel = () => {};
      const arm = (ms: number) => {
        const dueUp = clock.up() + ms;
        cancel = clock.after(ms, () => (clock.up() - dueUp > stoodStillMs ? arm(readMs) : task()));
      };
      arm(delayMs);
      return () => cancel();
    },
  };
}
