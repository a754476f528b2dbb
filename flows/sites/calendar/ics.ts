/** Reads meetings from an iCalendar file (RFC 5545). ical.js parses the lines; this module interprets them for rooms. */
import { hash } from 'node:crypto';
import { oneLine, zonedAt } from '@sabha/contracts';
import ICAL from 'ical.js';
import type { Meeting, Rule, SiteTable } from '../../engine/records/sites.ts';
import { atOf, isLocal, isStart, ruleOf } from './calendar.ts';
import { inSlices, lengthProblem, limits, type Problem, type ReadFile, scopesOf, titleOf, zoneNamed } from './draft.ts';

type Property = [name: string, params: Record<string, unknown>, type: string, ...values: unknown[]];
type Block = { line: number; text: string[] };
/** UTC offset of each zone with one offset all year, by TZID. Undefined for a zone with clock changes or contradictory descriptions. */
type Zones = ReadonlyMap<string, string | undefined>;
/** A local time with its zone; a null zone is that of the site. */
type Time = { local: string; zone: string | null };
/** Context of a file. `rooms`: the rooms of meetings that name none. */
type IcsContext = { table: SiteTable; zones: Zones; rooms: string[] | null; isCancelling: boolean };
/** One VEVENT. `of`: the date of a series that it moves or cancels. */
type Entry = { line: number; of: Time | null; cancelled: boolean; meeting: Meeting; said: Property[] };

/** Reads a file. Guarantee: every faulty entry is named by its line, and a fault of one entry does not affect the others. */
export async function readIcs(text: string, by: Pick<IcsContext, 'table' | 'rooms'>): Promise<ReadFile> {
  const file: ReadFile = { meetings: [], cancelled: [], problems: [], notes: [] };
  const events = blocksOf(text, file.problems);
  if (events.length > limits.meetings) {
    file.problems.push({ line: 1, column: '', what: `the file has more than ${limits.meetings} meetings` });
    return file;
  }
  const around = { ...by, zones: zonesOf(text), isCancelling: isCancelling(text, file.problems) };
  const entries: Entry[] = [];
  for await (const block of inSlices(events)) {
    const entry = readEntry(block, around, file);
    if (entry !== undefined) entries.push(entry);
  }
  addSingleDates(entries, around, file);
  return file;
}

/** Returns the lines of each VEVENT, including nested blocks such as VALARM. */
function blocksOf(text: string, problems: Problem[]): Block[] {
  const events: Block[] = [];
  let open: Block | undefined;
  const close = () => open && problems.push({ line: open.line, column: '', what: 'BEGIN:VEVENT is never closed' });
  for (const [at, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^BEGIN:VEVENT\s*$/i.test(line)) {
      close();
      open = { line: at + 1, text: [] };
    }
    open?.text.push(line);
    if (open === undefined || !/^END:VEVENT\s*$/i.test(line)) continue;
    events.push(open);
    open = undefined;
  }
  close();
  return events;
}

function isCancelling(text: string, problems: Problem[]): boolean {
  const methods = [...text.matchAll(/^METHOD[^:\r\n]*:(.*?)\s*$/gim)];
  const say = (at: number, what: string) => problems.push({ line: text.slice(0, at).split('\n').length, column: 'METHOD', what });
  const words = methods.map(({ index, 1: said = '' }) => {
    const word = said.toUpperCase();
    if (!['PUBLISH', 'REQUEST', 'CANCEL'].includes(word))
      say(index, `${oneLine(word, 40)} is not understood: PUBLISH, REQUEST and CANCEL are`);
    return word;
  });
  if (!words.includes('CANCEL')) return false;
  if ((text.match(/^BEGIN:VCALENDAR/gim)?.length ?? 0) > 1)
    say(0, 'CANCEL is in a file of several calendars: import each calendar as a separate file');
  return true;
}

function zonesOf(text: string): Zones {
  const zones = new Map<string, string | undefined>();
  for (const [block] of text.matchAll(/^BEGIN:VTIMEZONE.*?^END:VTIMEZONE/gims)) {
    const [, tzid = ''] = /^TZID[^:\r\n]*:(.*?)\s*$/im.exec(block) ?? [];
    for (const [, hours, minutes] of block.matchAll(/^TZOFFSETTO:([+-]\d\d)(\d\d)/gim)) {
      const offset = `${hours}:${minutes}`;
      zones.set(tzid, zones.has(tzid) && zones.get(tzid) !== offset ? undefined : offset);
    }
  }
  return zones;
}

