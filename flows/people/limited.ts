/** A time limit around a send, for channels that heed their signal and for those that do not. */
import { type Clock, messageOf, withinTime } from '#contracts';
import type { SendOutcome } from '../records/notices.ts';

/** `cut` ends the send before its time. */
export type Limit = { clock: Clock; limitMs: number; cut?: AbortSignal };

/** Guarantee: ends at the limit or at the cut, and never rejects: whatever goes wrong in a channel is a reason to try again. */
export async function limited(limit: Limit, send: (signal: AbortSignal) => Promise<SendOutcome>): Promise<SendOutcome> {
  const late: SendOutcome = { result: 'retry', reason: `no answer in ${limit.limitMs / 1_000} s` };
  try {
    return await withinTime({ ...limit, late }, send);
  } catch (error) {
    return { result: 'retry', reason: `the channel broke: ${messageOf(error)}` };
  }
}
