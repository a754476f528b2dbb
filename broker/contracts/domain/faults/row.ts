/** Shape of a row of the fault catalogue. */
import type { Severity } from '../states.ts';

export const languages = ['en', 'hi'] as const;
export type Language = (typeof languages)[number];
export type Words = Record<Language, string>;

/** One row of the catalogue: behaviour and texts of a fault. */
export type Fault = {
  /** Default severity. A rule on a tab overrides it. */
  severity: Severity;
  /** Faults that hide this one while they are present in the same room. */
  parents: readonly string[];
  /** Hold: how long it must last before a person is notified. A rule on a tab lengthens or skips it (R22 (hold)). */
  holdMs: number;
  /** Clear time: how long it must be absent before the incident clears. */
  clearMs: number;
  /** How a PC checks it on each system; absent for a fault judged by the server. */
  checkedBy?: { linux: string; windows: string };
  title: Words;
  /** First actions, one per sentence. */
  action: Words;
};

/** In milliseconds. */
export const second = 1_000;
export const minute = 60 * second;

export const timing = (severity: Severity, parents: readonly string[], [holdMs, clearMs]: readonly [number, number]) => ({
  severity,
  parents,
  holdMs,
  clearMs,
});

/**
 * Describes the check on each system. Without an implementation the check is `unknown`. `due`: not implemented yet; `none: …`: impossible
 * there, and why.
 */
export const checkedBy = (linux: string, windows = 'the same') => ({ checkedBy: { linux, windows } });

/** Regular expression for a whole reason, and its Hindi text with the capture groups. */
export type Reason = readonly [pattern: string, hi: string];
