/** Meetings from an iCalendar file (RFC 5545). ical.js reads the lines; what they mean for a room is judged here. */
import { createHash } from 'node:crypto';
import ICAL from 'ical.js';
import { oneLine, zonedAt } from '#contracts';
import type { Meeting, Rule } from '../records/meetings.ts';
import type { SiteTable } from '../records/sites.ts';
import { lengthProblem, limits, type Problem, type ReadFile, scopesOf, titleOf, tooMuch } from './draft.ts';
import { atOf, isAffordable } from './occurrences.ts';
import type { Steps } from './rule.ts';
import { isLocal, ruleOf } from './rule-text.ts';
import { type OwnZone, zoneNamed } from './zones.ts';

type Property = [name: string, params: Record<string, unknown>, type: string, ...values: unknown[]];
type Component = [name: string, properties: Property[], parts: Component[]];
type Block = { line: number; text: string[] };
type Zones = ReadonlyMap<string, OwnZone>;
/** A time as the file says it: local, with its zone; a null zone is that of the site. */
type Time = { local: string; zone: string | null };
/** What a file is read by: `rooms` are those of the meetings that name none, `steps` what its repetitions may cost. */
type Around = { table: SiteTable; zones: Zones; rooms: string[] | null; steps: Steps };
/** One VEVENT; `of` is the date that it moves or cancels. */
type Entry = { line: number; uid: string; of: Time | null; cancelled: boolean; meeting: Meeting; begin: Time };

/**
 * Reads a file.
 * Guarantee: every faulty entry is named by its line, each entry is read by itself, no repetition is expanded, and all of them together cost no
 * more than the steps that there are.
 */
