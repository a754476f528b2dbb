/** What a check says, without saying of what: its three answers. */
import type { Check } from '@sabha/contracts';

/** One of the three answers, with its fault or its reason. */
export type Verdict<F extends string = string> = Pick<Check, 'status' | 'reason'> & { fault: F | null };

/** All is well. */
export const ok: Verdict<never> = { status: 'ok', fault: null, reason: null };

/** A fault of the catalogue, with more of it where there is more to say. */
export function fault<F extends string>(id: F, reason: string | null = null): Verdict<F> {
  return { status: 'fault', fault: id, reason };
}

/** It cannot be known, and why. */
export function unknown(reason: string): Verdict<never> {
  return { status: 'unknown', fault: null, reason };
}
