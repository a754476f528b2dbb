/** Answers of the API as plain text for a terminal. */
import {
  answerOf,
  type Check,
  inColumns,
  type Outage,
  oneLine,
  outageText,
  type Readiness,
  vocabulary,
  type Why,
  zonedAt,
} from '@sabha/contracts';

type Fields = Readonly<Record<string, unknown>>;

/** Longest text of a cell in a table, characters. */
const cellLimit = 100;
const timeNames = /(At|Until)$|^(at|ends|expires|from|received|since|time|to|until)$/;
const placeNames = /^(scope|scopes|to)$/;

/** Any answer: its simple values by name, then each list as a table and each group of values below its name. */
export function answerText(value: unknown): string {
  if (Array.isArray(value)) return listText(value);
  const [inner, simple] = [true, false].map((wanted) => Object.entries(value as Fields).filter(([, one]) => isInner(one) === wanted));
  const head = inColumns((simple ?? []).map(([name, one]) => [titleOf(name), cellText(name, one, value as Fields)]));
  return [...head, ...(inner ?? []).flatMap(([name, one]) => [`${titleOf(name)}:`, answerText(one)])].join('\n');
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
