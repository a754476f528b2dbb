/** Result of a self-test, and the lines that all its output formats share. */
import { type Check, faultOf, fillIn, type Language, type LinkReport, vocabulary, type Words } from '@sabha/contracts';
import { certificateDatesReason, type PathStep } from '../../link/analysis/path.ts';
import type { BudgetFigures } from '../../link/net/data-budget.ts';
import { phrases } from './words.ts';

/** `ms`: duration of the probe. `provenAt`: last proof of sound and picture by content; null for never. */
export type CheckRow = Check & { ms: number; provenAt: number | null };
/** Result of a self-test; `at` in milliseconds since 1970, `ms` is its duration. */
export type CheckReport = {
  pc: string;
  site: string;
  room: Words | undefined;
  /** Folder without an identity, if this PC is not enrolled. */
  notEnrolledFolder?: string | undefined;
  /** Elevation of the site; undefined until the server has sent it. */
  elevationM: number | undefined;
  at: number;
  ms: number;
  checks: CheckRow[];
  /** Steps of the path to the server; absent if the path was not tested. */
  layers?: PathStep[];
  budget?: BudgetFigures;
  link?: LinkReport;
};

export const marks = { ok: '✔', unproven: '◐', fault: '✖', unknown: '?' } as const;

/** Returns the name and identity of the room, or a line that says that this PC is not enrolled. */
export function headOf({ room, pc, notEnrolledFolder: folder }: CheckReport, language: Language): string {
  if (folder !== undefined) return fillIn(phrases.notEnrolled[language], { folder });
  return room === undefined ? pc : `${room[language]} (${pc})`;
}

/** Returns the faults, clock first, because a wrong clock makes certificates look invalid. */
export function faultsOf({ checks }: CheckReport): CheckRow[] {
  const faults = checks.filter(({ status }) => status === 'fault');
  return [...faults.filter(({ component }) => component === 'clock'), ...faults.filter(({ component }) => component !== 'clock')];
}

export function actionOf({ fault, reason }: CheckRow, language: Language): string | undefined {
  return fault === null ? undefined : faultOf(reason === certificateDatesReason ? 'clock.wrong' : fault)?.action[language];
}

/** Returns the summary of the self-test. Guarantee: the summary says that no fault was found only if every check is known. */
export function verdictLine({ checks }: CheckReport, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const count = (status: string) => checks.filter((check) => check.status === status).length;
  const [faults, unknowns] = [count('fault'), count('unknown')];
  const end = faults > 0 ? `${say('faults')}: ${faults}` : unknowns > 0 ? say('notAllKnown') : say('noFault');
  return unknowns === 0 ? `${end}.` : `${end}. ${vocabulary[language].readiness.unknown}: ${unknowns}.`;
}

/** Returns the use of the data budget: `Data this month (2026-11): messages 1.2 of 8 MB, tests of the link 3 of 36 MB.` */
export function budgetLine({ month, telemetryBytes, telemetryLimit, testBytes, testLimit }: BudgetFigures, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const megabytes = (bytes: number) => Number((bytes / 1_000_000).toFixed(1));
  const share = (used: number, limit: number) =>
    language === 'hi' ? `${megabytes(limit)} ${say('of')} ${megabytes(used)} MB` : `${megabytes(used)} ${say('of')} ${megabytes(limit)} MB`;
  return `${say('data')} (${month}): ${say('ofTelemetry')} ${share(telemetryBytes, telemetryLimit)}, ${say('ofTests')} ${share(testBytes, testLimit)}.`;
}
