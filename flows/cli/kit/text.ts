/** Plain text for a terminal. */
import { answerOf, type Check, oneLine, type Readiness, vocabulary, type Why, zonedAt } from '#contracts';

type Cell = string | number | null | undefined;

/** Rows under their header, columns aligned; what is null or empty shows as "-". */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => oneLine(`${cell ?? ''}`, 100) || '-'));
  const widths = header.map((_, column) => cells.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
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
export function localText(ms: number, zone: string | null): string {
  const shown = zone ?? 'Asia/Kolkata';
  return `${zonedAt(ms, shown).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} ${shown}`;
}

/** Whether a room is ready; that a ready one is not proven is always said. */
export function readyText(readiness: Readiness): string {
  return readiness === 'ready' ? vocabulary.en.readiness.ready.toLowerCase() : readiness;
}

/** What a check says; a device of a meeting that is there and open is not proven by that. */
export function answerText(check: Check): string {
  return answerOf(check) === 'unproven' ? vocabulary.en.status.unproven : check.status;
}

/** Why a room is not ready, in a few words; '' where it is. */
export function whyText(why: Why | null): string {
  return why === null ? '' : (why.fault ?? `${why.component} ${why.reason ?? ''}`).trim();
}
