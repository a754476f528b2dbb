/** What a row of the catalogue says. */
import type { Severity } from '../states.ts';

/** Every language that people are spoken to in. */
export const languages = ['en', 'hi'] as const;
export type Language = (typeof languages)[number];
/** One text in every language. */
export type Words = Record<Language, string>;

/** One row of the catalogue: the nature of a fault and its words. */
export type Fault = {
  /** Default urgency; a rule on a tab overrides it. */
  severity: Severity;
  /** The faults that hide this one while they stand in the same room. */
  parents: readonly string[];
  /** How long it must stand before a person is told; a rule on a tab lengthens or skips it (R22). */
  holdMs: number;
  /** How long it must be gone before the incident clears. */
  clearMs: number;
  /** What a PC asks for it on each system; none of a fault that the centre judges. */
  asked?: { linux: string; windows: string };
  title: Words;
  /** What to do first, one action a sentence. */
  action: Words;
};

/** One second, milliseconds. */
export const second = 1_000;
/** One minute, milliseconds. */
export const minute = 60 * second;

/** Default urgency, the faults that hide it while they stand in the same room, and how long it must stand and be gone. */
export const grade = (severity: Severity, parents: readonly string[], [holdMs, clearMs]: readonly [number, number]) => ({
  severity,
  parents,
  holdMs,
  clearMs,
});

/** What is read on each system; a system without a reading answers `unknown`. `due`: nobody has written it yet; `none: …`: it cannot be had there, and why. */
export const asked = (linux: string, windows = 'the same') => ({ asked: { linux, windows } });

/** Pattern of a whole reason that a machine gives, and its Hindi with what the pattern caught. */
export type Reason = readonly [pattern: string, hi: string];
