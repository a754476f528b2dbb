/** Formats responses of the API as plain text for a terminal. */
import {
  type Check,
  type CsvProblem,
  formatColumns,
  type Language,
  type Outage,
  oneLine,
  outageText,
  type Readiness,
  type ReadinessReason,
  type RollCallCounts,
  shownStatus,
  translateLine,
  vocabulary,
  zonedAt,
} from '@sabha/contracts';
import { catalogueLines } from './lines.ts';
import type { VerbCall, VerbOutput } from './model.ts';

const cellLimit = 100;
const timeNames = /(At|Until)$|^(at|ends|expires|from|received|since|time|to|until)$/;
const placeNames = /^(scope|scopes|to)$/;

type JsonFields = Readonly<Record<string, unknown>>;

/** Formats any response: simple values by name, then each list as a table and each object below its name. */
export function answerText(value: unknown): string {
  if (Array.isArray(value)) return listText(value);
  const [inner, simple] = [true, false].map((wanted) => Object.entries(value as JsonFields).filter(([, one]) => isInner(one) === wanted));
  const head = formatColumns((simple ?? []).map(([name, one]) => [titleOf(name), cellText(name, one, value as JsonFields)]));
  return [
    ...head,
    ...(inner ?? []).flatMap(([name, one]) => [`${titleOf(name)}${Array.isArray(one) ? ` (${one.length})` : ''}:`, answerText(one)]),
  ].join('\n');
}

/** Formats rows as a table with the given columns (`pc room heardAt`), by default all that fit a cell. */
export function table(rows: readonly object[], columns?: string): string {
  const found = Object.entries(Object.assign({}, ...rows));
  const names = columns?.split(' ') ?? found.filter(([, value]) => !isInner(value) || isListOfPersons(value)).map(([name]) => name);
  const cells = rows.map((row) =>
    names.map((name) => oneLine(cellText(name, (row as JsonFields)[name], row as JsonFields), cellLimit) || '-'),
  );
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
  return firstLines(
    list.map((line) => `  ${line}`),
    200,
  ).join('\n');
}

/** Returns true for a value that gets its own section: a list, or an object whose values are not all numbers. */
function isInner(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  return !('en' in value || 'component' in value || 'cause' in value) && !Object.values(value).every((one) => typeof one === 'number');
}

function isListOfPersons(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one !== 'object' || ('name' in one && 'id' in one));
}

function titleOf(name: string): string {
  // The title "ready" includes the note that readiness is not proven.
  if (name === 'ready') return readyText('ready');
  if (name === 'once') return 'one-time secret';
  // Durations are shown with a unit, such as 5 min, so the title drops `Ms`.
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Formats one value by its field name and type. `row` is the object that contains it. */
function cellText(name: string, value: unknown, row: JsonFields): string {
  if (value === '' && placeNames.test(name)) return 'all';
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.map((one) => cellText(name, one, row)).join(', ') || '-';
  if (name === 'why') return whyText(value as ReadinessReason, row);
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

function objectText(value: object, row: JsonFields): string {
  if ('en' in value) return `${value.en || '-'}`;
  if ('name' in value && 'id' in value) return `${value.name} (${value.id})`;
  if ('cause' in value) return `${outageText(value as Outage, 'en')}${'from' in value ? `, since ${timeText(Number(value.from))}` : ''}`;
  if ('from' in value && 'zone' in row) return localText(Number(value.from), row['zone'] as string | null);
  const parts = Object.entries('answered' in value ? withSilent(value as RollCallCounts) : value)
    .filter(([, one]) => one !== null && one !== '')
    .map(([key, one]) => `${titleOf(key)} ${cellText(key, one, value as JsonFields)}`);
  return parts.join(', ') || '-';
}

/** Removes escape sequences and bidirectional controls from text that others wrote, before it reaches the terminal. */
export function plainText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line, Number.POSITIVE_INFINITY))
    .join('\n');
}

/** Returns the value as JSON, with control and bidirectional characters escaped. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Returns the first lines of a list, and a line with the number of the rest. */
export function firstLines(lines: readonly string[], limit = 50): string[] {
  return lines.length <= limit ? [...lines] : [...lines.slice(0, limit), `... and ${lines.length - limit} more (--json shows all)`];
}

