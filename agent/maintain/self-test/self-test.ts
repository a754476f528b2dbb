/** Self-test: runs every probe once and returns the result as an object or as text. */
import {
  type Check,
  type Clock,
  coreReasonText,
  faultOf,
  isLoopback,
  type Language,
  type LinkReport,
  messageOf,
  noneExpected,
  type Profile,
  type Status,
  shownStatus,
  vocabulary,
  type Words,
  withTimeout,
} from '@sabha/contracts';
import type { Probe, ProbeContext, ProbeResult, SelfFigures } from '../../checks/probe.ts';
import { type PathFacts, stepsOf } from '../../link/analysis/path.ts';
import { unknown } from '../../link/analysis/verdict.ts';
import type { BudgetFigures } from '../../link/net/data-budget.ts';
import type { Platform } from '../../platform/platform.ts';
import { limitLines } from './limits-text.ts';
import { linkLines } from './link-text.ts';
import { actionOf, budgetLine, type CheckReport, type CheckRow, headOf, marks, verdictLine } from './report.ts';
import { phrases, subjectOf } from './words.ts';

/**
 * PC under test. `configured` is false until the server has sent the expected equipment and the elevation of this room.
 * `notEnrolledFolder`: data folder of a PC that is not enrolled and has no name.
 */
export type Subject = { pc: string; room?: Words; notEnrolledFolder?: string; profile: Profile; configured: boolean };

export type SelfTest = {
  subject: Subject;
  platform: Platform;
  probes: readonly Probe[];
  clock: Clock;
  centre?: ProbeContext['centre'];
  /** Compares the clock of this PC with the server's; absent without a server. */
  compareClocks?: (() => Promise<Pick<SelfFigures, 'clockOffsetMs' | 'roundTripMs'> | undefined>) | undefined;
  budget?: BudgetFigures | undefined;
  link?: LinkReport | undefined;
  /** Remaining validity of the certificate, milliseconds; absent without one. */
  certificateLeftMs?: number | undefined;
  /** Called before each probe with the name and number of the probe, and the count of all probes. */
  onProbe?: (name: string, at: number, of: number) => void;
};

/** Time between the two readings from which the load of the processor is computed. */
const loadWindowMs = 1_000;

/**
 * Runs the probes one after another.
 * Guarantee: a probe that fails or hangs gives `unknown`, and the others still run.
 */
export async function selfTest(test: SelfTest): Promise<CheckReport> {
  const { platform, probes, clock, centre, budget, link } = test;
  const { pc, room, notEnrolledFolder, profile, configured } = test.subject;
  const at = clock.now();
  const startedUp = clock.up();
  await platform.figures(AbortSignal.timeout(loadWindowMs)).catch(() => undefined);
  const [self] = await Promise.all([selfOf(test), new Promise<void>((resolve) => void clock.after(loadWindowMs, resolve))]);
  const checks: CheckRow[] = [];
  let path: PathFacts | undefined;
  for (const [at, probe] of probes.entries()) {
    test.onProbe?.(probe.name, at + 1, probes.length);
    const { rows, ...seen } = await ask(probe, { platform, profile, self, ...(centre && { centre }) }, clock);
    checks.push(...rows);
    path ??= seen.path;
  }
  return {
    pc,
    site: pc.split('/').slice(0, 2).join('/'),
    room,
    notEnrolledFolder,
    elevationM: configured && notEnrolledFolder === undefined ? profile.elevationM : undefined,
    at,
    ms: Math.round(clock.up() - startedUp),
    checks,
    ...(path && { layers: stepsOf(path, { clock: statusOf(checks, 'clock', ''), certificate: statusOf(checks, 'agent', 'certificate') }) }),
    ...(budget && { budget }),
    ...(link && { link }),
  };
}

