/** Measures the link of the site where this PC is the one that does: rounds at the pace of the class, what they say together, and who is told. */

import { isThin, type LinkReport, linkReport, links } from '@sabha/contracts';
import * as v from 'valibot';
import type { Grade } from '../../uplink/spool/rows.ts';
import type { OnSlip } from '../../uplink/store/log.ts';
import { breaksOff, latest, type Round, type Window, windowOf } from '../analysis/quality.ts';
import type { Budget } from '../net/data-budget.ts';
import { hostWireBytes } from '../net/meter.ts';
import type { OpenUdp } from '../net/udp.ts';
import { type Capacity, createQualityHistory, type QualityHistoryOptions } from './quality-history.ts';
import { numbersOf, reportOf } from './quality-report.ts';
import { type Grant, roundWireBytes, stampRound } from './stamp.ts';

/** As for the history, and what a round needs. */
export type QualityRoundsOptions = QualityHistoryOptions & {
  /** Uniform in [0, 1). */
  random: () => number;
  /** Opens a socket to the reflector's host; absent where none is to be had, as in a simulation. */
  open?: OpenUdp | undefined;
  record(kind: string, body: Record<string, unknown>, grade?: Grade): void;
  /** Absent where nobody counts. */
  budget?: Pick<Budget, 'hasRoom' | 'used'> | undefined;
  /** Stores the report, which `check` reads from another process. */
  keep?: ((report: string) => void) | undefined;
  /** What others have to say in the report, such as the budget. */
  more?: (() => Partial<LinkReport>) | undefined;
  /** Told of what failed and should not have. */
  onSlip: OnSlip;
};

/** What the measurements of this PC say of the link now. */
export type LinkView = ReturnType<typeof viewOf>;

/** The rounds of probes to the reflector. */
export type QualityRounds = ReturnType<typeof createQualityRounds>;

/** A voice sends each 20 ms; probes that are further apart see a longer time for the same bytes. */
const paceMs = 100;
const first = { leastMs: 5_000, spreadMs: 55_000 };
/** Where a class is not measured regularly, or the right has ended, this is how soon it is looked at again. */
const lookAgainMs = 600_000;
/** In doubt more probes come, and sooner, so that a threshold of 1 % is judged within five rounds; but only so many of them in a while. */
const doubt = { probes: 60, hasten: 5, rounds: 8, periods: 24 };
/** Where nothing changed; on a thin link a report is a hundredth of the bytes of a day. */
const reportEveryMs = { usual: 3_600_000, thin: 3 * 3_600_000 };
const uselessRounds = 3;
const reportedProbes = 300;

type State = ReturnType<typeof createState>;

function createState(options: QualityRoundsOptions) {
  const { clock, link, spool, usedBps } = options;
  return {
    ...options,
    word: { measures: false, grant: undefined as Grant | undefined },
    history: createQualityHistory({ clock, link, spool, usedBps }),
    timer: (): void => undefined,
    running: undefined as Promise<void> | undefined,
    /** Rounds in a row that said nothing, and why the last of them did not. */
    useless: 0,
    why: 'no answer' as 'no answer' | 'breaks off' | 'no sense',
    isSayable: true,
    refused: false,
    doubts: { left: doubt.rounds, sinceUp: Number.NEGATIVE_INFINITY },
    reportedUp: Number.NEGATIVE_INFINITY,
    stopped: false,
  };
}

/** Guarantee: without the centre's word it sends nothing, and never more than its budget; and whatever comes back, nothing throws. */
export function createQualityRounds(options: QualityRoundsOptions) {
  const state = createState(options);
  return {
    /** The centre's word, in each ack of a birth and of an echo. */
    use: (word: State['word']): void => use(state, word),
    measures: (): boolean => state.word.measures,
    /** Where the reflector answers; undefined where this PC does not measure, the centre has none, or the right has ended. */
    grant: (): Grant | undefined => grantOf(state),
    /** Makes a round now; resolves when it is over. */
    measureNow: (): Promise<void> => roundOnce(state, doubt.probes),
    /** A result of the capacity test; false where it makes no sense, and is not kept. */
    took: (capacity: Capacity): boolean => took(state, capacity),
    /** The last one, of an earlier run too, while it is worth something. */
    capacity: state.history.capacity,
    /** Undefined where this PC does not measure, or has no sockets for it. */
    view: () => (state.word.measures && state.open !== undefined ? viewOf(state) : undefined),
    stop: (): void => {
      state.stopped = true;
      state.timer();
      state.history.save();
    },
  };
}

function use(state: State, word: State['word']): void {
  const begins = word.measures && !state.word.measures;
  state.word = word;
  if (!word.measures) {
    state.timer();
    state.history.forget();
  } else if (begins) plan(state, first.leastMs + state.random() * first.spreadMs);
}

function plan(state: State, delayMs: number): void {
  state.timer();
  if (!state.stopped) state.timer = state.clock.after(delayMs, () => void regularRound(state));
}

