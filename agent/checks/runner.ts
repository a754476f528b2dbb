/** Runs each probe with its own timer and timeout, so that no probe affects another. */
import { type Check, type Clock, messageOf, withTimeout } from '@sabha/contracts';
import type { Platform } from '../platform/platform.ts';
import type { Probe, ProbeContext, ProbeResult } from './probe.ts';

export type Runner = ReturnType<typeof createRunner>;

export type RunnerOptions = {
  probes: readonly Probe[];
  platform: Platform;
  context: () => Omit<ProbeContext, 'signal' | 'platform'>;
  /** Last known checks of a probe; they become unknown when it fails. */
  known: (probe: Probe) => Check[];
  clock: Clock;
  random: () => number;
  onResult: (probe: Probe, result: ProbeResult, tookMs: number) => void;
  /** Called when a probe has failed three times in a row (with its error), or works again (null). */
  onFailing: (probe: string, error: string | null) => void;
};

/** Small, because the PC appears at the server only after every probe has run once. */
const firstJitterMs = 100;
/** Debounce: one device change causes many signals. */
const settleMs = 50;
const gapMs = 1_000;
const failuresInARow = 3;
const backOffMs = 600_000;
const gapWhileFailingMs = 60_000;
const reasonLength = 120;
/** Interval while a technician tests devices in the room. */
const fastEveryMs = 5_000;

type ProbeState = ReturnType<typeof createProbeState>;

/**
 * Guarantee: a probe that throws, hangs or returns nonsense makes its known checks `unknownResult` with a reason, never ok or a fault. A
 * late result is dropped, and the other probes keep their intervals.
 */
export function createRunner(options: RunnerOptions) {
  const probeStates = options.probes.map(createProbeState);
  const state: RunnerState = { options, stopped: false, fastUntilUp: Number.NEGATIVE_INFINITY };
  const runNow = async () => {
    await Promise.all(probeStates.map((probeState) => runNewly(state, probeState)));
  };
  return {
    start: (): void => {
      for (const probeState of probeStates) {
        schedule(state, probeState, options.random() * firstJitterMs);
        watch(state, probeState);
      }
    },
    stop: (): void => {
      state.stopped = true;
      for (const probeState of probeStates) {
        probeState.timer();
        probeState.unwatch();
      }
    },
    /** Runs every probe now; resolves when each has finished or timed out. */
    runNow,
    /** Runs every probe now, and every few seconds for a while. */
    runFaster: (forMs: number): void => {
      state.fastUntilUp = options.clock.up() + forMs;
      void runNow();
    },
    /** Runs the probes that depend on the connection to the server, when it is made or lost. */
    connectionChanged: (): void => {
      for (const probeState of probeStates) if (probeState.probe.runsOnConnectionChange) scheduleSoon(state, probeState);
    },
    /** Resolves when every probe has finished, failed or timed out once. */
    firstRound: async (): Promise<void> => {
      await Promise.all(probeStates.map((probeState) => probeState.first.promise));
    },
    failing: (): { probe: string; error: string }[] =>
      probeStates
        .filter((probeState) => probeState.failures >= failuresInARow)
        .map((probeState) => ({ probe: probeState.probe.name, error: probeState.error })),
  };
}

type RunnerState = { options: RunnerOptions; stopped: boolean; fastUntilUp: number };

function createProbeState(probe: Probe) {
  return {
    probe,
    timer: (): void => undefined,
    unwatch: (): void => undefined,
    running: undefined as Promise<void> | undefined,
    /** Requested during a run. */
    again: false,
    /** A run after a change is scheduled. */
    hurried: false,
    startedUp: Number.NEGATIVE_INFINITY,
    failures: 0,
    error: '',
    first: Promise.withResolvers<void>(),
  };
}

function schedule(state: RunnerState, probeState: ProbeState, delayMs: number): void {
  probeState.timer();
  if (!state.stopped) probeState.timer = state.options.clock.after(delayMs, () => void run(state, probeState));
}

function watch(state: RunnerState, probeState: ProbeState): void {
  try {
    probeState.unwatch = probeState.probe.watch?.(state.options.platform, () => scheduleSoon(state, probeState)) ?? probeState.unwatch;
  } catch (error) {
    // The probe still runs at its interval. The missing watch is reported as a failure.
    state.options.onFailing(probeState.probe.name, `cannot watch: ${lineOf(error)}`);
  }
}