/** Returns the agent's own figures for the probes. A self-test has no link and no spool. A server on this PC shares the clock. */
async function selfOf({ centre, compareClocks, certificateLeftMs }: SelfTest): Promise<SelfFigures> {
  const own = certificateLeftMs === undefined ? {} : { certificateLeftMs };
  const none = { ...own, roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  if (centre !== undefined && isLoopback(centre.host)) return { ...none, clockOffsetMs: 0 };
  const compared = await compareClocks?.();
  if (compared === undefined || certificateLeftMs === undefined) return { ...none, ...compared };
  // The offset corrects the remaining time, because a clock that is a year ahead makes every certificate look expired.
  return { ...none, ...compared, certificateLeftMs: certificateLeftMs + (compared.clockOffsetMs ?? 0) };
}

/** Returns the status of a check; `unknown` if there is no such check. */
function statusOf(checks: readonly CheckRow[], component: string, device: string): Status {
  return checks.find((one) => one.component === component && one.device === device)?.status ?? 'unknown';
}

/** Returns the exit code: 1 for a fault, 3 for unknown results without a fault, 0 otherwise. */
export function exitCodeOf({ checks }: CheckReport): 0 | 1 | 3 {
  if (checks.some(({ status }) => status === 'fault')) return 1;
  return checks.some(({ status }) => status === 'unknown') ? 3 : 0;
}

export function toJson({ room: _room, notEnrolledFolder: _nobodys, elevationM: _elevation, ...report }: CheckReport): string {
  const checks = report.checks.map(({ component, device, name, status, fault, reason, ms, provenAt }) => {
    return { component, device, ...(name !== undefined && { name }), status, fault, reason, ms, provenAt };
  });
  return JSON.stringify({ ...report, checks });
}

/** Returns the whole report as text: every check, the action for each fault, and the limits by the site's elevation. */
export function toText(report: CheckReport, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const lines = report.checks.map((check) => lineOf(check, language));
  const measured = report.link === undefined ? [] : ['', ...linkLines(report.link, report.at, language)];
  const used = report.budget === undefined ? [] : ['', budgetLine(report.budget, language)];
  const limits = report.elevationM === undefined ? [say('notConfigured')] : limitLines(report.elevationM, language);
  return [headOf(report, language), '', ...lines, ...measured, ...used, '', verdictLine(report, language), '', ...limits].join('\n');
}

type ProbedRows = Pick<ProbeResult, 'path'> & { rows: CheckRow[] };

async function ask(probe: Probe, context: Omit<ProbeContext, 'signal'>, clock: Clock): Promise<ProbedRows> {
  const { timeoutMs: limitMs } = probe;
  const startedUp = clock.up();
  const timeoutValue = { checks: [failed(probe, `no answer in ${limitMs / 1000} s`)] };
  const asked = withTimeout<ProbeResult>({ clock, limitMs, timeoutValue }, (signal) => probe.run({ ...context, signal }));
  const { checks, ...seen }: ProbeResult = await asked.catch((error: unknown) => ({ checks: [failed(probe, error)] }));
  const ms = Math.round(clock.up() - startedUp);
  return { rows: checks.map((check) => ({ ...check, ms, provenAt: null })), ...(seen.path && { path: seen.path }) };
}

function failed(probe: Probe, error: unknown): Check {
  const reason = messageOf(error);
  return { component: probe.name, device: '', status: 'unknown', fault: null, reason: reason.slice(0, 256) };
}

function lineOf(check: CheckRow, language: Language): string {
  const answer = shownStatus(check);
  const title = check.fault === null ? vocabulary[language].status[answer] : (faultOf(check.fault)?.title[language] ?? check.fault);
  const reason = check.reason === null ? '' : coreReasonText(check.reason, language);
  // Equipment that is not expected was not checked, so no status is shown.
  const said = check.reason === noneExpected ? reason : `${title}${reason && ` (${reason})`}`;
  const line = `${marks[answer]} ${subjectOf(check, language)}: ${said}`;
  const action = actionOf(check, language);
  return action ? `${line}\n    → ${action}` : line;
}

const limited: Readonly<Record<string, (result: ProbeResult) => ProbeResult>> = {
  // A self-test knows neither the probe runner nor the spool of the running agent, so only the certificate is checked.
  agent: ({ checks }) => ({ checks: checks.filter(({ device }) => device === 'certificate') }),
  pc: withoutLoadFault,
};

/**
 * Wraps a probe for a self-test.
 * Guarantee: the wrapped probe reports nothing that needs more than one run.
 */
export function limitedToOneRun(probe: Probe): Probe {
  const judge = limited[probe.name];
  return judge === undefined ? probe : { ...probe, run: async (context) => judge(await probe.run(context)) };
}

/** Removes the fault of a busy processor. One second of load shows no overload; the running agent judges the load over minutes. */
function withoutLoadFault({ checks, ...others }: ProbeResult): ProbeResult {
  const busy = unknown('measured for one second only');
  return { ...others, checks: checks.map((check) => (check.fault === 'pc.load_high' ? { ...check, ...busy } : check)) };
}
