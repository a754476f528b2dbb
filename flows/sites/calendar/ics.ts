/** Meetings from an iCalendar file (RFC 5545). ical.js reads the lines; what they mean for a room is judged here. */
import { hash } from 'node:crypto';
import ICAL from 'ical.js';
import { oneLine, zonedAt } from '#contracts';
import type { Meeting, Rule } from '../../engine/records/meetings.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import { lengthProblem, limits, type Problem, type ReadFile, scopesOf, titleOf } from './draft.ts';
import { atOf, isStart } from './occurrences.ts';
import { isLocal, ruleOf } from './rule.ts';
import { type OwnZone, zoneNamed } from './zones.ts';

type Property = [name: string, params: Record<string, unknown>, type: string, ...values: unknown[]];
type Component = [name: string, properties: Property[], parts: Component[]];
/** `method` is that of its VCALENDAR. */
type Block = { line: number; text: string[]; method: string };
type Zones = ReadonlyMap<string, OwnZone>;
/** A time as the file says it: local, with its zone; a null zone is that of the site. */
type Time = { local: string; zone: string | null; isDay: boolean };
/** What a file is read by: `rooms` are those of the meetings that name none. */
type Around = { table: SiteTable; zones: Zones; rooms: string[] | null };
/** One VEVENT; `of` is the date that it moves or cancels. */
type Entry = { line: number; of: Time | null; sequence: number; cancelled: boolean; meeting: Meeting; begin: Time; said: Property[] };

/**
 * Reads a file.
 * Guarantee: every faulty entry is named by its line, and each entry is read by itself.
 */
export function readIcs(text: string, by: Pick<Around, 'table' | 'rooms'>): ReadFile {
  const file: ReadFile = { meetings: [], cancelled: [], problems: [], notes: [] };
  const blocks = blocksOf(text, file.problems);
  if (blocks.events.length > limits.meetings) {
    file.problems.push({ line: 1, column: '', what: `the file has more than ${limits.meetings} meetings` });
    return file;
  }
  const around = { ...by, zones: zonesOf(blocks.zones) };
  const entries = blocks.events.flatMap((block) => readEntry(block, around, file) ?? []);
  join(entries, around, file);
  return file;
}

/** The blocks between BEGIN and END; END:VALARM and others stand within one. */
function blocksOf(text: string, problems: Problem[]): { events: Block[]; zones: Block[] } {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  if (!/^BEGIN:VCALENDAR\s*$/i.test(lines.find((line) => line.trim() !== '') ?? '')) {
    problems.push({ line: 1, column: '', what: 'this is no iCalendar file: it does not begin with BEGIN:VCALENDAR' });
    return { events: [], zones: [] };
  }
  const found = { VEVENT: [] as Block[], VTIMEZONE: [] as Block[] };
  let open: { kind: keyof typeof found; block: Block } | undefined;
  for (const [at, { line, method }] of withMethods(lines, problems).entries()) {
    const [, mark = '', name = ''] = /^(BEGIN|END):(VEVENT|VTIMEZONE)\s*$/i.exec(line) ?? [];
    const kind = name.toUpperCase() === 'VEVENT' ? 'VEVENT' : 'VTIMEZONE';
    if (mark.toUpperCase() === 'BEGIN') {
      if (open !== undefined) problems.push({ line: open.block.line, column: '', what: `BEGIN:${open.kind} is never closed` });
      open = { kind, block: { line: at + 1, text: [], method } };
    }
    open?.block.text.push(line);
    if (mark.toUpperCase() === 'END' && open !== undefined) {
      found[open.kind].push(open.block);
      open = undefined;
    }
  }
  if (open !== undefined) problems.push({ line: open.block.line, column: '', what: `BEGIN:${open.kind} is never closed` });
  return { events: found.VEVENT, zones: found.VTIMEZONE };
}

