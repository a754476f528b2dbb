/** Measures the link of a site with quality rounds, on the one PC that the server assigned. The link class sets their interval. */

import { isThin, type LinkReport, linkReport, links } from '@sabha/contracts';
import * as v from 'valibot';
import type { Grade } from '../../uplink/spool/rows.ts';
import type { OnInternalError } from '../../uplink/store/log.ts';
import { isCutOff, latest, type Round, type Window, windowOf } from '../analysis/quality.ts';
import type { Budget } from '../net/data-budget.ts';
import { hostWireBytes } from '../net/meter.ts';
import type { OpenUdp } from '../net/udp.ts';
import { createQualityHistory, type QualityHistoryOptions, type ReportedCapacity } from './quality-history.ts';
import { numbersOf, reportOf } from './quality-report.ts';
import { type Grant, roundWireBytes, stampRound } from './stamp.ts';

export type QualityRoundsOptions = QualityHistoryOptions & {
  /** Returns a random number in [0, 1), uniformly distributed. */
  random: () => number;
  /** Opens UDP sockets to the host of the reflector; absent if there are none, as in a simulation. */
  open?: OpenUdp | undefined;
  record(kind: string, body: Record<string, unknown>, grade?: Grade): void;
  /** Absent without a data budget. */
  budget?: Pick<Budget, 'hasRoom' | 'used'> | undefined;
  /** Stores the report for `sabha-agent check`, which runs in another process. */
  keep?: ((report: string) => void) | undefined;
  /** Returns further parts of the report, such as the data budget. */
  more?: (() => Partial<LinkReport>) | undefined;
  onInternalError: OnInternalError;
};

export type LinkView = ReturnType<typeof viewOf>;

export type QualityRounds = ReturnType<typeof createQualityRounds>;

/** Interval between probes. Voice sends a packet every 20 ms; a wider interval covers more time with the same bytes. */
const paceMs = 100;
const first = { leastMs: 5_000, spreadMs: 55_000 };
/** Delay before the next check if the link class has no regular rounds or the grant has expired. */
const lookAgainMs = 600_000;
/**
 * After a window with suspicious loss or jitter, rounds are larger and earlier. They then judge a loss of 1 % within five rounds. The
 * number of such rounds is limited.
 */
const extraRounds = { probes: 60, hasten: 5, rounds: 8, periods: 24 };
/** Interval of reports while no tier changes. On a thin link, a report takes a hundredth of the bytes of a day. */
const reportEveryMs = { usual: 3_600_000, thin: 3 * 3_600_000 };
const failedRoundsLimit = 3;
const reportedProbes = 300;

type RoundsState = ReturnType<typeof createState>;

function createState(options: QualityRoundsOptions) {
  const { clock, link, spool, usedBps } = options;
  return {
    ...options,
    word: { measures: false, grant: undefined as Grant | undefined },
    history: createQualityHistory({ clock, link, spool, usedBps }),
    timer: (): void => undefined,
    running: undefined as Promise<void> | undefined,
    /** Consecutive rounds without a result, and the cause of the last failure. */
    failedRounds: 0,
    why: 'no answer' as 'no answer' | 'breaks off' | 'no sense',
    isReportValid: true,
    refused: false,
    doubts: { left: extraRounds.rounds, sinceUp: Number.NEGATIVE_INFINITY },
    reportedUp: Number.NEGATIVE_INFINITY,
    stopped: false,
  };
}

/** Guarantee: without an assignment by the server it sends nothing, and it never exceeds its budget. No received packet makes it throw. */
export function createQualityRounds(options: QualityRoundsOptions) {
  const state = createState(options);
  return {
    /** Applies the assignment from the server, which arrives in the ack of a birth or of an echo. */
    use: (word: RoundsState['word']): void => use(state, word),
    measures: (): boolean => state.word.measures,
    /**
     * Returns the permission to use the reflector. Undefined if this PC is not assigned, the server has no reflector, or the grant has
     * expired.
     */
    grant: (): Grant | undefined => grantOf(state),
    measureNow: (): Promise<void> => roundOnce(state, extraRounds.probes),
    /** Stores a result of the capacity test; drops it and returns false if it is implausible. */
    takeCapacity: (capacity: ReportedCapacity): boolean => takeCapacity(state, capacity),
    /** Returns the last capacity until it expires, also from before a restart. */
    capacity: state.history.capacity,
    /** Returns the present results; undefined if this PC is not assigned or has no sockets. */
    view: () => (state.word.measures && state.open !== undefined ? viewOf(state) : undefined),
    stop: (): void => {
      state.stopped = true;
      state.timer();
      state.history.save();
    },
  };
}

function use(state: RoundsState, word: RoundsState['word']): void {
  const begins = word.measures && !state.word.measures;
  state.word = word;
  if (!word.measures) {
    state.timer();
    state.history.forget();
  } else if (begins) plan(state, first.leastMs + state.random() * first.spreadMs);
}

function plan(state: RoundsState, delayMs: number): void {
  state.timer();
  if (!state.stopped) state.timer = state.clock.after(delayMs, () => void regularRound(state));
}

