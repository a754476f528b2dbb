/** Answers of the API as plain text for a terminal. */
import {
  answerOf,
  type Check,
  type CsvProblem,
  inColumns,
  type Language,
  lineIn,
  type Outage,
  oneLine,
  outageText,
  type Readiness,
  vocabulary,
  type Why,
  zonedAt,
} from '@sabha/contracts';
import { lines } from './lines.ts';
import type { Answer, Call } from './model.ts';

/** Longest text of a cell in a table, characters. */
const cellLimit = 100;
const timeNames = /(At|Until)$|^(at|ends|expires|from|received|since|time|to|until)$/;
const placeNames = /^(scope|scopes|to)$/;

type Fields = Readonly<Record<string, unknown>>;

/** Any answer: its simple values by name, then each list as a table and each group of values below its name. */
export function answerText(value: unknown): string {
  if (Array.isArray(value)) return listText(value);
  const [inner, simple] = [true, false].map((wanted) => Object.entries(value as Fields).filter(([, one]) => isInner(one) === wanted));
  const head = inColumns((simple ?? []).map(([name, one]) => [titleOf(name), cellText(name, one, value as Fields)]));
  return [
    ...head,
    ...(inner ?? []).flatMap(([name, one]) => [`${titleOf(name)}${Array.isArray(one) ? ` (${one.length})` : ''}:`, answerText(one)]),
  ].join('\n');
}

/** Rows below the names of their columns, which are those named here (`pc room heardAt`), else all that fit into a cell. */
export function table(rows: readonly object[], columns?: string): string {
  const found = Object.entries(Object.assign({}, ...rows));
  const names = columns?.split(' ') ?? found.filter(([, value]) => !isInner(value) || isListOfPersons(value)).map(([name]) => name);
  const cells = rows.map((row) => names.map((name) => oneLine(cellText(name, (row as Fields)[name], row as Fields), cellLimit) || '-'));
  const all = [names.map((name) => titleOf(name).toUpperCase()), ...cells];
  const widths = names.map((_, column) => all.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function listText(list: readonly unknown[]): string {
  if (list.length === 0) return '  none';
  if (typeof list[0] === 'object') return table(list as object[]);
  return firstOf(
    list.map((line) => `  ${line}`),
    200,
  ).join('\n');
}

/** True for what stands below its own name: lists, and values by names that are not all numbers. */
function isInner(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  return !('en' in value || 'component' in value || 'cause' in value) && !Object.values(value).every((one) => typeof one === 'number');
}

function isListOfPersons(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one !== 'object' || ('name' in one && 'id' in one));
}

function titleOf(name: string): string {
  // A ready room is not proven, and each count says so.
  if (name === 'ready') return readyText('ready');
  if (name === 'once') return 'one-time secret';
  // Spans are shown in words, such as 5 min.
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** One value, by its name and by what it is; `row` is the object of which it is a field. */
function cellText(name: string, value: unknown, row: Fields): string {
  if (value === '' && placeNames.test(name)) return 'all';
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.map((one) => cellText(name, one, row)).join(', ') || '-';
  if (name === 'why') return whyText(value as Why);
  if (typeof value === 'object') return objectText(value, row);
  if (typeof value === 'number') return numberText(name, value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (name === 'readiness') return readyText(value as Readiness);
  return name === 'status' && 'component' in row ? statusText(row as Check) : `${value}`;
}

function numberText(name: string, value: number): string {
  if (timeNames.test(name)) return timeText(value);
  return name.endsWith('Ms') ? spanText(value) : `${value}`;
}

function objectText(value: object, row: Fields): string {
  if ('en' in value) return `${value.en || '-'}`;
  if ('name' in value && 'id' in value) return `${value.name} (${value.id})`;
  if ('cause' in value) return `${outageText(value as Outage, 'en')}${'from' in value ? `, since ${timeText(Number(value.from))}` : ''}`;
  if ('from' in value && 'zone' in row) return localText(Number(value.from), row['zone'] as string | null);
  const parts = Object.entries(value)
    .filter(([, one]) => one !== null && one !== '')
    .map(([key, one]) => `${titleOf(key)} ${cellText(key, one, value as Fields)}`);
  return parts.join(', ') || '-';
}

/** What others wrote, on a terminal: no escape sequence, nothing that turns text around. */
export function plainText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line, Number.POSITIVE_INFINITY))
    .join('\n');
}

/** JSON of the same value; what a terminal could obey is escaped. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The first lines of a list, and how many more there are. */
export function firstOf(lines: readonly string[], limit = 50): string[] {
  return lines.length <= limit ? [...lines] : [...lines.slice(0, limit), `... and ${lines.length - limit} more (--json shows all)`];
}

