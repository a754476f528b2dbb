/** The events of a PC or site in a span, out of its archives and what the ledger has of them, in one order. */
import { type Clock, codeOf, messageOf, realClock, type SaidEvent, type SaidEvents } from '@sabha/contracts';
import type { HeldMonth, HeldOf, LeavingEvent, Ledger, PagePlace } from '../../engine/records/ops.ts';
import { runOnce } from '../run-once.ts';
import { readSegment } from './retention.ts';

const dayMs = 24 * 3_600_000;
/** A PC that was cut off says later what happened; one that says more than that has a clock that is wrong. */
const lateMs = 31 * dayMs;
/** So much is answered at most. */
const most = { events: 20_000, bytes: 16 * 1024 * 1024 };
/** So long archives are read at most: whoever asks waits no longer than five minutes for the first byte. */
const readMs = 4 * 60_000;

/** Of whom, from when until before when, with the numbers that are measured or without. */
export type EventsAsk = { path: string; from: number; to: number; readings: boolean };
/** Where archives lie and how they are opened, which of them there are, and for how many months one is kept. */
export type ArchivesAt = { folder: string; passphrase: string | undefined; held: HeldOf; keptMonths: number };
type Row = Omit<LeavingEvent, 'spool' | 'mark'>;

/** What was gathered so far; `next` is the first that is not answered any more. */
type Gathered = { events: Row[]; next?: Row | undefined };
/** Gathers events, each once; what is beyond the first so many goes, so that a month takes no more room than those. */
export type Gathering = { add(event: Row): void; end(): Gathered };
/** What is asked, what of it the ledger has, and what has left. */
export type ArchivesAsk = { ask: EventsAsk; ledger: readonly Row[]; at: ArchivesAt };

/**
 * When it happened: as the PC says, if that can be. A clock that was ahead, or is far behind, says nothing, and then it is when the centre
 * received it.
 */
function timeOf({ at, received }: Pick<Row, 'at' | 'received'>): number {
  return at > received || at < received - lateMs ? received : at;
}

/** Nothing is gathered yet. */
export function gather({ from, to, readings }: EventsAsk): Gathering {
  let kept: Row[] = [];
  let bytes = 0;
  const end = (): Gathered => {
    const found = firstOf(kept.sort(byTime));
    kept = [...found.events, ...(found.next === undefined ? [] : [found.next])];
    bytes = kept.reduce((sum, { body }) => sum + body.length, 0);
    return found;
  };
  return {
    add(event) {
      const time = timeOf(event);
      if (time < from || time >= to || (event.grade === 'reading' && !readings)) return;
      kept.push(event);
      bytes += event.body.length;
      if (kept.length > 2 * most.events || bytes > 2 * most.bytes) end();
    },
    end,
  };
}

function byTime(a: Row, b: Row): number {
  return timeOf(a) - timeOf(b) || (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))) || a.seq - b.seq;
}

/** One that is about to leave stands in the ledger and in its archive. */
function firstOf(sorted: readonly Row[]): Gathered {
  const events: Row[] = [];
  let bytes = 0;
  for (const event of sorted) {
    const before = events.at(-1);
    if (before !== undefined && before.seq === event.seq && keyOf(before) === keyOf(event)) continue;
    bytes += event.body.length;
    if (events.length === most.events || bytes > most.bytes) return { events, next: event };
    events.push(event);
  }
  return { events };
}

const keyOf = ({ pc, name }: Pick<Row, 'pc' | 'name'>) => `${pc} ${name}`;

/**
 * Reads archives behind what was gathered from the ledger.
 * Guarantee: never rejects for what an archive is: what is missing by it is a line, and the rest is answered.
 */
export async function eventsIn({ ask, ledger, at }: ArchivesAsk, clock: Pick<Clock, 'up'>): Promise<SaidEvents> {
  const gathered = gather(ask);
  for (const event of ledger) gathered.add(event);
  const missing = goneOf(ask, at);
  const until = clock.up() + readMs;
  const reading: Reading = { ask, at, gathered, done: new Set(), isEnded: () => clock.up() > until, late: false };
  const months = new Set(at.held.months.filter(({ expired }) => !expired).map(({ month }) => month));
  for (const month of months) {
    const line = await readMonth(reading, month);
    if (line !== undefined) missing.push(line);
    if (reading.late) break;
  }
  const { events, next } = gathered.end();
  return { events: events.map(saidOf), next: next === undefined ? null : timeOf(next), missing };
}

/** The same as JSON, so that nobody else makes it. */
export async function eventsJson(asked: ArchivesAsk): Promise<string> {
  return JSON.stringify(await eventsIn(asked, realClock()));
}

/** Of a row of the ledger nobody is told its mark. */
function saidOf({ pc, name, seq, boot, at, received, grade, kind, body }: Row): SaidEvent {
  const time = timeOf({ at, received });
  return { time, at, received, pc, kind, grade: grade as SaidEvent['grade'], body: JSON.parse(body), boot, spool: name, seq };
}

/** What was given up for its age, in one line. */
function goneOf({ path, from, to }: EventsAsk, { held, keptMonths }: ArchivesAt): string[] {
  const last = new Date(Math.min(to, Date.UTC(9_999, 0))).toISOString().slice(0, 7);
  const gone = held.months.filter(({ expired, newest, month }) => expired && newest >= from && month <= last);
  if (gone.length === 0) return [];
  const count = gone.reduce((sum, one) => sum + one.count, 0);
  return [`archives are kept for ${keptMonths} months, older ones are gone: up to ${count} events of ${path} are not shown`];
}

