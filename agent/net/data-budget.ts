/** What this PC used of its link this month, by cause, and what is left of what its class may (DESIGN, link classes). */
import * as v from 'valibot';
import { type Clock, keepLatest, type LinkLimits, type LinkReport, links } from '#contracts';
import type { KeptFile } from '../store/kept-file.ts';

/** `telemetry`: MQTT with its handshakes, renewal of the certificate, updates; `tests`: all that is sent to measure. */
export type Cause = 'telemetry' | 'tests';
/** What was used this month and what may be, bytes on the wire. */
export type BudgetFigures = NonNullable<LinkReport['budget']>;

/** The book of the bytes that this PC moved over its link this month. */
export type Budget = {
  /** Wire bytes that tests may still use this month; never below 0. What telemetry used beyond its own share is theirs no more. */
  left(): number;
  hasRoom(wireBytes: number): boolean;
  used(cause: Cause, wireBytes: number): void;
  figures(): BudgetFigures;
  /** By whose time the month goes from now on: that of the centre, milliseconds since 1970; null while nothing proves it. */
  follow(centreNow: () => number | null): void;
  /** Another class of link, another budget. */
  limit(limits: LinkLimits['budget']): void;
  /** Writes it down where the last time is long enough ago. */
  keep(): void;
  close(): void;
};

const keepEveryMs = 600_000;
/** For so long a clock that nobody vouches for stands in another month before it is believed. */
const standsMs = 24 * 3_600_000;
/** A clock that moved by more between two looks was set. */
const setMs = 3_600_000;
/** Months that were left, by a wrong clock or a right one: so many are remembered. */
const monthsKept = 6;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const causes = v.object({ telemetry: amount, tests: amount });
const monthName = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}$/));
/** `peak`: the most that was ever used between two writings of this month. */
const counts = v.object({ ...causes.entries, peak: causes });
/**
 * `clean`: written at a stop, so that nothing is missing. `earlier`: the months that were left, the last one last. `ofMonth`: whose use this
 * really is, where only our own clock went back to `month`. `isOwn`: only our own clock says that `month` began. `doubtful`: what of it was used
 * while our own clock stood in another month; if the next one begins, it may be of that as well.
 */
const kept = v.object({
  ...counts.entries,
  month: monthName,
  earlier: v.optional(v.array(v.tuple([monthName, counts])), []),
  ofMonth: v.optional(v.nullable(monthName), null),
  isOwn: v.optional(v.boolean(), false),
  doubtful: v.optional(causes, none),
  clean: v.boolean(),
  limits: v.object({ telemetryBytes: amount, testBytes: amount }),
});
type Kept = v.InferOutput<typeof kept>;
type Causes = v.InferOutput<typeof causes>;
type Counts = v.InferOutput<typeof counts>;

type State = {
  clock: Clock;
  store: KeptFile;
  centreNow: () => number | null;
  book: Kept;
  since: Causes;
  keptUp: number;
  /** The last time that the centre proved, and when; it runs on from there. */
  told: { at: number; ms: number } | undefined;
  /** What our clock showed at the start of `up` when it last stood in the month of the book; null before it did. */
  driftMs: number | null;
  /** Another month, in which our clock stands since then. */
  other: { month: string; up: number } | undefined;
  begun: boolean;
};

/**
 * Guarantee: after a kill it counts no less than was used, as far as ten minutes never cost more than the dearest ten minutes of this month.
 * What was used in a month is never forgotten where a clock leaves it and comes back. The month is the one of UTC by the clock of the centre, which
 * runs on while the centre is away. Before that is known our own is believed as it runs into the next month; one that was set to another, or starts
 * in it, only when it stood there for a day, or a flat battery would bring a new budget, or none, at every start; and beyond the next month of one
 * that the centre proved not at all.
 */
export function createBudget({ clock, store }: { clock: Clock; store: KeptFile }): Budget {
  const month = monthOf(clock.now()) ?? '1970-01';
  const before = read(store) ?? {
    ...unused(),
    month,
    earlier: [],
    ofMonth: null,
    isOwn: true,
    doubtful: none(),
    clean: true,
    limits: links.fibre.budget,
  };
  const book = before.clean
    ? before
    : { ...before, telemetry: before.telemetry + before.peak.telemetry, tests: before.tests + before.peak.tests };
  const state: State = {
    clock,
    store,
    book: { ...book, clean: false },
    since: none(),
    keptUp: clock.up(),
    centreNow: () => null,
    told: undefined,
    driftMs: null,
    other: undefined,
    begun: false,
  };
  turn(state);
  const left = () => leftOf(figuresOf(state));
  return {
    left,
    hasRoom: (wireBytes) => wireBytes <= left(),
    used: (cause, wireBytes) => {
      begin(state);
      turn(state);
      state.book[cause] += wireBytes;
      if (isInDoubt(state)) state.book.doubtful[cause] += wireBytes;
      state.since[cause] += wireBytes;
    },
    figures: () => figuresOf(state),
    follow: (centreNow) => {
      state.centreNow = centreNow;
    },
    limit: (limits) => {
      state.book.limits = limits;
    },
    keep: () => {
      turn(state);
      if (clock.up() - state.keptUp >= keepEveryMs && state.since.telemetry + state.since.tests > 0) save(state, false);
    },
    close: () => {
      if (state.begun) save(state, true);
    },
  };
}