/** Formats a time in UTC; null = "-". */
export function timeText(ms: number | null): string {
  return ms === null ? '-' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Formats a time to the minute with its zone. Null = each site's local time, shown in the time of India. */
function localText(ms: number, zone: string | null): string {
  const shown = zone ?? 'Asia/Kolkata';
  return `${zonedAt(ms, shown).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} ${shown}`;
}

function spanText(ms: number): string {
  if (ms === 0) return 'at once';
  return ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} min`;
}

/** Returns the readiness text. A ready room is marked as "not proven", because sound and picture were not tested. */
export function readyText(readiness: Readiness): string {
  return readiness === 'ready' ? vocabulary.en.readiness.ready.toLowerCase() : readiness;
}

/** A conference device that is present and open is shown as unproven, because its function was not tested. */
function statusText(check: Check): string {
  return shownStatus(check) === 'unproven' ? vocabulary.en.status.unproven : check.status;
}

/** Counts a PC without a response as silent, as on the wall, and no longer as unknown. */
export function withSilent({ expected, answered, ready, 'not-ready': notReady, unknown }: RollCallCounts) {
  const silent = expected - answered;
  return { expected, answered, ready, 'not-ready': notReady, unknown: unknown - silent, silent };
}

function whyText({ fault, component, reason }: ReadinessReason, row: JsonFields): string {
  return row['pcs'] === 0 ? 'no PC' : (fault ?? `${component} ${reason ?? ''}`).trim();
}

export async function outputCsv(csv: string, file: string | undefined, writeText: VerbCall['writeText']): Promise<VerbOutput> {
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  // Fetch removes the byte order mark, by which a spreadsheet recognises UTF-8.
  await writeText(file, csv.startsWith('\ufeff') ? csv : `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written` };
}

type ImportedName = string | { id: string; title: string };
type ImportChange = ImportedName | { path?: string; person?: string; column: string; from: string; to: string };
type ImportDifference = {
  added: readonly ImportedName[];
  changed: readonly ImportChange[];
  removed?: readonly ImportedName[];
  same: number;
  missing?: readonly string[];
};
type ImportResult = { problems: readonly CsvProblem[]; notes?: readonly CsvProblem[]; applied: boolean; difference: ImportDifference };

/** Sends a file for checking, and with --yes applies it. `field` is the body field for the text of the file. */
export async function importFile(call: VerbCall, path: string, { field, body }: { field: string; body: object }): Promise<VerbOutput> {
  const { api, by, options, language } = call;
  const [file = ''] = call.words;
  const apply = options['yes'] === true && options['dry-run'] !== true;
  const done = await api.post<ImportResult>(path, { ...body, [field]: await call.readText(file), apply, by }, [422]);
  if (done.problems.length > 0) return { ok: false, json: done, text: problemText(done.problems, { file, language }) };
  const notes = (done.notes ?? []).map((one) => problemLine(one, { file, language }));
  const end = translateLine(done.applied ? 'done' : 'nothing is changed yet: --yes does it', language, catalogueLines);
  return { ok: true, json: done, text: [...differenceLines(done.difference, language), ...firstLines(notes), end].join('\n') };
}

function differenceLines({ added, changed, removed, same, missing }: ImportDifference, language: Language): string[] {
  const list = (mark: string, all: readonly ImportChange[]) => firstLines(all.map((one) => `${mark} ${changeText(one)}`));
  const subjects = new Set(changed.map((one) => (typeof one === 'object' && 'column' in one ? (one.person ?? one.path) : one)));
  const left = missing === undefined ? '' : `, ${missing.length} not in the file (left as they are)`;
  const gone = removed === undefined ? '' : `, ${removed.length} removed`;
  const sum = `${added.length} added, ${subjects.size} changed${gone}, ${same} the same${left}`;
  return [...list('+', added), ...list('~', changed), ...list('-', removed ?? []), translateLine(sum, language, catalogueLines)];
}

function changeText(one: ImportChange): string {
  if (typeof one === 'string') return one || 'the nation';
  if (!('column' in one)) return `${one.id} ${one.title}`;
  return `${one.person ?? (one.path || 'the nation')} ${one.column}: "${one.from}" becomes "${one.to}"`;
}

/** Returns one line for each problem, and a last line that nothing is changed. */
export function problemText(problems: readonly CsvProblem[], { file, language }: { file: string; language: Language }): string {
  const end = `nothing is changed: ${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return [...problems.map((one) => problemLine(one, { file, language })), translateLine(end, language, catalogueLines)].join('\n');
}

/** Formats a problem or a note. Line 0 means that the file has no lines, and is omitted. */
function problemLine({ line, column, what }: CsvProblem, { file, language }: { file: string; language: Language }): string {
  return `${file}${line > 0 ? `:${line}` : ''} ${column === '' ? '' : `${column}: `}${translateLine(what, language, catalogueLines)}`;
}
