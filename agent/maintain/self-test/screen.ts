/** Formats a self-test for one screen: first faults with their actions, then unknown results, then working parts. */
import { coreReasonText, faultOf, fillIn, type Language, noneExpected, type ShownStatus, shownStatus, vocabulary } from '@sabha/contracts';
import { limitLines } from './limits-text.ts';
import { linkLines } from './link-text.ts';
import { actionOf, budgetLine, type CheckReport, type CheckRow, faultsOf, headOf, marks, verdictLine } from './report.ts';
import { phrases, subjectOf } from './words.ts';

/** Properties of the screen. `start`: command by which the user starts the agent, if it does not start automatically. */
export type ScreenOptions = { columns: number; isColoured: boolean; start?: string };

const leastColumns = 40;
const usualColumns = 80;
/** Colour codes of a terminal: bold red, yellow, green, cyan. */
const colours = { fault: '31;1', unknown: '33', ok: '32', unproven: '36' } as const;
const sgr = '\u001b[';

/** Returns the properties of the terminal. Without a terminal, or with NO_COLOR, the output has no colour. */
export function screenOf(out: { isTTY?: boolean; columns?: number }, env: Readonly<Record<string, string | undefined>>): ScreenOptions {
  const isPlain = out.isTTY !== true || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  return { columns: Math.max(leastColumns, columnsOf(out)), isColoured: !isPlain };
}

/** Returns the width of the terminal. A terminal of unknown width reports 0 and gets the default. */
function columnsOf({ columns }: { columns?: number }): number {
  return columns === undefined || columns === 0 ? usualColumns : columns;
}

/** Guarantee: no line is wider than the screen, and a room without a fault takes at most 24 lines. */
export function toScreen(report: CheckReport, language: Language, screen: ScreenOptions): string {
  const saying: RenderContext = {
    language,
    start: screen.start ?? '',
    paint: (answer, text) => (screen.isColoured ? `${sgr}${colours[answer]}m${text}${sgr}0m` : text),
  };
  const of = (status: CheckRow['status']) => report.checks.filter((one) => one.status === status);
  const blocks = [
    [headOf(report, language)],
    faultsOf(report).flatMap((one) => faultLines(one, saying)),
    unknownLines(of('unknown'), saying),
    okLines(of('ok'), saying),
    pathLines(report, saying),
    summaryLines(report, language),
    // The summary is the last line, because a low screen shows only the end.
    [verdictLine(report, language)],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.flatMap((line) => wrapped(line, screen.columns)).join('\n'))
    .join('\n\n');
}

/** Shows the progress of the self-test on one line, which each probe overwrites. */
export function progressOn(out: { columns?: number; write(text: string): unknown }, language: Language) {
  const clear = `\r${sgr}K`;
  return {
    tell(name: string, at: number, of: number): void {
      const line = `${phrases.asking[language]} ${at}/${of}: ${subjectOf({ component: name, device: '' }, language)}`;
      out.write(`${clear}${[...line].slice(0, columnsOf(out) - 1).join('')}`);
    },
    end: () => void out.write(clear),
  };
}

type RenderContext = { language: Language; start: string; paint(answer: ShownStatus, text: string): string };

function faultLines(check: CheckRow, { language, paint }: RenderContext): string[] {
  const row = check.fault === null ? undefined : faultOf(check.fault);
  const title = row?.title[language] ?? check.fault ?? vocabulary[language].status.fault;
  const line = `${paint('fault', marks.fault)} ${subjectOf(check, language)}: ${withReason(title, check, language)}`;
  const action = actionOf(check, language);
  return action === undefined ? [line] : [line, `  → ${action}`];
}

