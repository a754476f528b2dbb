/**
 * Data budget: counts the bytes that this PC sends and receives in a month, by purpose. The rest that its link class allows is for tests.
 */

import { type Clock, type LinkReport, type LinkSpec, links, parseJsonAs } from '@sabha/contracts';
import * as v from 'valibot';
import type { TextFile } from '../../uplink/store/data-folder.ts';

/** `telemetry`: MQTT with handshakes, certificate renewal, updates. `tests`: all measurement traffic. */
export type TrafficPurpose = 'telemetry' | 'tests';
export type BudgetFigures = NonNullable<LinkReport['budget']>;

export type Budget = ReturnType<typeof createBudget>;

const saveEveryMs = 600_000;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const causes = v.object({ telemetry: amount, tests: amount });
const monthName = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}$/));
const none = () => ({ telemetry: 0, tests: 0 });
/**
 * `peak`: most bytes between two saves of this month. `doubtful`: bytes since the server last proved the month. `isProven`: the server has
 * proven a month. `clean`: the file was saved on close, so no bytes are missing.
 */
const savedBook = v.object({
  ...causes.entries,
  month: monthName,
  peak: causes,
  doubtful: v.optional(causes, none),
  isProven: v.optional(v.boolean(), false),
  clean: v.boolean(),
  limits: v.object({ telemetryBytes: amount, testBytes: amount }),
});
type Book = v.InferOutput<typeof savedBook>;
type BytesByPurpose = v.InferOutput<typeof causes>;

/**
 * The month is in UTC by the server's clock, extrapolated while the server is offline. The PC's own clock decides only until a server has
 * proven a month. Thus a PC with a flat clock battery gets no second budget.
 * Guarantee: bytes used before the server proves a new month count in that month too. After a kill the count is not too low, unless ten
 * minutes cost more than the peak of this month.
 */
export function createBudget({ clock, store }: { clock: Clock; store: TextFile }) {
  const book = openBook(store, monthOf(clock.now()) ?? '1970-01');
  const server = createServerMonth(clock);
  let sinceSave = none();
  let savedUp = clock.up();
  let isBegun = false;

  const save = (clean: boolean) => {
    book.peak = { telemetry: Math.max(book.peak.telemetry, sinceSave.telemetry), tests: Math.max(book.peak.tests, sinceSave.tests) };
    sinceSave = none();
    savedUp = clock.up();
    store.save(JSON.stringify({ ...book, clean }));
  };
  /** Begins a new month if it is due. Returns true if this process has the time of the server. */
  const advanceMonth = (): boolean => {
    const month = server.month();
    const own = monthOf(clock.now()) ?? '';
    if (month !== undefined) {
      if (month > book.month) beginMonth(book.doubtful);
      Object.assign(book, { month, isProven: true, doubtful: none() });
    } else if (!book.isProven && own > book.month) {
      beginMonth(none());
      Object.assign(book, { month: own, doubtful: none() });
    }
    return month !== undefined;
  };
  const beginMonth = (counted: BytesByPurpose) => {
    Object.assign(book, counted, { peak: none() });
    sinceSave = none();
  };
  const figures = () => {
    advanceMonth();
    return figuresOf(book);
  };
  const left = () => {
    const { telemetryBytes, telemetryLimit, testBytes, testLimit } = figures();
    return Math.max(0, testLimit - testBytes - Math.max(0, telemetryBytes - telemetryLimit));
  };
  return {
    /** Returns the wire bytes that tests may still use this month, at least 0. Telemetry beyond its own limit reduces them. */
    left,
    hasRoom: (wireBytes: number): boolean => wireBytes <= left(),
    used(cause: TrafficPurpose, wireBytes: number): void {
      // Saves the file as not clean before the first byte counts. A process that never sends leaves the file unchanged.
      if (!isBegun) save(false);
      isBegun = true;
      const isTimeKnown = advanceMonth();
      book[cause] += wireBytes;
      sinceSave[cause] += wireBytes;
      if (!isTimeKnown) book.doubtful[cause] += wireBytes;
    },
    figures,
    /**
     * Sets the source of the server's time, which decides the month. It returns milliseconds since 1970, or null while the time is
     * unproven.
     */
    follow: server.follow,
    limit: (limits: LinkSpec['budget']): void => {
      book.limits = limits;
    },
    /** Saves the counts if the last save is at least ten minutes old. */
    keep: (): void => {
      advanceMonth();
      if (clock.up() - savedUp >= saveEveryMs && sinceSave.telemetry + sinceSave.tests > 0) save(false);
    },
    close: (): void => {
      if (isBegun) save(true);
    },
  };
}

/** Derives the month from the last proven time of the server. That time is extrapolated while the server is offline or the PC sleeps. */
function createServerMonth(clock: Clock) {
  let serverNow: () => number | null = () => null;
  let proven: { at: number; ms: number } | undefined;
  return {
    follow: (now: typeof serverNow) => {
      serverNow = now;
    },
    /** Returns undefined while this process has no time of the server. */
    month: (): string | undefined => {
      const ms = serverNow();
      const at = clock.up() + (clock.slept?.() ?? 0);
      if (ms !== null && monthOf(ms) !== undefined) proven = { at, ms };
      return proven && monthOf(proven.ms + at - proven.at);
    },
  };
}

export function inMemoryStore(): TextFile {
  let text: string | undefined;
  return {
    load: () => text,
    save: (next) => {
      text = next;
      return true;
    },
  };
}

/** Returns the counts that a running agent last saved, at most ten minutes ago. For other processes on the PC. */
export function readFigures(store: Pick<TextFile, 'load'>): BudgetFigures | undefined {
  const book = parseJsonAs(savedBook, store.load());
  return book && figuresOf(book);
}

function figuresOf({ month, telemetry, tests, limits }: Book): BudgetFigures {
  const { telemetryBytes: telemetryLimit, testBytes: testLimit } = limits;
  return { month, telemetryBytes: Math.round(telemetry), telemetryLimit, testBytes: Math.round(tests), testLimit };
}

/** Loads the saved counts. After a kill, it adds the peak of ten minutes for the bytes that were not saved. */
function openBook(store: TextFile, month: string): Book {
  const book = parseJsonAs(savedBook, store.load());
  if (book === undefined)
    return { ...none(), month, peak: none(), doubtful: none(), isProven: false, clean: true, limits: links.fibre.budget };
  if (book.clean) return book;
  const { peak, doubtful } = book;
  return { ...book, ...sum(book, peak), doubtful: sum(doubtful, peak) };
}

function sum(one: BytesByPurpose, other: BytesByPurpose): BytesByPurpose {
  return { telemetry: one.telemetry + other.telemetry, tests: one.tests + other.tests };
}

/** Returns `YYYY-MM`; undefined for an invalid time or a year without four digits. */
function monthOf(timeMs: number): string | undefined {
  const at = new Date(timeMs);
  const month = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 7);
  return v.is(monthName, month) ? month : undefined;
}