export function readIcs(text: string, by: Omit<Around, 'zones'>): ReadFile {
  const file: ReadFile = { meetings: [], cancelled: [], problems: [], notes: [] };
  const blocks = blocksOf(text, file.problems);
  if (blocks.events.length > limits.meetings) {
    file.problems.push({ line: 1, column: '', what: `the file has more than ${limits.meetings} meetings` });
    return file;
  }
  const around = { ...by, zones: zonesOf(blocks.zones) };
  const entries = blocks.events.flatMap((block) => (by.steps.left < 0 ? [] : (readEntry(block, around, file) ?? [])));
  if (by.steps.left >= 0) join(entries, file);
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
  for (const [at, line] of lines.entries()) {
    const [, mark = '', name = ''] = /^(BEGIN|END):(VEVENT|VTIMEZONE)\s*$/i.exec(line) ?? [];
    const kind = name.toUpperCase() === 'VEVENT' ? 'VEVENT' : 'VTIMEZONE';
    if (mark.toUpperCase() === 'BEGIN') {
      if (open !== undefined) problems.push({ line: open.block.line, column: '', what: `BEGIN:${open.kind} is never closed` });
      open = { kind, block: { line: at + 1, text: [] } };
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
      zones.set(textOf(properties, 'tzid'), { known: textOf(properties, 'x-lic-location') || null, offsets });
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
    say(file.notes, 'DTSTART', `"${titleOf(textOf(properties, 'summary'))}" is a whole day and no meeting: left out`);
    return undefined;
  }
  try {
    return entryOf(properties, block.line, around);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    say(file.problems, error.column, error.message);
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

function entryOf(properties: Property[], line: number, { table, zones, rooms, steps }: Around): Entry {
  const times = (name: string): Time[] => properties.filter(([one]) => one === name).flatMap((one) => timesOf(one, zones));
  const [begin] = times('dtstart');
  const uid = textOf(properties, 'uid');
  if (begin === undefined) throw new Unusable('DTSTART', 'a meeting needs its start');
  if (uid === '') throw new Unusable('UID', 'a meeting needs its UID');
  const minutes = minutesOf(properties, begin, times('dtend')[0]);
  const except = [...times('exdate').map((time) => inZone(time, begin.zone)), ...wholeDaysOut(properties, begin)];
  const [of = null] = times('recurrence-id');
  const cancelled = textOf(properties, 'status').toUpperCase() === 'CANCELLED';
  if (except.length > limits.dates) throw new Unusable('EXDATE', `names more than ${limits.dates} dates`);
  const meeting: Meeting = {
    id: idOf(uid),
    title: titleOf(textOf(properties, 'summary')) || '-',
    scopes: cancelled || of !== null ? [] : roomsOf(properties, table, rooms),
    start: begin.local,
    zone: begin.zone,
    minutes,
    rule: ruleIn(properties),
    except,
    moved: [],
  };
  if (!isAffordable(meeting, steps)) throw new Unusable('RRULE', tooMuch);
  return { line, uid: meeting.id, of, cancelled, meeting, begin };
}

/** A day that falls out without a time of day. */
function wholeDaysOut(properties: readonly Property[], begin: Time): string[] {
  const days = properties.filter(([name, , type]) => name === 'exdate' && type === 'date').flatMap(([, , , ...values]) => values);
  return days.map((day) => `${String(day)}${begin.local.slice(10)}`);
}

function ruleIn(properties: readonly Property[]): Rule | null {
  const [said, ...more] = properties.filter(([name]) => name === 'rrule');
  if (properties.some(([name]) => name === 'rdate'))
    throw new Unusable('RDATE', 'is not understood: write the date as a meeting of its own');
  if (said === undefined) return null;
  if (more.length > 0) throw new Unusable('RRULE', 'stands twice');
  const read = ruleOf(said[3]);
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
    const local = text.length === 10 ? `${text}T00:00:00` : text.replace(/Z$/, '');
    if (!isLocal(local)) throw new Unusable(name.toUpperCase(), `is no time: "${oneLine(text, 40)}"`);
    return { local, zone: text.endsWith('Z') ? 'UTC' : zone };
  });
}

/** The same time as the zone of the meeting shows it. */
function inZone({ local, zone }: Time, to: string | null): string {
  if (zone === null || to === null || zone === to) return local;
  return zonedAt(atOf(local, zone), to).toPlainDateTime().toString({ smallestUnit: 'second' });
}

/** Single dates (RECURRENCE-ID) go to the meeting that they belong to; a date alone is a meeting without a rule. */
function join(entries: readonly Entry[], file: ReadFile): void {
  const whole = new Map<string, Entry>();
  for (const one of entries.filter(({ of }) => of === null)) {
    const first = whole.get(one.uid);
    if (first !== undefined)
      file.problems.push({ line: one.line, column: 'UID', what: `stands twice: line ${first.line} is the same meeting` });
    else whole.set(one.uid, one);
  }
  for (const one of entries) {
    const line = one.of === null ? undefined : joinDate(one, one.of, whole.get(one.uid)?.meeting);
    if (line !== undefined) file.problems.push({ line: one.line, column: 'RECURRENCE-ID', what: line });
  }
  for (const { uid, cancelled, meeting } of whole.values()) {
    file.meetings.push(meeting);
    if (cancelled) file.cancelled.push(uid);
  }
}

/** Answers what is wrong, if something is. */
function joinDate({ cancelled, meeting, begin }: Entry, of: Time, main: Meeting | undefined): string | undefined {
  if (main === undefined) return 'the meeting that it belongs to is not in the file';
  const date = inZone(of, main.zone);
  if (cancelled) main.except.push(date);
  else main.moved.push({ of: date, start: begin.local, zone: begin.zone, minutes: meeting.minutes });
  return main.moved.length > limits.dates ? `more than ${limits.dates} dates of one meeting` : undefined;
}

/** A UID as it stands, or its digest where it is too long to type. */
function idOf(uid: string): string {
  return uid.length <= 64 ? oneLine(uid, 64) : createHash('sha256').update(uid).digest('hex').slice(0, 16);
}

function textOf(properties: readonly Property[], name: string): string {
  const found = properties.find(([one]) => one === name);
  return found === undefined ? '' : String(found[3] ?? '').trim();
}