async function regularRound(state: RoundsState): Promise<void> {
  const pace = links[state.link()].quality;
  if (pace === null || state.open === undefined || grantOf(state) === undefined) return plan(state, lookAgainMs);
  const inDoubt = useExtraRound(state, pace.everyMs);
  await roundOnce(state, inDoubt ? extraRounds.probes : pace.probes);
  if (!state.word.measures) return;
  const everyMs = state.history.isDoubtful() && state.doubts.left > 0 ? pace.everyMs / extraRounds.hasten : pace.everyMs;
  plan(state, everyMs * (0.9 + 0.2 * state.random()));
}

/** Returns true and uses up one extra round, if the last window is suspicious and extra rounds are left. */
function useExtraRound(state: RoundsState, everyMs: number): boolean {
  const up = state.clock.up();
  if (up - state.doubts.sinceUp > extraRounds.periods * everyMs) state.doubts = { left: extraRounds.rounds, sinceUp: up };
  if (!state.history.isDoubtful() || state.doubts.left === 0) return false;
  state.doubts.left -= 1;
  return true;
}

function roundOnce(state: RoundsState, probes: number): Promise<void> {
  state.running ??= round(state, probes)
    .catch((error) => {
      state.onInternalError('a round of the link', error);
      take(state, 'failed');
    })
    .finally(() => {
      state.running = undefined;
    });
  return state.running;
}

async function round(state: RoundsState, probes: number): Promise<void> {
  const grant = grantOf(state);
  const { clock, open, budget, random } = state;
  if (grant === undefined || open === undefined) return;
  state.refused = budget?.hasRoom(roundWireBytes(probes) + hostWireBytes) === false;
  if (state.refused) return;
  const used = (wireBytes: number) => budget?.used('tests', wireBytes);
  const made = await stampRound({ clock, open, grant, probes, paceMs, session: Math.floor(random() * 65_536), used });
  if (!state.stopped && state.word.measures) take(state, made);
}

function take(state: RoundsState, made: Round | string): void {
  const window = typeof made === 'string' ? undefined : windowOf(made);
  const isCut = window !== undefined && isCutOff(window);
  const isUseful = window !== undefined && !isCut;
  state.failedRounds = isUseful ? 0 : state.failedRounds + 1;
  state.why = isCut ? 'breaks off' : typeof made === 'string' || made.echoes.length === 0 ? 'no answer' : 'no sense';
  if (!isUseful) return;
  const { changed, otherClass } = state.history.add(window);
  if (otherClass !== undefined) state.record('link-class-changed', otherClass);
  const everyMs = isThin(links[state.link()]) ? reportEveryMs.thin : reportEveryMs.usual;
  if (changed || state.clock.up() - state.reportedUp >= everyMs) report(state);
}

function takeCapacity(state: RoundsState, capacity: ReportedCapacity): boolean {
  const makesSense = v.is(linkReport, { at: capacity.at, capacity });
  if (makesSense) state.history.keepCapacity(capacity);
  report(state);
  return makesSense;
}

function report(state: RoundsState): void {
  const { history, clock, link } = state;
  state.reportedUp = clock.up();
  // After three failed rounds, older windows no longer describe the link.
  const windows = staleReason(state) === null ? reportedWindows(history.windows()) : [];
  const said = reportOf({ at: clock.now(), link: link(), windows, tiers: history.conservativeTiers, capacity: history.capacity() });
  const body = v.safeParse(linkReport, { ...said, ...state.more?.() });
  state.isReportValid = body.success;
  if (!body.success) return state.onInternalError('the report on the link', v.summarize(body.issues));
  state.record('link', body.output, 'reading');
  state.keep?.(JSON.stringify(body.output));
}

function viewOf(state: RoundsState) {
  const { history, link } = state;
  const windows = history.windows();
  return {
    /** Windows, the newest last. They expire after half a day, or 150 min on a fast link. */
    windows,
    /** Why results are missing: no rounds, three rounds without a result, or an invalid report. Null without a problem. */
    problem: staleReason(state) ?? (state.isReportValid ? null : ('no sense' as const)),
    /** False if this link class is measured only on request. */
    regular: links[link()].quality !== null,
    /** Optimistic tiers (upper bounds), by the losses proven so far. */
    tiers: history.tiers,
    /** Conservative tiers (lower bounds). */
    conservativeTiers: history.conservativeTiers,
    /** True if the round trip is longer than usual; undefined until the usual round trip is known. */
    slow: history.slow(),
    numbers: () => numbersOf({ link: link(), windows: reportedWindows(windows), tiers: history.conservativeTiers }),
    capacity: history.capacity(),
  };
}

/** Returns why the results of the rounds are stale; null if they are not. */
function staleReason(state: RoundsState): RoundsState['why'] | 'no reflector' | 'no budget' | null {
  if (grantOf(state) === undefined) return 'no reflector';
  if (state.refused) return 'no budget';
  return state.failedRounds >= failedRoundsLimit ? state.why : null;
}

function grantOf({ word, clock }: RoundsState): Grant | undefined {
  return word.grant !== undefined && word.grant.endsUp > clock.up() ? word.grant : undefined;
}

function reportedWindows(windows: readonly Window[]): readonly Window[] {
  return latest(windows, reportedProbes) ?? windows;
}
