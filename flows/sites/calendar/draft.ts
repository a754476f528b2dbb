/** Checks that both readers of meeting files use. */
import { setImmediate } from 'node:timers/promises';
import { isTimeZone, oneLine } from '@sabha/contracts';
import type { Meeting, SiteTable } from '../../engine/records/sites.ts';

export type Problem = { line: number; column: string; what: string };
/** Result of reading a file: its meetings, the ids of cancelled meetings, the problems, and notes on skipped entries. */
export type ReadFile = { meetings: Meeting[]; cancelled: string[]; problems: Problem[]; notes: Problem[] };

export const limits = { meetings: 20_000, scopes: 200, dates: 1_000, title: 120, id: 200, minutes: 7 * 24 * 60 };

const allRooms = 'all';

/** Reads the paths of `bihar/patna; ladakh/leh/vc-1`, or of `all`. `line` reports an unknown path; `isPaths` is false for free text. */
export function scopesOf(text: string, table: Pick<SiteTable, 'node'>): { scopes: string[]; isPaths: boolean; line?: string } {
  const words = text.split(/[;,\s]+/).filter((word) => word !== '');
  const isPaths = words.length > 0 && words.every((word) => word === allRooms || /^[a-z0-9-]+(\/[a-z0-9-]+){0,2}$/.test(word));
  if (!isPaths) return { scopes: [], isPaths };
  if (words.length > limits.scopes) return { scopes: [], isPaths, line: `names more than ${limits.scopes} places` };
  const scopes = [...new Set(words.map((word) => (word === allRooms ? '' : word)))];
  const unknown = scopes.find((path) => path !== '' && table.node(path) === undefined);
  if (unknown !== undefined) return { scopes: [], isPaths, line: `there is no site or room ${oneLine(unknown, 80)}` };
  return { scopes, isPaths };
}

export function lengthProblem(minutes: number): string | undefined {
  if (!Number.isFinite(minutes) || minutes <= 0) return 'it ends before it begins';
  return minutes > limits.minutes ? `it is longer than ${limits.minutes / 1440} days` : undefined;
}

export function titleOf(text: string): string {
  return oneLine(text, limits.title);
}

/** Yields to the event loop after every tenth entry, because a file of 20,000 meetings takes a second. */
export async function* inSlices<T>(all: Iterable<T>): AsyncGenerator<T> {
  for (const [at, one] of [...all].entries()) {
    if (at % 10 === 9) await setImmediate();
    yield one;
  }
}

/** Outlook's name for the time zone of India. Outlook describes all its zones in the file, so no other name is needed. */
const outlookIndia = 'India Standard Time';

/** Returns the IANA zone of a name; undefined if the name is unknown. */
export function zoneNamed(name: string): string | undefined {
  if (name === outlookIndia) return 'Asia/Kolkata';
  return isTimeZone(name) ? name : undefined;
}