/** Groups unknown results by reason, with one action each. */
function unknownLines(checks: readonly CheckRow[], { language, start, paint }: RenderContext): string[] {
  const words = vocabulary[language];
  const isEnrolled = !checks.some(({ reason }) => unenrolled.includes(reason ?? ''));
  return [...Map.groupBy(checks, ({ reason }) => reason)].flatMap(([reason, same]) => {
    const subjects = same.map((one) => subjectOf(one, language)).join(' · ');
    const [check] = same;
    const said = check === undefined ? '' : withReason(words.status.unknown, check, language);
    const next = fillIn(words.nextStep[nextStepOf(reason ?? '', isEnrolled)], { start });
    return [`${paint('unknown', marks.unknown)} ${subjects}: ${said}`, `  → ${next}`];
  });
}

/** Lists working parts, then parts that are present but unproven, then parts that the room need not have and that were not checked. */
function okLines(checks: readonly CheckRow[], { language, paint }: RenderContext): string[] {
  const of = (answer: ShownStatus) => checks.filter((one) => !isUnwanted(one) && shownStatus(one) === answer);
  const [unwanted, working, present] = [checks.filter(isUnwanted), of('ok'), of('unproven')];
  const said = (one: CheckRow) => withReason(subjectOf(one, language), one, language);
  const list = (all: readonly CheckRow[], say: (one: CheckRow) => string) => all.map(say).join(' · ');
  return [
    ...(working.length > 0 ? [`${paint('ok', marks.ok)} ${list(working, said)}`] : []),
    ...(present.length > 0 ? [`${paint('unproven', marks.unproven)} ${vocabulary[language].status.unproven}: ${list(present, said)}`] : []),
    ...(unwanted.length > 0 ? [`- ${coreReasonText(noneExpected, language)}: ${list(unwanted, (one) => subjectOf(one, language))}`] : []),
  ];
}

function isUnwanted({ reason }: CheckRow): boolean {
  return reason === noneExpected;
}

function withReason(text: string, { reason }: CheckRow, language: Language): string {
  return reason === null ? text : `${text} (${coreReasonText(reason, language)})`;
}

/** Shows each step of the path to the server with its mark, from this PC outwards; nothing without a path. */
function pathLines({ layers }: CheckReport, { language, paint }: RenderContext): string[] {
  if (layers === undefined) return [];
  const steps = layers.map(({ layer, status }) => paint(status, `${marks[status]}${vocabulary[language].layer[layer]}`)).join(' → ');
  return [`${phrases.way[language]}:`, `  ${steps}`];
}

/** Returns one line each for the link, the data budget and the limits; `--all` prints them in full. */
function summaryLines(report: CheckReport, language: Language): string[] {
  const [title, first] = report.link === undefined ? [] : linkLines(report.link, report.at, language);
  const limits = report.elevationM === undefined ? [] : limitLines(report.elevationM, language);
  return [
    ...(title !== undefined && first !== undefined ? [`${title}: ${first.trim()}`] : []),
    ...(report.budget === undefined ? [] : [budgetLine(report.budget, language)]),
    limits.length === 0 ? phrases.notConfigured[language] : `${limits[0]}: ${limits[2]?.trim()}`,
    phrases.all[language],
  ];
}

/** Reasons that the path check gives on a PC that is not enrolled. */
const unenrolled = ['this PC does not know the server', 'without a certificate it is not known whether this is the server'];

function nextStepOf(reason: string, isEnrolled: boolean): keyof (typeof vocabulary)['en']['nextStep'] {
  if (!isEnrolled && [...unenrolled, 'not compared with the server yet'].includes(reason)) return 'connect';
  if (reason === 'the profile does not say what is expected') return 'configure';
  if (reason.startsWith('only the session at the PC ')) return 'session';
  return reason.endsWith(' is not installed') ? 'install' : 'again';
}

/** Wraps between words and indents continuation lines. The terminal cuts words that are wider than the screen. */
function wrapped(text: string, columns: number): string[] {
  const start = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = start;
  for (const word of text.trim().split(' ')) {
    const longer = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (widthOf(longer) <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = `${start}  ${word}`;
    }
  }
  return [...lines, line];
}

/** Combining characters and colour codes take no column. */
function widthOf(text: string): number {
  return [...text.replaceAll(/[\p{Mn}\p{Me}\p{Cf}]|\p{Cc}\[[\d;]*m/gu, '')].length;
}