async function regularRound(state: State): Promise<void> {
  const pace = links[state.link()].quality;
  if (pace === null || state.open === undefined || grantOf(state) === undefined) return plan(state, lookAgainMs);
  const inDoubt = takeDoubt(state, pace.everyMs);
  await roundOnce(state, inDoubt ? doubt.probes : pace.probes);
  if (!state.word.measures) return;
  const everyMs = state.history.isDoubtful() && state.doubts.left > 0 ? pace.everyMs / doubt.hasten : pace.everyMs;
  plan(state, everyMs * (0.9 + 0.2 * state.random()));
}

/** True where the last window leaves a doubt and there are rounds left for it. */
function takeDoubt(state: State, everyMs: number): boolean {
  const up = state.clock.up();
  if (up - state.doubts.sinceUp > doubt.periods * everyMs) state.doubts = { left: doubt.rounds, sinceUp: up };
  if (!state.history.isDoubtful() || state.doubts.left === 0) return false;
  state.doubts.left -= 1;
  return true;
}

/** One at a time. */
function roundOnce(state: State, probes: number): Promise<void> {
  state.running ??= round(state, probes)
    .catch((error) => {
      state.onSlip('a round of the link', error);
      take(state, 'failed');
    })
    .finally(() => {
      state.running = undefined;
    });
  return state.running;
}

async function round(state: State, probes: number): Promise<void> {
  const grant = grantOf(state);
  const { clock, open, budget, random } = state;
  if (grant === undefined || open === undefined) return;
  state.refused = budget?.hasRoom(roundWireBytes(probes) + hostWireBytes) === false;
  if (state.refused) return;
  const used = (wireBytes: number) => budget?.used('tests', wireBytes);
  const made = await stampRound({ clock, open, grant, probes, paceMs, session: Math.floor(random() * 65_536), used });
  if (!state.stopped && state.word.measures) take(state, made);
}

function take(state: State, made: Round | string): void {
  const window = typeof made === 'string' ? undefined : windowOf(made);
  const isCut = window !== undefined && breaksOff(window);
  const isUseful = window !== undefined && !isCut;
  state.useless = isUseful ? 0 : state.useless + 1;
  state.why = isCut ? 'breaks off' : typeof made === 'string' || made.echoes.length === 0 ? 'no answer' : 'no sense';
  if (!isUseful) return;
  const { changed, otherClass } = state.history.add(window);
  if (otherClass !== undefined) state.record('link-class-changed', otherClass);
  const everyMs = isThin(links[state.link()]) ? reportEveryMs.thin : reportEveryMs.usual;
  if (changed || state.clock.up() - state.reportedUp >= everyMs) report(state);
}

function took(state: State, capacity: Capacity): boolean {
  const makesSense = v.is(linkReport, { at: capacity.at, capacity });
  if (makesSense) state.history.keepCapacity(capacity);
  report(state);
  return makesSense;
}

function report(state: State): void {
  const { history, clock, link } = state;
  state.reportedUp = clock.up();
  // What was before it fell silent says nothing of now.
  const windows = silenceOf(state) === null ? recent(history.windows()) : [];
  const said = reportOf({ at: clock.now(), link: link(), windows, tiers: history.sureTiers, capacity: history.capacity() });
  const body = v.safeParse(linkReport, { ...said, ...state.more?.() });
  state.isSayable = body.success;
  if (!body.success) return state.onSlip('the report on the link', v.summarize(body.issues));
  state.record('link', body.output, 'reading');
  state.keep?.(JSON.stringify(body.output));
}

function viewOf(state: State) {
  const { history, link } = state;
  const windows = history.windows();
  return {
    /** The latest last; those of more than half a day ago are gone, on a quick link of more than 150 min. */
    windows,
    /** Why no round is made, or why the last three rounds in a row said nothing, or why the report cannot be said; null where all is well. */
    problem: silenceOf(state) ?? (state.isSayable ? null : ('no sense' as const)),
    /** False where this class is only measured when it is asked for. */
    regular: links[link()].quality !== null,
    /** By all that was seen: no more than these. */
    tiers: history.tiers,
    /** By what is sure: no less than these. */
    sureTiers: history.sureTiers,
    /** The round trip is longer than usual; undefined where it is not known what is usual. */
    slow: history.slow(),
    /** For the beat. */
    numbers: () => numbersOf({ link: link(), windows: recent(windows), tiers: history.sureTiers }),
    capacity: history.capacity(),
  };
}

/** Why no rounds say anything of now. */
function silenceOf(state: State): State['why'] | 'no reflector' | 'no budget' | null {
  if (grantOf(state) === undefined) return 'no reflector';
  if (state.refused) return 'no budget';
  return state.useless >= uselessRounds ? state.why : null;
}

function grantOf({ word, clock }: State): Grant | undefined {
  return word.grant !== undefined && word.grant.endsUp > clock.up() ? word.grant : undefined;
}

function recent(windows: readonly Window[]): readonly Window[] {
  return latest(windows, reportedProbes) ?? windows;
}