/** Each line with the method of its calendar, which stands above what it is said of. */
function withMethods(lines: readonly string[], problems: Problem[]): { line: string; method: string }[] {
  let method = '';
  return lines.map((line, at) => {
    if (/^BEGIN:VCALENDAR\b/i.test(line)) method = '';
    const [, said] = /^METHOD[;:](?:[^:]*:)?(.*)$/i.exec(line) ?? [];
    if (said === undefined) return { line, method };
    method = said.trim().toUpperCase();
    const what = `${oneLine(method, 40)} is not understood: PUBLISH, REQUEST and CANCEL are`;
    if (!['PUBLISH', 'REQUEST', 'CANCEL'].includes(method)) problems.push({ line: at + 1, column: 'METHOD', what });
    return { line, method };
  });
}

function parsed({ text }: Block): Component {
  return ICAL.parse(text.filter((line) => line.trim() !== '').join('\r\n'));
}

/** A zone that cannot be read is one that nobody knows: who uses it is told. */
function zonesOf(blocks: readonly Block[]): Zones {
  const zones = new Map<string, OwnZone>();
  for (const block of blocks) {
    try {
      const [, properties, parts] = parsed(block);
      const offsets = parts.map(([, inner]) => textOf(inner, 'tzoffsetto').slice(0, 6));
      const tzid = textOf(properties, 'tzid');
      // Several calendars in one file may mean different zones by one name: then nobody knows which.
      const before = zones.get(tzid)?.offsets ?? [];
      zones.set(tzid, { known: textOf(properties, 'x-lic-location') || null, offsets: [...before, ...offsets] });
    } catch {}
  }
  return zones;
}

function readEntry(block: Block, around: Around, file: ReadFile): Entry | undefined {
  const say = (list: Problem[], column: string, what: string) => void list.push({ line: block.line, column, what });
  let properties: Property[];
  try {
    [, properties] = parsed(block);
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
  return judged(block.line, file.problems, () => entryOf(properties, block, around));
}

/** What is read, or one line of what is wrong. */
function judged<T>(line: number, problems: Problem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    problems.push({ line, column: error.column, what: error.message });
    return undefined;
  }
}

/** What is wrong with one property of an entry. */
class Unusable extends Error {
  readonly column: string;
  constructor(column: string, what: string) {
    super(what);
    this.column = column;
  }
}

function entryOf(properties: Property[], { line, method }: Block, { table, zones, rooms }: Around): Entry {
  const times = (name: string): Time[] => properties.filter(([one]) => one === name).flatMap((one) => timesOf(one, zones));
  const [begin] = times('dtstart');
  const uid = textOf(properties, 'uid');
  if (begin === undefined) throw new Unusable('DTSTART', 'a meeting needs its start');
  if (uid === '') throw new Unusable('UID', 'a meeting needs its UID');
  const minutes = minutesOf(properties, begin, times('dtend')[0]);
  const except = times('exdate').map((time) => startOf(time, begin, 'EXDATE'));
  const [of = null] = times('recurrence-id');
  const cancelled = method === 'CANCEL' || textOf(properties, 'status').toUpperCase() === 'CANCELLED';
  if (except.length > limits.dates) throw new Unusable('EXDATE', `names more than ${limits.dates} dates`);
  const meeting: Meeting = {
    // A UID that is too long to type is replaced by its digest.
    id: uid.length <= 64 ? oneLine(uid, 64) : hash('sha256', uid).slice(0, 16),
    title: titleOf(textOf(properties, 'summary')) || '-',
    scopes: cancelled || of !== null ? [] : roomsOf(properties, table, rooms),
    start: begin.local,
    zone: begin.zone,
    minutes,
    rule: ruleIn(properties, begin.local),
    except,
    moved: [],
  };
  return { line, of, sequence: Number(textOf(properties, 'sequence')) || 0, cancelled, meeting, begin, said: properties };
}