type Reading = { ask: EventsAsk; at: ArchivesAt; gathered: Gathering; done: Set<string>; isEnded(): boolean; late: boolean };
type Left = Pick<HeldMonth, 'a' | 'count'> & { seen: number };

/** The line that says what of it is missing. It is read until all that it holds of these was found, or is later than the span. */
async function readMonth(reading: Reading, month: string): Promise<string | undefined> {
  const { ask, at, done, isEnded } = reading;
  const wanted = at.held.months.filter((one) => one.month === month && one.newest >= ask.from && !done.has(keyOf(one)));
  const left = new Map(wanted.map((one) => [keyOf(one), { ...one, seen: 0 }]));
  let [hidden, wrong]: [number, unknown] = [0, undefined];
  for (const { at: begin, ...sum } of at.held.segments.filter((one) => one.month === month)) {
    if (left.size === 0) break;
    reading.late = isEnded();
    if (reading.late) return `archives from ${month} on were not read to their end, it took too long: ask for a shorter span`;
    try {
      for await (const line of readSegment({ ...at, month, at: begin }, sum))
        if (line.startsWith(`["${ask.path}",`) || line.startsWith(`["${ask.path}/`)) hidden += take(eventOf(line), reading, left);
    } catch (error) {
      wrong ??= error;
    }
  }
  const unseen = Array.from(left.values(), ({ count, seen }) => count - seen).reduce((sum, one) => sum + one, 0);
  const count = unseen + (wrong === undefined ? 0 : hidden);
  return count === 0 ? undefined : `${month}.archive ${faultOf(wrong)}: up to ${count} events of ${ask.path} are not shown`;
}

/** How many of its spool stand before it and were not seen, where it is the first behind the span. */
function take(event: Row, { ask, gathered, done }: Reading, left: Map<string, Left>): number {
  gathered.add(event);
  const key = keyOf(event);
  const own = left.get(key);
  if (own === undefined) return 0;
  // A day more, for a clock that was set back a little.
  const isBehind = Math.min(event.at, event.received) >= ask.to + dayMs;
  const unseen = Math.min(own.count, event.seq - own.a) - own.seen;
  own.seen += 1;
  if (isBehind) done.add(key);
  if (isBehind || own.seen === own.count) left.delete(key);
  return isBehind ? unseen : 0;
}

function faultOf(error: unknown): string {
  if (error === undefined) return 'cannot be read (it holds less than the ledger says)';
  if (codeOf(error) === 'ENOENT') return 'is missing';
  const why = messageOf(error).replace(/^it is encrypted: .*/, 'it is encrypted, and the passphrase of backups cannot be read');
  return `cannot be read (${why})`;
}

function eventOf(line: string): Row {
  const [pc, name, seq, , received, boot, at, grade, kind, body] = JSON.parse(line);
  return { pc, name, seq, received, boot, at, grade, kind, body };
}

/** Whose events, where archives lie, and of which places anything can be asked. */
export type ReaderOptions = Pick<ArchivesAt, 'folder' | 'keptMonths'> & {
  ledger: Pick<Ledger, 'page' | 'held'>;
  /** Read anew each time; throws where it cannot be. */
  passphrase(): string | undefined;
  has(path: string): boolean;
};

/** `json` is a `SaidEvents`; or why there is none, `missing` where nobody knows such a place. */
export type ReadEvents = { ok: true; json: string } | { ok: false; missing: boolean; line: string };

/** `read` ends once `gone` is told. */
export type EventsReader = { read(ask: EventsAsk, gone: AbortSignal): Promise<ReadEvents> };

/**
 * Nothing runs before it is asked.
 * Guarantee: one reads at a time, whatever many ask; no commit waits for more than a page, nor for an archive.
 */
export function createEventsReader(options: ReaderOptions): EventsReader {
  let isReading = false;
  return {
    async read(ask, gone) {
      if (isReading) return { ok: false, missing: false, line: 'somebody else reads events right now: ask again in a minute' };
      isReading = true;
      try {
        return await readAll(options, ask, gone);
      } finally {
        isReading = false;
      }
    },
  };
}

async function readAll(options: ReaderOptions, ask: EventsAsk, gone: AbortSignal): Promise<ReadEvents> {
  const { ledger, folder, keptMonths, has } = options;
  const { path } = ask;
  const gathered = gather(ask);
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const page = await ledger.page({ path, after });
    for (const event of page.events) gathered.add(event);
    after = page.next;
  }
  // Behind them: what leaves meanwhile is found twice, and not nowhere.
  const held = await ledger.held(path);
  if (!held.known && !has(path))
    return { ok: false, missing: true, line: `there is no ${path.split('/').length === 3 ? 'PC' : 'site'} ${path}` };
  // Without it archives that are encrypted are named; the rest is still read.
  const passphrase = await Promise.try(options.passphrase).catch(() => undefined);
  const at: ArchivesAt = { folder, keptMonths, held, passphrase };
  const { events, next } = gathered.end();
  const wanted = { ask, ledger: [...events, ...(next === undefined ? [] : [next])], at };
  const json = await runOnce(eventsJson, { args: [wanted], signal: gone });
  return json === undefined ? { ok: false, missing: false, line: 'the reading was ended' } : { ok: true, json };
}