/** Kept as long as the process lives: for a PC without a disk of its own. */
export function memoryStore(): KeptFile {
  let text: string | undefined;
  return {
    load: () => text,
    save: (next) => {
      text = next;
      return true;
    },
  };
}

/** What a running agent wrote down in the last ten minutes, for whoever asks from beside it. */
export function readFigures(store: Pick<KeptFile, 'load'>): BudgetFigures | undefined {
  const book = read(store);
  return book && shown(book);
}

function leftOf({ telemetryBytes, telemetryLimit, testBytes, testLimit }: BudgetFigures): number {
  return Math.max(0, testLimit - testBytes - Math.max(0, telemetryBytes - telemetryLimit));
}

function figuresOf(state: State): BudgetFigures {
  turn(state);
  return shown(state.book);
}

function shown({ month, telemetry, tests, limits }: Kept): BudgetFigures {
  const { telemetryBytes: telemetryLimit, testBytes: testLimit } = limits;
  return { month, telemetryBytes: Math.round(telemetry), telemetryLimit, testBytes: Math.round(tests), testLimit };
}

/** Nothing is missing as long as nothing was used: an agent that ends before it ever spoke leaves the file as it was. */
function begin(state: State): void {
  if (state.begun) return;
  state.begun = true;
  save(state, false);
}

/** A month that was never seen begins a new budget; one that comes back goes on with its own, or a clock that was wrong for a while would double it. */
function turn(state: State): void {
  const { book } = state;
  const proven = centreMonth(state);
  const month = proven ?? ownMonth(state);
  if (month === book.month) {
    book.isOwn &&= proven === undefined;
    if (proven !== undefined) book.doubtful = none();
    return;
  }
  const of = book.ofMonth ?? book.month;
  // Nobody vouches for it: what was used stays used.
  const isBack = month < book.month && proven === undefined;
  if (isBack || month === of) return void Object.assign(book, { month, ofMonth: month === of ? null : of });
  Object.assign(book, leave(book, of, month), { month, ofMonth: null, isOwn: proven === undefined, doubtful: none() });
  state.since = none();
}

/** What was used of a month that is begun, or goes on, and the others with the one that is left. */
function leave(book: Kept, left: string, month: string): Counts & Pick<Kept, 'earlier'> {
  const earlier = new Map(book.earlier);
  const found = earlier.get(month);
  earlier.delete(month);
  // What was used in a month that never was belongs to the one in which it was begun.
  if (found !== undefined && book.isOwn) return { ...sum(found, book), earlier: [...earlier] };
  const { telemetry, tests, peak, doubtful } = book;
  keepLatest(earlier, [left, { telemetry, tests, peak }], monthsKept);
  return { ...sum(found ?? unused(), { ...doubtful, peak: none() }), earlier: [...earlier] };
}

function unused(): Counts {
  return { ...none(), peak: none() };
}

function none(): Causes {
  return { telemetry: 0, tests: 0 };
}

/** Nobody said in this run what month it is, and our own clock says another. */
function isInDoubt({ told, clock, book }: State): boolean {
  return told === undefined && monthOf(clock.now()) !== book.month;
}

function sum(one: Counts, other: Counts): Counts {
  const peak = { telemetry: Math.max(one.peak.telemetry, other.peak.telemetry), tests: Math.max(one.peak.tests, other.peak.tests) };
  return { telemetry: one.telemetry + other.telemetry, tests: one.tests + other.tests, peak };
}

/** By what the centre said last; undefined where this run was told no time. */
function centreMonth(state: State): string | undefined {
  const ms = state.centreNow();
  const at = lasted(state.clock);
  if (ms !== null && monthOf(ms) !== undefined) state.told = { at, ms };
  return state.told && monthOf(state.told.ms + at - state.told.at);
}

/** A month goes on while the machine sleeps. */
function lasted(clock: Clock): number {
  return clock.up() + (clock.slept?.() ?? 0);
}

/** The month of our own clock where that can be believed, or else the one of the book. */
function ownMonth(state: State): string {
  const { clock, book, driftMs } = state;
  const month = monthOf(clock.now());
  const drift = clock.now() - clock.up();
  if (month === undefined) return book.month;
  if (month === book.month) {
    state.driftMs = drift;
    state.other = undefined;
    return month;
  }
  if (driftMs !== null && Math.abs(drift - driftMs) < setMs) return month;
  if (!book.isOwn && month !== monthAfter(book.month)) return book.month;
  if (state.other?.month !== month) state.other = { month, up: clock.up() };
  return clock.up() - state.other.up < standsMs ? book.month : month;
}

function save(state: State, clean: boolean): void {
  const { clock, book, since, store } = state;
  book.peak = { telemetry: Math.max(book.peak.telemetry, since.telemetry), tests: Math.max(book.peak.tests, since.tests) };
  state.since = none();
  state.keptUp = clock.up();
  store.save(JSON.stringify({ ...book, clean }));
}

function read(store: Pick<KeptFile, 'load'>): Kept | undefined {
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), kept), store.load());
  return found.success ? found.output : undefined;
}

/** Undefined of what is no time, or has no year of four digits. */
function monthOf(timeMs: number): string | undefined {
  const at = new Date(timeMs);
  const month = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 7);
  return v.is(monthName, month) ? month : undefined;
}

function monthAfter(month: string): string | undefined {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return monthOf(Date.UTC(year, number));
}