function ruleIn(properties: readonly Property[], start: string): Rule | null {
  const [said, ...more] = properties.filter(([name]) => name === 'rrule');
  const has = (name: string) => properties.some(([one]) => one === name);
  if (has('rdate')) throw new Unusable('RDATE', 'is not understood: write the date as a meeting of its own');
  if (has('exrule')) throw new Unusable('EXRULE', 'is not understood: name the dates that fall out with EXDATE');
  if (properties.some(([, params]) => params['range'] !== undefined))
    throw new Unusable('RECURRENCE-ID', 'RANGE is not understood: end the meeting with UNTIL, and write what follows as another');
  if (has('rrule') && has('recurrence-id')) throw new Unusable('RRULE', 'is not understood for a single date (RECURRENCE-ID)');
  if (said === undefined) return null;
  if (more.length > 0) throw new Unusable('RRULE', 'stands twice');
  const read = ruleOf(said[3], start);
  if (!read.ok) throw new Unusable('RRULE', read.line);
  return read.rule;
}

/** `X-SABHA-ROOMS`, else `LOCATION` where that is paths, else the rooms that the import names. */
function roomsOf(properties: readonly Property[], table: SiteTable, rooms: string[] | null): string[] {
  const own = textOf(properties, 'x-sabha-rooms').replaceAll('\\,', ',');
  const location = textOf(properties, 'location');
  const named = scopesOf(own || location, table);
  const column = own === '' ? 'LOCATION' : 'X-SABHA-ROOMS';
  // A word alone may be a state, or the name of a hall in the free text of a calendar.
  const isMeant = own !== '' || location.includes('/');
  if (named.line === undefined && named.isPaths) return named.scopes;
  if (named.line !== undefined && isMeant) throw new Unusable(column, named.line);
  if (own === '' && rooms !== null) return rooms;
  throw new Unusable(column, `names no site or room: expected paths such as bihar/patna, or --rooms for the whole file`);
}

function minutesOf(properties: readonly Property[], begin: Time, end: Time | undefined): number {
  const said = textOf(properties, 'duration');
  if (end !== undefined && isElsewhere(end, begin)) throw new Unusable('DTEND', withoutZone);
  const minutes = said === '' ? (end === undefined ? 60 : between(begin, end)) : durationOf(said);
  const problem = lengthProblem(minutes);
  if (problem !== undefined) throw new Unusable(said === '' ? 'DTEND' : 'DURATION', problem);
  return minutes;
}

function durationOf(said: string): number {
  try {
    return Temporal.Duration.from(said).total({ unit: 'minutes', relativeTo: Temporal.PlainDate.from('2027-01-01') });
  } catch {
    return Number.NaN;
  }
}

function between(begin: Time, end: Time): number {
  return (atOf(end.local, end.zone ?? begin.zone ?? 'UTC') - atOf(begin.local, begin.zone ?? 'UTC')) / 60_000;
}

/** EXDATE may have several. */
function timesOf([name, params, , ...values]: Property, zones: Zones): Time[] {
  const tzid = typeof params['tzid'] === 'string' ? params['tzid'] : undefined;
  const zone = tzid === undefined ? null : zoneNamed(tzid, zones);
  if (zone === undefined) {
    throw new Unusable(name.toUpperCase(), `the zone "${oneLine(tzid ?? '', 40)}" is not known: a name such as Asia/Kolkata`);
  }
  return values.map((value) => {
    const text = String(value);
    const isDay = text.length === 10;
    const local = isDay ? `${text}T00:00:00` : text.replace(/Z$/, '');
    if (!isLocal(local)) throw new Unusable(name.toUpperCase(), `is no time: "${oneLine(text, 40)}"`);
    return { local, zone: text.endsWith('Z') ? 'UTC' : zone, isDay };
  });
}

const withoutZone = 'is a time of a zone, and DTSTART names none: write both in one zone';

/** Of a meeting that goes by the clock of each site nobody knows when it is in a zone. */
function isElsewhere({ zone }: Time, begin: Time): boolean {
  return zone !== null && begin.zone === null;
}

