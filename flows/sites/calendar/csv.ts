/** Reads meetings from a CSV file: `id, title, rooms, start, end, time_zone, repeat, except, status`, one meeting per line. */
import { hash } from 'node:crypto';
import { oneLine } from '@sabha/contracts';
import type { Meeting, SiteTable } from '../../engine/records/sites.ts';
import { sheetLines } from '../sheet.ts';
import { atOf, isLocal, ruleOfText } from './calendar.ts';
import { inSlices, lengthProblem, limits, type ReadFile, scopesOf, titleOf, zoneNamed } from './draft.ts';

const optional = ['id', 'time_zone', 'repeat', 'except', 'status'] as const;
const columns = ['title', 'rooms', 'start', 'end', ...optional] as const;

type MeetingCells = Partial<Record<(typeof columns)[number], string>>;

/** Reads a file. Guarantee: every faulty line is named by its number in the file. */
export async function readMeetingsCsv(text: string, table: SiteTable): Promise<ReadFile> {
  const { lines, problems } = sheetLines<(typeof columns)[number]>(text, { columns, later: optional, limitLines: limits.meetings });
  const file: ReadFile = { meetings: [], cancelled: [], problems, notes: [] };
  const seen = new Map<string, number>();
  for await (const one of inSlices(lines)) {
    const { meeting, wrong } = meetingOf(one.cells, table);
    for (const [column, what] of wrong) problems.push({ line: one.line, column, what });
    if (meeting === undefined) continue;
    const first = seen.get(meeting.id);
    if (first !== undefined) problems.push({ line: one.line, column: 'id', what: `appears twice: line ${first} is the same meeting` });
    seen.set(meeting.id, one.line);
    file.meetings.push(meeting);
    if (one.cells.status?.toLowerCase() === 'cancelled') file.cancelled.push(meeting.id);
  }
  return file;
}

type MeetingCellProblem = [column: string, what: string];

function meetingOf(cells: MeetingCells, table: SiteTable): { meeting?: Meeting; wrong: MeetingCellProblem[] } {
  const wrong: MeetingCellProblem[] = [];
  const title = titleOf(cells.title ?? '');
  if (title === '') wrong.push(['title', 'must not be empty']);
  const rooms = scopesOf(cells.rooms ?? '', table);
  if (rooms.line !== undefined) wrong.push(['rooms', rooms.line]);
  else if (!rooms.isPaths) wrong.push(['rooms', 'expected paths such as bihar/patna or bihar/patna/vc-1, a state, or all']);
  const zone = cells.time_zone ? zoneNamed(cells.time_zone) : null;
  if (zone === undefined)
    wrong.push(['time_zone', `the zone "${oneLine(cells.time_zone ?? '', 40)}" is not known: a name such as Asia/Kolkata`]);
  const span = spanOf(cells, wrong);
  const read = cells.repeat ? ruleOfText(cells.repeat, span.start) : { ok: true as const, rule: null };
  if (!read.ok) wrong.push(['repeat', read.line]);
  const except = datesIn(cells, span.start, wrong);
  if (wrong.length > 0 || zone === undefined || !read.ok) return { wrong };
  const said = JSON.stringify([span.start, cells.rooms ?? '', title]);
  const id = cells.id ? oneLine(cells.id, limits.id) : `csv-${hash('sha256', said).slice(0, 12)}`;
  return { wrong, meeting: { id, title, scopes: rooms.scopes, ...span, zone, rule: read.rule, except, moved: [] } };
}

function spanOf({ start = '', end = '' }: MeetingCells, wrong: MeetingCellProblem[]): Pick<Meeting, 'start' | 'minutes'> {
  const from = localOf(start);
  if (from === undefined) wrong.push(['start', 'expected a time such as 2027-01-15 11:00']);
  const isClock = /^\d\d:\d\d$/.test(end);
  const to = localOf(isClock ? `${start.slice(0, 10)} ${end}` : end);
  const isMinutes = /^\d{1,5}$/.test(end);
  // A time of day as the end needs a valid start. Without one, only the start is reported.
  if (!isMinutes && to === undefined && !(isClock && from === undefined))
    wrong.push(['end', 'expected a time such as 2027-01-15 12:30, 12:30, or minutes']);
  if (from === undefined || (to === undefined && !isMinutes)) return { start: '', minutes: 0 };
  const minutes = isMinutes ? Number(end) : (atOf(to ?? from, 'UTC') - atOf(from, 'UTC')) / 60_000;
  const problem = lengthProblem(minutes);
  if (problem !== undefined) wrong.push(['end', problem]);
  return { start: from, minutes };
}

/** Returns the excluded days, at the time of day of the meeting. */
function datesIn({ except = '' }: MeetingCells, start: string, wrong: MeetingCellProblem[]): string[] {
  const days = except.split(/[;,\s]+/).filter((day) => day !== '');
  const locals = days.map((day) => `${day}T${start.slice(11) || '00:00:00'}`);
  if (!locals.every(isLocal)) wrong.push(['except', 'expected dates such as 2027-01-26, with ";" between']);
  if (days.length > limits.dates) wrong.push(['except', `names more than ${limits.dates} dates`]);
  return locals;
}

function localOf(text: string): string | undefined {
  const local = `${text.replace(' ', 'T')}${text.length === 16 ? ':00' : ''}`;
  return isLocal(local) ? local : undefined;
}