/** Coalesces changes into one run, and changes during a run into one more. */
function scheduleSoon(state: RunnerState, probeState: ProbeState): void {
  if (probeState.running !== undefined) {
    probeState.again = true;
    return;
  }
  if (probeState.hurried) return;
  probeState.hurried = true;
  const gap = probeState.failures >= failuresInARow ? gapWhileFailingMs : gapMs;
  schedule(state, probeState, Math.max(settleMs, probeState.startedUp + gap - state.options.clock.up()));
}

/** Starts a run after this call, and after the run in progress. */
async function runNewly(state: RunnerState, probeState: ProbeState): Promise<void> {
  await probeState.running;
  await (probeState.running ?? run(state, probeState));
}

function run(state: RunnerState, probeState: ProbeState): Promise<void> {
  probeState.timer();
  probeState.hurried = false;
  probeState.again = false;
  probeState.startedUp = state.options.clock.up();
  probeState.running = runProbe(state, probeState).then((result) => {
    probeState.running = undefined;
    if (!state.stopped) applyResult(state, probeState, result);
    probeState.first.resolve();
  });
  return probeState.running;
}

function applyResult(state: RunnerState, probeState: ProbeState, result: ProbeResult | string): void {
  const { probe } = probeState;
  const failed = typeof result === 'string';
  if (failed) fail(state, probeState, result);
  else if (probeState.failures >= failuresInARow) state.options.onFailing(probe.name, null);
  if (!failed) probeState.failures = 0;
  const told = failed || result.unknown !== undefined ? unknownResult(state, probe, result) : result;
  state.options.onResult(probe, told, state.options.clock.up() - probeState.startedUp);
  const nextRunMs = failed ? undefined : result.nextRunMs;
  schedule(
    state,
    probeState,
    Math.min(everyMsOf(state, probeState), nextRunMs ?? Number.POSITIVE_INFINITY) * (0.9 + 0.2 * state.options.random()),
  );
  if (probeState.again) scheduleSoon(state, probeState);
}

function everyMsOf({ options: { clock }, fastUntilUp }: RunnerState, { probe, failures }: ProbeState): number {
  if (failures >= failuresInARow) return Math.max(backOffMs, probe.everyMs);
  return clock.up() < fastUntilUp ? Math.min(fastEveryMs, probe.everyMs) : probe.everyMs;
}

function fail(state: RunnerState, probeState: ProbeState, error: string): void {
  probeState.failures += 1;
  probeState.error = error;
  if (probeState.failures === failuresInARow) state.options.onFailing(probeState.probe.name, error);
}

/** A failed probe has at least one unknown check. A probe that reports unknown itself names its checks. */
function unknownResult(state: RunnerState, probe: Probe, result: ProbeResult | string): ProbeResult {
  const [reason = '', blank] =
    typeof result === 'string' ? [result, [{ component: probe.name, device: '' }]] : [result.unknown, result.checks];
  const known = state.options.known(probe);
  const checks = known.length > 0 ? known : blank;
  return { checks: checks.map((check) => ({ ...check, status: 'unknown', fault: null, reason })) };
}

/** Returns the result, or the reason for none. Never rejects. The signal aborts at the timeout, and later results are dropped. */
async function runProbe(state: RunnerState, { probe }: ProbeState): Promise<ProbeResult | string> {
  const { clock, platform, context } = state.options;
  const timeoutValue = `no answer in ${Math.ceil(probe.timeoutMs / 1_000)} s`;
  try {
    return await withTimeout<ProbeResult | string>({ clock, limitMs: probe.timeoutMs, timeoutValue }, async (signal) =>
      checked(await probe.run({ ...context(), platform, signal })),
    );
  } catch (error) {
    return lineOf(error);
  }
}

function checked(result: ProbeResult): ProbeResult {
  if (!Array.isArray(result?.checks)) throw new Error('the probe answered no list of checks');
  return result;
}

function lineOf(error: unknown): string {
  const text = messageOf(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, reasonLength).toWellFormed() || 'failed without a word';
}
