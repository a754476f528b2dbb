/** Result of a check without the name of its component: ok, fault or unknown. */
import type { Check } from '@sabha/contracts';

export type Verdict<F extends string = string> = Pick<Check, 'status' | 'reason'> & { fault: F | null };

export const ok: Verdict<never> = { status: 'ok', fault: null, reason: null };

export function fault<F extends string>(id: F, reason: string | null = null): Verdict<F> {
  return { status: 'fault', fault: id, reason };
}

export function unknown(reason: string): Verdict<never> {
  return { status: 'unknown', fault: null, reason };
}