function readEntry(block: Block, around: IcsContext, file: ReadFile): Entry | undefined {
  const say = (list: Problem[], column: string, what: string) => void list.push({ line: block.line, column, what });
  let properties: Property[];
  try {
    [, properties] = ICAL.parse(block.text.filter((line) => line.trim() !== '').join('\r\n'));
  } catch (error) {
    say(file.problems, '', oneLine(error instanceof Error ? error.message : String(error), 160));
    return undefined;
  }
  const start = properties.find(([name]) => name === 'dtstart');
  if (start?.[2] === 'date') {
    const isOfTimed = properties.some(([name, , type]) => name === 'recurrence-id' && type !== 'date');
    if (isOfTimed) say(file.problems, 'DTSTART', 'is a whole day, and its meeting has a time: write the time, or cancel the date');
    else say(file.notes, 'DTSTART', `"${titleOf(textOf(properties, 'summary'))}" is a whole day and no meeting: left out`);
    return undefined;
  }
  return recordProblem(block.line, file.problems, () => entryOf(properties, block, around));
}

/** Returns the result of `read`. An `IcsError` becomes a problem of the file, and the result is undefined. */
function recordProblem<T>(line: number, problems: Problem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof IcsError)) throw error;
    problems.push({ line, column: error.column, what: error.message });
    return undefined;
  }
}

class IcsError extends Error {
  readonly column: string;
  constructor(column: string, what: string) {
    super(what);
    this.column = column;
  }
}

function entryOf(properties: Property[], { line }: Block, { table, zones, rooms, isCancelling }: IcsContext): Entry {
  const times = (name: string): Time[] => properties.filter(([one]) => one === name).flatMap((one) => timesOf(one, zones));
  const [begin] = times('dtstart');
  const uid = textOf(properties, 'uid');
  if (begin === undefined) throw new IcsError('DTSTART', 'a meeting needs its start');
  if (uid === '') throw new IcsError('UID', 'a meeting needs its UID');
  const except = times('exdate').map((time) => startOf(time, begin, 'EXDATE'));
  if (except.length > limits.dates) throw new IcsError('EXDATE', `names more than ${limits.dates} dates`);
  const [of = null] = times('recurrence-id');
  const cancelled = isCancelling || textOf(properties, 'status').toUpperCase() === 'CANCELLED';
  const meeting: Meeting = {
    // A UID that is too long to type is replaced by its digest.
    id: uid.length <= 64 ? oneLine(uid, 64) : hash('sha256', uid).slice(0, 16),
    title: titleOf(textOf(properties, 'summary')) || '-',
    scopes: cancelled || of !== null ? [] : roomsOf(properties, table, rooms),
    start: begin.local,
    zone: begin.zone,
    minutes: minutesOf(properties, begin, times('dtend')[0]),
    rule: ruleIn(properties, begin.local),
    except,
    moved: [],
  };
  return { line, of, cancelled, meeting, said: properties };
}

/** Unsupported properties that would change the dates. */
const unsupportedProperties = {
  rdate: 'is not understood: write the date as a separate meeting',
  exrule: 'is not understood: list the cancelled dates with EXDATE',
};

function ruleIn(properties: readonly Property[], start: string): Rule | null {
  const has = (name: string) => properties.some(([one]) => one === name);
  for (const [name, what] of Object.entries(unsupportedProperties)) if (has(name)) throw new IcsError(name.toUpperCase(), what);
  if (properties.some(([, params]) => params['range'] !== undefined))
    throw new IcsError('RECURRENCE-ID', 'RANGE is not understood: end the meeting with UNTIL, and add the rest as another meeting');
  const [said, ...more] = properties.filter(([name]) => name === 'rrule');
  if (said === undefined) return null;
  if (has('recurrence-id')) throw new IcsError('RRULE', 'is not understood for a single date (RECURRENCE-ID)');
  if (more.length > 0) throw new IcsError('RRULE', 'appears twice');
  const read = ruleOf(said[3], start);
  if (!read.ok) throw new IcsError('RRULE', read.line);
  return read.rule;
}

/** Returns the rooms of `X-SABHA-ROOMS`, else of `LOCATION` if it has paths, else those of the import. */
function roomsOf(properties: readonly Property[], table: SiteTable, rooms: string[] | null): string[] {
  const own = textOf(properties, 'x-sabha-rooms').replaceAll('\\,', ',');
  const location = textOf(properties, 'location');
  const named = scopesOf(own || location, table);
  const column = own === '' ? 'LOCATION' : 'X-SABHA-ROOMS';
  // A single word without a slash is not used as a path. It may be a state, or the name of a hall in free text.
  const isMeant = own !== '' || location.includes('/');
  if (named.line === undefined && named.isPaths) return named.scopes;
  if (named.line !== undefined && isMeant) throw new IcsError(column, named.line);
  if (own === '' && rooms !== null) return rooms;
  throw new IcsError(column, `names no site or room: expected paths such as bihar/patna, or --rooms for the whole file`);
}