/** The start of a date as the meeting has it. A day alone is that day at its time; of a start in UTC it may be another day in the office. */
function startOf(time: Time, begin: Time, column: string): string {
  const { local, zone, isDay } = time;
  if (begin.zone === 'UTC' && (isDay || zone === null))
    throw new Unusable(column, 'is no time of UTC, and DTSTART is: write both in one zone');
  if (isDay) return `${local.slice(0, 10)}${begin.local.slice(10)}`;
  if (isElsewhere(time, begin)) throw new Unusable(column, withoutZone);
  if (zone === null || begin.zone === null || zone === begin.zone) return local;
  return zonedAt(atOf(local, zone), begin.zone).toPlainDateTime().toString({ smallestUnit: 'second' });
}

/** Single dates (RECURRENCE-ID) go to the meeting that they belong to; a date alone is a meeting without a rule. */
function join(entries: readonly Entry[], around: Around, file: ReadFile): void {
  const whole = new Map<string, Entry>();
  for (const one of entries.filter(({ of }) => of === null)) {
    const first = whole.get(one.meeting.id);
    if (first !== undefined)
      file.problems.push({ line: one.line, column: 'UID', what: `stands twice: line ${first.line} is the same meeting` });
    else whole.set(one.meeting.id, one);
  }
  const dates = entries.toSorted((a, b) => b.sequence - a.sequence || a.line - b.line);
  const seen = new Map<string, Entry>();
  for (const one of dates) judged(one.line, file.problems, () => joinDate(one, { whole, seen }, around));
  for (const { cancelled, meeting } of whole.values()) {
    file.meetings.push(meeting);
    if (cancelled) file.cancelled.push(meeting.id);
  }
}

/** Where a date comes several times, the one with the highest SEQUENCE counts, which is joined first. */
function joinDate(one: Entry, { whole, seen }: { whole: ReadonlyMap<string, Entry>; seen: Map<string, Entry> }, around: Around): void {
  const { of, cancelled, meeting, begin, sequence } = one;
  if (of === null) return;
  const wrong = (what: string) => new Unusable('RECURRENCE-ID', what);
  const main = whole.get(meeting.id);
  if (main === undefined) throw wrong('the meeting that it belongs to is not in the file');
  const date = startOf(of, main.begin, 'RECURRENCE-ID');
  const before = seen.get(`${date} ${meeting.id}`);
  if (before?.sequence === sequence) throw wrong(`stands twice: line ${before.line} is the same meeting`);
  if (before !== undefined) return;
  seen.set(`${date} ${meeting.id}`, one);
  if (cancelled) return void main.meeting.except.push(date);
  if (!isStart(main.meeting, date)) throw wrong(`the meeting has no date at ${date.slice(0, 16).replace('T', ' ')}`);
  const scopes = otherRooms(one, main, around);
  main.meeting.moved.push({ of: date, start: begin.local, zone: begin.zone, minutes: meeting.minutes, ...(scopes && { scopes }) });
  if (main.meeting.moved.length > limits.dates) throw wrong(`more than ${limits.dates} dates of one meeting`);
}

/** The rooms of a date where it names others than its meeting. */
function otherRooms({ said }: Entry, main: Entry, { table, rooms }: Around): string[] | undefined {
  const location = textOf(said, 'location');
  const isSame = textOf(said, 'x-sabha-rooms') === '' && (location === '' || location === textOf(main.said, 'location'));
  if (main.cancelled || isSame) return undefined;
  const scopes = roomsOf(said, table, rooms);
  return scopes.toSorted().join() === main.meeting.scopes.toSorted().join() ? undefined : scopes;
}

function textOf(properties: readonly Property[], name: string): string {
  const found = properties.find(([one]) => one === name);
  return found === undefined ? '' : String(found[3] ?? '').trim();
}
