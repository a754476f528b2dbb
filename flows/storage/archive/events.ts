/** Reads the events of a PC or site within a time span, from the archives and the ledger, sorted by time. */
import { type Clock, codeOf, messageOf, type ReportedEvent, type ReportedEvents, realClock } from '@sabha/contracts';
import type { ArchivedEvents, ArchivedMonth, LeavingEvent, Ledger, PagePlace } from '../../engine/records/ops.ts';
import { runOnce } from '../run-once.ts';
import { readSegment } from './retention.ts';

const dayMs = 24 * 3_600_000;
/** Longest plausible delay of an event after an outage. A longer delay means a wrong clock of the PC. */
const lateMs = 31 * dayMs;
const most = { events: 20_000, bytes: 16 * 1024 * 1024 };
/** Time limit for reading archives in ms, so that the response begins within five minutes. */
const readMs = 4 * 60_000;

/** The PC or site, the span from `from` to before `to` in ms since 1970, and whether routine samples are included. */
export type EventsQuery = { path: string; from: number; to: number; readings: boolean };
/** Access to the archives. `held`: the records of the ledger about them. `keptMonths`: their retention. */
export type ArchiveAccess = { folder: string; passphrase: string | undefined; held: ArchivedEvents; keptMonths: number };
type EventRow = Omit<LeavingEvent, 'spool' | 'mark'>;

type CollectedEvents = { events: EventRow[]; next?: EventRow | undefined };
/** Collects events without duplicates. Discards events beyond the limit at once, so that the memory stays bounded. */
export type EventCollector = { add(event: EventRow): void; end(): CollectedEvents };
export type ArchivesQuery = { ask: EventsQuery; ledger: readonly EventRow[]; at: ArchiveAccess };

/** Returns the time of the PC if it is plausible. If the clock of the PC was ahead or far behind, returns the time of receipt. */
function timeOf({ at, received }: Pick<EventRow, 'at' | 'received'>): number {
  return at > received || at < received - lateMs ? received : at;
}

export function collectEvents({ from, to, readings }: EventsQuery): EventCollector {
  let kept: EventRow[] = [];
  let bytes = 0;
  const end = (): CollectedEvents => {
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

function byTime(a: EventRow, b: EventRow): number {
  return timeOf(a) - timeOf(b) || (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))) || a.seq - b.seq;
}

/** Cuts the sorted events at the limits. Skips duplicates: an event that is being archived exists in the ledger and in the archive. */
function firstOf(sorted: readonly EventRow[]): CollectedEvents {
  const events: EventRow[] = [];
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

const keyOf = ({ pc, name }: Pick<EventRow, 'pc' | 'name'>) => `${pc} ${name}`;

/**
 * Adds the events of the archives to those of the ledger.
 * Guarantee: never rejects because of an archive. Each missing part is one line of the result, and the rest is returned.
 */
export async function eventsIn({ ask, ledger, at }: ArchivesQuery, clock: Pick<Clock, 'up'>): Promise<ReportedEvents> {
  const gathered = collectEvents(ask);
  for (const event of ledger) gathered.add(event);
  const missing = expiredLine(ask, at);
  const until = clock.up() + readMs;
  const reading: MonthReading = { ask, at, gathered, done: new Set(), isEnded: () => clock.up() > until, late: false };
  const months = new Set(at.held.months.filter(({ expired }) => !expired).map(({ month }) => month));
  for (const month of months) {
    const line = await readMonth(reading, month);
    if (line !== undefined) missing.push(line);
    if (reading.late) break;
  }
  const { events, next } = gathered.end();
  return { events: events.map(toApiEvent), next: next === undefined ? null : timeOf(next), missing };
}

/** Returns the result of `eventsIn` as JSON. Runs in a worker thread, so the event loop does not have to serialise. */
export async function eventsJson(asked: ArchivesQuery): Promise<string> {
  return JSON.stringify(await eventsIn(asked, realClock()));
}

/** Converts a row to the form of the API, without its hash. */
function toApiEvent({ pc, name, seq, boot, at, received, grade, kind, body }: EventRow): ReportedEvent {
  const time = timeOf({ at, received });
  return { time, at, received, pc, kind, grade: grade as ReportedEvent['grade'], body: JSON.parse(body), boot, spool: name, seq };
}

/** Returns one line that counts the events whose archives have expired. */
function expiredLine({ path, from, to }: EventsQuery, { held, keptMonths }: ArchiveAccess): string[] {
  const last = new Date(Math.min(to, Date.UTC(9_999, 0))).toISOString().slice(0, 7);
  const gone = held.months.filter(({ expired, newest, month }) => expired && newest >= from && month <= last);
  if (gone.length === 0) return [];
  const count = gone.reduce((sum, one) => sum + one.count, 0);
  return [`archives are kept for ${keptMonths} months, older ones are gone: up to ${count} events of ${path} are not shown`];
}

type MonthReading = { ask: EventsQuery; at: ArchiveAccess; gathered: EventCollector; done: Set<string>; isEnded(): boolean; late: boolean };
type UnreadSpool = Pick<ArchivedMonth, 'a' | 'count'> & { seen: number };

/**
 * Reads the archive of a month until all wanted events are found or lie after the span. Returns a line about missing events, or undefined.
 */
async function readMonth(reading: MonthReading, month: string): Promise<string | undefined> {
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
        if (line.startsWith(`["${ask.path}",`) || line.startsWith(`["${ask.path}/`)) hidden += addEvent(eventOf(line), reading, left);
    } catch (error) {
      wrong ??= error;
    }
  }
  const unseen = Array.from(left.values(), ({ count, seen }) => count - seen).reduce((sum, one) => sum + one, 0);
  const count = unseen + (wrong === undefined ? 0 : hidden);
  return count === 0 ? undefined : `${month}.archive ${archiveFaultText(wrong)}: up to ${count} events of ${ask.path} are not shown`;
}