/** A time as an operator reads it; "-" for none. */
export function timeText(ms: number | null): string {
  return ms === null ? '-' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A time to the minute in a zone, with the name of the zone; null = the clocks of the sites, shown in the time of India. */
function localText(ms: number, zone: string | null): string {
  const shown = zone ?? 'Asia/Kolkata';
  return `${zonedAt(ms, shown).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} ${shown}`;
}

function spanText(ms: number): string {
  if (ms === 0) return 'at once';
  return ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} min`;
}

/** Whether a room is ready; says of a ready room that sound and picture are not proven. */
export function readyText(readiness: Readiness): string {
  return readiness === 'ready' ? vocabulary.en.readiness.ready.toLowerCase() : readiness;
}

/** A device of a meeting that is there and open is not proven by that. */
function statusText(check: Check): string {
  return answerOf(check) === 'unproven' ? vocabulary.en.status.unproven : check.status;
}

function whyText({ fault, component, reason }: Why): string {
  return (fault ?? `${component} ${reason ?? ''}`).trim();
}

/** A table for a spreadsheet, in a file or on the terminal. */
export async function asFile(csv: string, file: string | undefined, writeText: Call['writeText']): Promise<Answer> {
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  // Fetch removes the byte order mark, by which a spreadsheet recognises UTF-8.
  await writeText(file, csv.startsWith('\ufeff') ? csv : `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written` };
}

type Named = string | { id: string; title: string };
type Change = Named | { path?: string; person?: string; column: string; from: string; to: string };
type Difference = {
  added: readonly Named[];
  changed: readonly Change[];
  removed?: readonly Named[];
  same: number;
  missing?: readonly string[];
};
/** The answer of each route that imports. */
type Imported = { problems: readonly CsvProblem[]; notes?: readonly CsvProblem[]; applied: boolean; difference: Difference };

/** Has a file checked and, with --yes, loaded. `field`: the part of the body that takes the text of the file. */
export async function importFile(call: Call, path: string, { field, body }: { field: string; body: object }): Promise<Answer> {
  const { api, by, options, language } = call;
  const [file = ''] = call.words;
  const apply = options['yes'] === true && options['dry-run'] !== true;
  const done = await api.post<Imported>(path, { ...body, [field]: await call.readText(file), apply, by }, [422]);
  if (done.problems.length > 0) return { ok: false, json: done, text: problemText(done.problems, { file, language }) };
  const notes = (done.notes ?? []).map((one) => problemLine(one, { file, language }));
  const end = lineIn(done.applied ? 'done' : 'nothing is changed yet: --yes does it', language, lines);
  return { ok: true, json: done, text: [...differenceLines(done.difference, language), ...firstOf(notes), end].join('\n') };
}

/** What an import adds, changes and removes, a line each, and the counts. */
function differenceLines({ added, changed, removed, same, missing }: Difference, language: Language): string[] {
  const list = (mark: string, all: readonly Change[]) => firstOf(all.map((one) => `${mark} ${changeText(one)}`));
  const subjects = new Set(changed.map((one) => (typeof one === 'object' && 'column' in one ? (one.person ?? one.path) : one)));
  const left = missing === undefined ? '' : `, ${missing.length} not in the file (left as they are)`;
  const gone = removed === undefined ? '' : `, ${removed.length} removed`;
  const sum = `${added.length} added, ${subjects.size} changed${gone}, ${same} the same${left}`;
  return [...list('+', added), ...list('~', changed), ...list('-', removed ?? []), lineIn(sum, language, lines)];
}

function changeText(one: Change): string {
  if (typeof one === 'string') return one || 'the nation';
  if (!('column' in one)) return `${one.id} ${one.title}`;
  return `${one.person ?? (one.path || 'the nation')} ${one.column}: "${one.from}" becomes "${one.to}"`;
}

/** Each problem with its place in the file, and that nothing is changed for them. */
export function problemText(problems: readonly CsvProblem[], { file, language }: { file: string; language: Language }): string {
  const end = `nothing is changed: ${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return [...problems.map((one) => problemLine(one, { file, language })), lineIn(end, language, lines)].join('\n');
}

/** One of them, or a note; a file that has no lines has no line 0. */
function problemLine({ line, column, what }: CsvProblem, { file, language }: { file: string; language: Language }): string {
  return `${file}${line > 0 ? `:${line}` : ''} ${column === '' ? '' : `${column}: `}${lineIn(what, language, lines)}`;
}
