/** What this PC used of its link this month, by cause, and what is left of what its class may (DESIGN, link classes). */
import * as v from 'valibot';
import { type Clock, type LinkLimits, type LinkReport, links } from '#contracts';
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
  /** Another class of link, another budget. */
  limit(limits: LinkLimits['budget']): void;
  /** Writes it down where the last time is long enough ago. */
  keep(): void;
  close(): void;
};

const keepEveryMs = 600_000;
const backAgainMs = 24 * 3_600_000;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const causes = v.object({ telemetry: amount, tests: amount });
/** `peak`: the most that was ever used between two writings of this month. `clean`: written at a stop, so that nothing is missing. */
const kept = v.object({
  ...causes.entries,
  month: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}$/)),
  peak: causes,
  clean: v.boolean(),
  limits: v.object({ telemetryBytes: amount, testBytes: amount }),
});
type Kept = v.InferOutput<typeof kept>;
type Causes = v.InferOutput<typeof causes>;

type State = { clock: Clock; store: KeptFile; book: Kept; since: Causes; keptUp: number; backUp: number | null; begun: boolean };

/**
 * Guarantee: after a kill it counts no less than was used, as far as ten minutes never cost more than the dearest ten minutes of this month.
 * The month is the one of UTC by the clock of this PC. A clock that went back to an earlier month is not believed for a day, or a flat battery
 * would bring a new budget at every start.
 */
export function createBudget({ clock, store }: { clock: Clock; store: KeptFile }): Budget {
  const month = monthOf(clock);
  const none = { telemetry: 0, tests: 0 };
  const before = read(store) ?? { ...none, month, peak: none, clean: true, limits: links.fibre.budget };
  const book = before.clean
    ? before
    : { ...before, telemetry: before.telemetry + before.peak.telemetry, tests: before.tests + before.peak.tests };
  const state: State = {
    clock,
    store,
    book: { ...book, clean: false },
    since: { telemetry: 0, tests: 0 },
    keptUp: clock.up(),
    backUp: null,
    begun: false,
  };
  turn(state);
  const left = () => leftOf(figuresOf(state));
  return {
    left,
    hasRoom: (wireBytes) => wireBytes <= left(),
    used: (cause, wireBytes) => {
      begin(state);
      state.book[cause] += wireBytes;
      state.since[cause] += wireBytes;
    },
    figures: () => figuresOf(state),
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

/** A new month begins a new budget. */
function turn(state: State): void {
  const { clock, book } = state;
  const month = monthOf(clock);
  if (month >= book.month) state.backUp = null;
  else {
    state.backUp ??= clock.up();
    if (clock.up() - state.backUp < backAgainMs) return;
    book.month = month;
  }
  if (month === book.month) return;
  Object.assign(book, { month, telemetry: 0, tests: 0, peak: { telemetry: 0, tests: 0 } });
  state.since = { telemetry: 0, tests: 0 };
}

function save(state: State, clean: boolean): void {
  const { clock, book, since, store } = state;
  book.peak = { telemetry: Math.max(book.peak.telemetry, since.telemetry), tests: Math.max(book.peak.tests, since.tests) };
  state.since = { telemetry: 0, tests: 0 };
  state.keptUp = clock.up();
  store.save(JSON.stringify({ ...book, clean }));
}

function read(store: Pick<KeptFile, 'load'>): Kept | undefined {
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), kept), store.load());
  return found.success ? found.output : undefined;
}

function monthOf({ now }: Pick<Clock, 'now'>): string {
  return new Date(now()).toISOString().slice(0, 7);
}