/** Returns the length of a meeting in minutes: one hour if the entry has neither end nor duration. */
function minutesOf(properties: readonly Property[], begin: Time, end: Time | undefined): number {
  const said = textOf(properties, 'duration');
  const untilEnd = end === undefined ? 60 : (atOf(startOf(end, begin, 'DTEND'), 'UTC') - atOf(begin.local, 'UTC')) / 60_000;
  let minutes = untilEnd;
  try {
    if (said !== '') minutes = Temporal.Duration.from(said).total({ unit: 'minutes', relativeTo: '2027-01-01' });
  } catch {
    minutes = Number.NaN;
  }
  const problem = lengthProblem(minutes);
  if (problem !== undefined) throw new IcsError(said === '' ? 'DTEND' : 'DURATION', problem);
  return minutes;
}

/** Returns the times of a property; EXDATE may have several. */
function timesOf([name, params, , ...values]: Property, zones: Zones): Time[] {
  const tzid = typeof params['tzid'] === 'string' ? params['tzid'] : undefined;
  const zone = tzid === undefined ? null : (zoneNamed(tzid) ?? zones.get(tzid));
  if (zone === undefined) {
    throw new IcsError(name.toUpperCase(), `the zone "${oneLine(tzid ?? '', 40)}" is not known: a name such as Asia/Kolkata`);
  }
  return values.map((value) => {
    const text = String(value);
    const local = text.replace(/Z$/, '');
    if (!isLocal(local)) throw new IcsError(name.toUpperCase(), `is not a time: "${oneLine(text, 40)}"`);
    return { local, zone: text.endsWith('Z') ? 'UTC' : zone };
  });
}

/** Returns a time in the zone of the meeting. A meeting in the local time of each site cannot be compared with a time in a fixed zone. */
function startOf({ local, zone }: Time, begin: Time, column: string): string {
  if (zone === begin.zone) return local;
  if (zone === null || begin.zone === null)
    throw new IcsError(column, 'it or DTSTART names no zone, and the other does: write both in one zone');
  return zonedAt(atOf(local, zone), begin.zone).toPlainDateTime().toString({ smallestUnit: 'second' });
}

/** Adds single dates (RECURRENCE-ID) to their meeting. */
function addSingleDates(entries: readonly Entry[], around: IcsContext, file: ReadFile): void {
  const whole = new Map<string, Entry>();
  const seen = new Map<string, Entry>();
  const once = (held: Map<string, Entry>, key: string, one: Entry) => {
    const before = held.get(key);
    const column = one.of === null ? 'UID' : 'RECURRENCE-ID';
    if (before !== undefined) throw new IcsError(column, `appears twice: line ${before.line} is the same meeting`);
    held.set(key, one);
  };
  const [meetings, dates] = [entries.filter(({ of }) => of === null), entries.filter(({ of }) => of !== null)];
  for (const one of meetings) recordProblem(one.line, file.problems, () => once(whole, one.meeting.id, one));
  for (const one of dates) {
    recordProblem(one.line, file.problems, () => {
      const main = whole.get(one.meeting.id);
      if (main === undefined) throw new IcsError('RECURRENCE-ID', 'the meeting that it belongs to is not in the file');
      const date = startOf(one.of as Time, { local: main.meeting.start, zone: main.meeting.zone }, 'RECURRENCE-ID');
      once(seen, `${date} ${one.meeting.id}`, one);
      applySingleDate(one, { main, date }, around);
    });
  }
  for (const { cancelled, meeting } of whole.values()) {
    file.meetings.push(meeting);
    if (cancelled) file.cancelled.push(meeting.id);
  }
}

/** Moves or cancels one date. `date`: its original start. */
function applySingleDate({ cancelled, meeting, said }: Entry, { main, date }: { main: Entry; date: string }, around: IcsContext): void {
  const wrong = (what: string) => new IcsError('RECURRENCE-ID', what);
  if (cancelled) return void main.meeting.except.push(date);
  if (!isStart(main.meeting, date)) throw wrong(`the meeting has no date at ${date.slice(0, 16).replace('T', ' ')}`);
  const location = textOf(said, 'location');
  const isSame = textOf(said, 'x-sabha-rooms') === '' && (location === '' || location === textOf(main.said, 'location'));
  const scopes = main.cancelled || isSame ? undefined : roomsOf(said, around.table, around.rooms);
  const { start, zone, minutes } = meeting;
  main.meeting.moved.push({ of: date, start, zone, minutes, ...(scopes && { scopes }) });
  if (main.meeting.moved.length > limits.dates) throw wrong(`more than ${limits.dates} dates of one meeting`);
}

function textOf(properties: readonly Property[], name: string): string {
  const found = properties.find(([one]) => one === name);
  return found === undefined ? '' : String(found[3] ?? '').trim();
}
