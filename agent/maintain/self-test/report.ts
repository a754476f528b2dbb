/** What a self-test found, and the lines that each way to tell it shares. */
import { type Check, faultOf, filled, type Language, type LinkReport, vocabulary, type Words } from '@sabha/contracts';
import { datesDoNotFit, type Step } from '../../link/analysis/path.ts';
import type { BudgetFigures } from '../../link/net/data-budget.ts';
import { phrases } from './words.ts';

/** `ms` is how long the probe took; `provenAt` is when sound and picture were last proven by content, null for never. */
export type CheckRow = Check & { ms: number; provenAt: number | null };
/** What a self-test found; `at` in milliseconds since 1970, `ms` is how long it took. */
export type CheckReport = {
  pc: string;
  site: string;
  room: Words | undefined;
  /** The folder in which no identity lies, where this PC is none that is known. */
  nobodys?: string | undefined;
  /** Undefined where nobody has said it. */
  elevationM: number | undefined;
  at: number;
  ms: number;
  checks: CheckRow[];
  /** The way to the centre, step by step; absent where no other machine was to be reached. */
  layers?: Step[];
  budget?: BudgetFigures;
  link?: LinkReport;
};

/** Before each check. */
export const marks = { ok: '✔', unproven: '◐', fault: '✖', unknown: '?' } as const;

/** The room, and its path; or that this PC is none that is known. */
export function headOf({ room, pc, nobodys: folder }: CheckReport, language: Language): string {
  if (folder !== undefined) return filled(phrases.notEnrolled[language], { folder });
  return room === undefined ? pc : `${room[language]} (${pc})`;
}

/** The faults, the clock first: where it is wrong, certificates seem to be. */
export function faultsOf({ checks }: CheckReport): CheckRow[] {
  const faults = checks.filter(({ status }) => status === 'fault');
  return [...faults.filter(({ component }) => component === 'clock'), ...faults.filter(({ component }) => component !== 'clock')];
}

/** What to do about a fault; undefined of one that nobody knows. */
export function actionOf({ fault, reason }: CheckRow, language: Language): string | undefined {
  return fault === null ? undefined : faultOf(reason === datesDoNotFit ? 'clock.wrong' : fault)?.action[language];
}

/** Guarantee: it says that no fault was found only where everything is known. */
export function verdictLine({ checks }: CheckReport, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const count = (status: string) => checks.filter((check) => check.status === status).length;
  const [faults, unknowns] = [count('fault'), count('unknown')];
  const end = faults > 0 ? `${say('faults')}: ${faults}` : unknowns > 0 ? say('notAllKnown') : say('noFault');
  return unknowns === 0 ? `${end}.` : `${end}. ${vocabulary[language].readiness.unknown}: ${unknowns}.`;
}

/** Data this month (2026-11): messages 1.2 of 8 MB, tests of the link 3 of 36 MB. */
export function budgetLine({ month, telemetryBytes, telemetryLimit, testBytes, testLimit }: BudgetFigures, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const megabytes = (bytes: number) => Number((bytes / 1_000_000).toFixed(1));
  const share = (used: number, limit: number) =>
    language === 'hi' ? `${megabytes(limit)} ${say('of')} ${megabytes(used)} MB` : `${megabytes(used)} ${say('of')} ${megabytes(limit)} MB`;
  return `${say('data')} (${month}): ${say('ofTelemetry')} ${share(telemetryBytes, telemetryLimit)}, ${say('ofTests')} ${share(testBytes, testLimit)}.`;
}
