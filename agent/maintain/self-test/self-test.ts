/** The self-test: every probe once, and the answer as an object or in plain words. */
import {
  answerOf,
  type Check,
  type Clock,
  faultOf,
  isLoopback,
  type Language,
  type LinkReport,
  messageOf,
  noneExpected,
  type Profile,
  reasonIn,
  type Status,
  vocabulary,
  type Words,
  withinTime,
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
 * Whom it judges and by what: `configured` is false where the centre has not said yet what this room should have, and how high it lies.
 * `nobodys`: the folder in which no identity lies, where nothing else says either which PC this is.
 */
export type Subject = { pc: string; room?: Words; nobodys?: string; profile: Profile; configured: boolean };

/** What a self-test asks, and of whom. */
export type SelfTest = {
  subject: Subject;
  platform: Platform;
  probes: readonly Probe[];
  clock: Clock;
  /** Where the agent of this PC finds its centre. */
  centre?: ProbeContext['centre'];
  /** Compares the clock of this PC with the centre's; absent where there is no centre to ask. */
  compareClocks?: (() => Promise<Pick<SelfFigures, 'clockOffsetMs' | 'roundTripMs'> | undefined>) | undefined;
  /** What the agent of this PC wrote down of its link. */
  budget?: BudgetFigures | undefined;
  /** What it last measured there. */
  link?: LinkReport | undefined;
  /** How long the certificate of this PC is still good, milliseconds; absent where it has none. */
  certificateLeftMs?: number | undefined;
  /** Told of each probe before it is asked: which one of how many. */
  onProbe?: (name: string, at: number, of: number) => void;
};

/** The load is what happens between two looks; this long lies between them. */
const loadWindowMs = 1_000;

/** Runs each probe once, one after the other. Guarantee: a probe that fails or hangs gives `unknown`, and the others still run. */
export async function selfTest(test: SelfTest): Promise<CheckReport> {
  const { platform, probes, clock, centre, budget, link } = test;
  const { pc, room, nobodys, profile, configured } = test.subject;
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
    nobodys,
    elevationM: configured && nobodys === undefined ? profile.elevationM : undefined,
    at,
    ms: Math.round(clock.up() - startedUp),
    checks,
    ...(path && { layers: stepsOf(path, { clock: statusOf(checks, 'clock', ''), certificate: statusOf(checks, 'agent', 'certificate') }) }),
    ...(budget && { budget }),
    ...(link && { link }),
  };
}

/** What the agent would know of its link and spool; a self-test has neither. A centre on this PC goes by the same clock. */
async function selfOf({ centre, compareClocks, certificateLeftMs }: SelfTest): Promise<SelfFigures> {
  const own = certificateLeftMs === undefined ? {} : { certificateLeftMs };
  const none = { ...own, roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  if (centre !== undefined && isLoopback(centre.host)) return { ...none, clockOffsetMs: 0 };
  const compared = await compareClocks?.();
  if (compared === undefined || certificateLeftMs === undefined) return { ...none, ...compared };
  // By a clock that is a year ahead every certificate has ended.
  return { ...none, ...compared, certificateLeftMs: certificateLeftMs + (compared.clockOffsetMs ?? 0) };
}

/** Where nothing was said of it, nobody knows. */
function statusOf(checks: readonly CheckRow[], component: string, device: string): Status {
  return checks.find((one) => one.component === component && one.device === device)?.status ?? 'unknown';
}

/** What a program reads off it: 1 a fault, 3 no fault but something that nobody knows, 0 neither. */
export function exitCodeOf({ checks }: CheckReport): 0 | 1 | 3 {
  if (checks.some(({ status }) => status === 'fault')) return 1;
  return checks.some(({ status }) => status === 'unknown') ? 3 : 0;
}

/** The report as `check --json` prints it. */
export function toJson({ room: _room, nobodys: _nobodys, elevationM: _elevation, ...report }: CheckReport): string {
  const checks = report.checks.map(({ component, device, name, status, fault, reason, ms, provenAt }) => {
    return { component, device, ...(name !== undefined && { name }), status, fault, reason, ms, provenAt };
  });
  return JSON.stringify({ ...report, checks });
}

/** All of the report for a person: every check on a line, for a fault what to do first, and the limits that the height of the site sets. */
export function toText(report: CheckReport, language: Language): string {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  const lines = report.checks.map((check) => lineOf(check, language));
  const measured = report.link === undefined ? [] : ['', ...linkLines(report.link, report.at, language)];
  const used = report.budget === undefined ? [] : ['', budgetLine(report.budget, language)];
  const limits = report.elevationM === undefined ? [say('notConfigured')] : limitLines(report.elevationM, language);
  return [headOf(report, language), '', ...lines, ...measured, ...used, '', verdictLine(report, language), '', ...limits].join('\n');
}

type Asked = Pick<ProbeResult, 'path'> & { rows: CheckRow[] };

async function ask(probe: Probe, context: Omit<ProbeContext, 'signal'>, clock: Clock): Promise<Asked> {
  const { timeoutMs: limitMs } = probe;
  const startedUp = clock.up();
  const late = { checks: [failed(probe, `no answer in ${limitMs / 1000} s`)] };
  const asked = withinTime<ProbeResult>({ clock, limitMs, late }, (signal) => probe.run({ ...context, signal }));
  const { checks, ...seen }: ProbeResult = await asked.catch((error: unknown) => ({ checks: [failed(probe, error)] }));
  const ms = Math.round(clock.up() - startedUp);
  return { rows: checks.map((check) => ({ ...check, ms, provenAt: null })), ...(seen.path && { path: seen.path }) };
}

function failed(probe: Probe, error: unknown): Check {
  const reason = messageOf(error);
  return { component: probe.name, device: '', status: 'unknown', fault: null, reason: reason.slice(0, 256) };
}

function lineOf(check: CheckRow, language: Language): string {
  const answer = answerOf(check);
  const title = check.fault === null ? vocabulary[language].status[answer] : (faultOf(check.fault)?.title[language] ?? check.fault);
  const reason = check.reason === null ? '' : reasonIn(check.reason, language);
  // Nothing that works was looked at.
  const said = check.reason === noneExpected ? reason : `${title}${reason && ` (${reason})`}`;
  const line = `${marks[answer]} ${subjectOf(check, language)}: ${said}`;
  const action = actionOf(check, language);
  return action ? `${line}\n    → ${action}` : line;
}

const limited: Readonly<Record<string, (result: ProbeResult) => ProbeResult>> = {
  // Of its runner and spool the agent alone can speak.
  agent: ({ checks }) => ({ checks: checks.filter(({ device }) => device === 'certificate') }),
  pc: ofOneSecond,
};

/** The same probe. Guarantee: of what one look cannot know it claims nothing. */
export function asFarAsKnown(probe: Probe): Probe {
  const judge = limited[probe.name];
  return judge === undefined ? probe : { ...probe, run: async (context) => judge(await probe.run(context)) };
}

/** A processor that was busy for this second, perhaps by the installation that just ended, is not too busy for a meeting: the agent waits for minutes. */
function ofOneSecond({ checks, ...others }: ProbeResult): ProbeResult {
  const busy = unknown('measured for one second only');
  return { ...others, checks: checks.map((check) => (check.fault === 'pc.load_high' ? { ...check, ...busy } : check)) };
}
