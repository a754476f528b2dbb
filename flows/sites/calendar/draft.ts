/** A meeting as a file says it, judged: what is wrong with it in one line, or the meeting. */
import { setImmediate } from 'node:timers/promises';
import { isTimeZone, oneLine } from '@sabha/contracts';
import type { Meeting, SiteTable } from '../../engine/records/sites.ts';

/** What is wrong with a line of a file. */
export type Problem = { line: number; column: string; what: string };
/** A file, read: the meetings by their id, which of them are cancelled, what is wrong, and what was left out without harm. */
export type ReadFile = { meetings: Meeting[]; cancelled: string[]; problems: Problem[]; notes: Problem[] };

/** Most that one file, one meeting and one text may have. */
export const limits = { meetings: 20_000, scopes: 200, dates: 1_000, title: 120, id: 200, minutes: 7 * 24 * 60 };

/** The word for all rooms. */
const allRooms = 'all';

/** The paths of `bihar/patna; ladakh/leh/vc-1`, or of `all`; one line where one of them is nowhere. `isPaths`: it is meant as paths. */
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

/** What is wrong with the length of a meeting; undefined where nothing is. */
export function lengthProblem(minutes: number): string | undefined {
  if (!Number.isFinite(minutes) || minutes <= 0) return 'it ends before it begins';
  return minutes > limits.minutes ? `it is longer than ${limits.minutes / 1440} days` : undefined;
}

/** A title on one line. */
export function titleOf(text: string): string {
  return oneLine(text, limits.title);
}

/** Lets the event loop turn after every tenth entry: a file of 20,000 meetings takes a second. */
export async function* inParts<T>(all: Iterable<T>): AsyncGenerator<T> {
  for (const [at, one] of [...all].entries()) {
    if (at % 10 === 9) await setImmediate();
    yield one;
  }
}

/** Outlook's name of the one zone of India. It describes every zone that it names in the file, so that no other name is needed. */
const outlookIndia = 'India Standard Time';

/** The zone behind a name; undefined where nobody knows it. */
export function zoneNamed(name: string): string | undefined {
  if (name === outlookIndia) return 'Asia/Kolkata';
  return isTimeZone(name) ? name : undefined;
}
