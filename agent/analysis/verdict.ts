/** What a check says, without saying of what: its three answers. */
import type { Check } from '#contracts';

export type Verdict<F extends string = string> = Pick<Check, 'status' | 'reason'> & { fault: F | null };

export const ok: Verdict<never> = { status: 'ok', fault: null, reason: null };

export function fault<F extends string>(id: F, reason: string | null = null): Verdict<F> {
  return { status: 'fault', fault: id, reason };
}

export function unknown(reason: string): Verdict<never> {
  return { status: 'unknown', fault: null, reason };
}