/** Adds an event. If it is the first of its spool after the span, returns how many events of that spool before it are missing. */
function addEvent(event: EventRow, { ask, gathered, done }: MonthReading, left: Map<string, UnreadSpool>): number {
  gathered.add(event);
  const key = keyOf(event);
  const own = left.get(key);
  if (own === undefined) return 0;
  // The search goes one day beyond the span, because the clock may have been set back a little.
  const isBehind = Math.min(event.at, event.received) >= ask.to + dayMs;
  const unseen = Math.min(own.count, event.seq - own.a) - own.seen;
  own.seen += 1;
  if (isBehind) done.add(key);
  if (isBehind || own.seen === own.count) left.delete(key);
  return isBehind ? unseen : 0;
}

function archiveFaultText(error: unknown): string {
  if (error === undefined) return 'cannot be read (it holds less than the ledger says)';
  if (codeOf(error) === 'ENOENT') return 'is missing';
  const why = messageOf(error).replace(/^it is encrypted: .*/, 'it is encrypted, and the passphrase of backups cannot be read');
  return `cannot be read (${why})`;
}

function eventOf(line: string): EventRow {
  const [pc, name, seq, , received, boot, at, grade, kind, body] = JSON.parse(line);
  return { pc, name, seq, received, boot, at, grade, kind, body };
}

export type ReaderOptions = Pick<ArchiveAccess, 'folder' | 'keptMonths'> & {
  ledger: Pick<Ledger, 'page' | 'held'>;
  /** Reads the passphrase each time. Throws if that fails. */
  passphrase(): string | undefined;
  has(path: string): boolean;
};

/** `json` is a `ReportedEvents`. Otherwise `line` gives the reason, and `missing` is true if the place is unknown. */
export type ReadEvents = { ok: true; json: string } | { ok: false; missing: boolean; line: string };

/** `read` ends when `gone` aborts, because the client has left. */
export type EventsReader = { read(ask: EventsQuery, gone: AbortSignal): Promise<ReadEvents> };

/**
 * Creates the reader.
 * Guarantee: one read at a time, regardless of the number of clients. A commit waits at most for one page, never for an archive.
 */
export function createEventsReader(options: ReaderOptions): EventsReader {
  let isReading = false;
  return {
    async read(ask, gone) {
      if (isReading) return { ok: false, missing: false, line: 'another person reads events now: try again in a minute' };
      isReading = true;
      try {
        return await readAll(options, ask, gone);
      } finally {
        isReading = false;
      }
    },
  };
}

async function readAll(options: ReaderOptions, ask: EventsQuery, gone: AbortSignal): Promise<ReadEvents> {
  const { ledger, folder, keptMonths, has } = options;
  const { path } = ask;
  const gathered = collectEvents(ask);
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const page = await ledger.page({ path, after });
    for (const event of page.events) gathered.add(event);
    after = page.next;
  }
  // The archives are read after the ledger: an event that is archived in between is found twice, never missed.
  const held = await ledger.held(path);
  if (!held.known && !has(path))
    return { ok: false, missing: true, line: `there is no ${path.split('/').length === 3 ? 'PC' : 'site'} ${path}` };
  // Without a passphrase the result names the encrypted archives and contains the rest.
  const passphrase = await Promise.try(options.passphrase).catch(() => undefined);
  const at: ArchiveAccess = { folder, keptMonths, held, passphrase };
  const { events, next } = gathered.end();
  const wanted = { ask, ledger: [...events, ...(next === undefined ? [] : [next])], at };
  const json = await runOnce(eventsJson, { args: [wanted], signal: gone });
  return json === undefined ? { ok: false, missing: false, line: 'the reading was ended' } : { ok: true, json };
}
