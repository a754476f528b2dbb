/** Runs each probe with its own timer and timeout, so that no probe delays another. */
import { type Check, type Clock, messageOf, withTimeout } from '@sabha/contracts';
import type { Platform } from '../platform/platform.ts';
import type { Probe, ProbeContext, ProbeResult } from './probe.ts';

export type Runner = ReturnType<typeof createRunner>;

export type RunnerOptions = {
  probes: readonly Probe[];
  platform: Platform;
  context: () => Omit<ProbeContext, 'signal' | 'platform'>;
  /** Returns the last checks of a probe, which become unknown when the probe fails. */
  known: (probe: Probe) => Check[];
  clock: Clock;
  random: () => number;
  onResult: (probe: Probe, result: ProbeResult, tookMs: number) => void;
  /** Called with the error when a probe has failed three times in a row, and with null when it works again. */
  onFailing: (probe: string, error: string | null) => void;
};

/** Maximum random delay of the first run. It is small, because the PC sends its birth only after every probe has run once. */
const firstJitterMs = 100;
/** Debounce of device changes, because one change causes many signals. */
const settleMs = 50;
const gapMs = 1_000;
const failuresInARow = 3;
const backOffMs = 600_000;
const gapWhileFailingMs = 60_000;
const reasonLength = 120;
/** Interval of all probes while a technician tests devices in the room. */
const fastEveryMs = 5_000;

type ProbeState = ReturnType<typeof createProbeState>;

/**
 * Guarantee: a probe that throws, hangs or returns nonsense makes its known checks unknown with a reason, never ok or a fault. A late
 * result is dropped, and the other probes keep their intervals.
 */
export function createRunner(options: RunnerOptions) {
  const probeStates = options.probes.map(createProbeState);
  const state: RunnerState = { options, stopped: false, fastUntilUp: Number.NEGATIVE_INFINITY };
  const runNow = async () => {
    await Promise.all(probeStates.map((entry) => runNewly(state, entry)));
  };
  return {
    start: (): void => {
      for (const entry of probeStates) {
        schedule(state, entry, options.random() * firstJitterMs);
        watch(state, entry);
      }
    },
    stop: (): void => {
      state.stopped = true;
      for (const entry of probeStates) {
        entry.timer();
        entry.unwatch();
      }
    },
    /** Runs every probe now; resolves when each has finished or timed out. */
    runNow,
    /** Runs every probe now, and then every few seconds for this time. */
    runFaster: (forMs: number): void => {
      state.fastUntilUp = options.clock.up() + forMs;
      void runNow();
    },
    /** Runs the probes that depend on the server connection; called when the connection opens or breaks. */
    connectionChanged: (): void => {
      for (const entry of probeStates) if (entry.probe.runsOnConnectionChange) scheduleSoon(state, entry);
    },
    /** Resolves when every probe has run once, whether it succeeded, failed or timed out. */
    firstRound: async (): Promise<void> => {
      await Promise.all(probeStates.map((entry) => entry.first.promise));
    },
    failing: (): { probe: string; error: string }[] =>
      probeStates.filter((entry) => entry.failures >= failuresInARow).map((entry) => ({ probe: entry.probe.name, error: entry.error })),
  };
}

type RunnerState = { options: RunnerOptions; stopped: boolean; fastUntilUp: number };

function createProbeState(probe: Probe) {
  return {
    probe,
    timer: (): void => undefined,
    unwatch: (): void => undefined,
    running: undefined as Promise<void> | undefined,
    /** A change came during a run, so one more run follows. */
    again: false,
    /** A run soon after a change is already scheduled. */
    hurried: false,
    startedUp: Number.NEGATIVE_INFINITY,
    failures: 0,
    error: '',
    first: Promise.withResolvers<void>(),
  };
}

function schedule(state: RunnerState, entry: ProbeState, delayMs: number): void {
  entry.timer();
  if (!state.stopped) entry.timer = state.options.clock.after(delayMs, () => void run(state, entry));
}

function watch(state: RunnerState, entry: ProbeState): void {
  try {
    entry.unwatch = entry.probe.watch?.(state.options.platform, () => scheduleSoon(state, entry)) ?? entry.unwatch;
  } catch (error) {
    // The probe still runs at its interval; the missing change signal is reported as a failure.
    state.options.onFailing(entry.probe.name, `cannot watch: ${lineOf(error)}`);
  }
}

/** Combines changes into one run, and changes during a run into one more run. */
function scheduleSoon(state: RunnerState, entry: ProbeState): void {
  if (entry.running !== undefined) {
    entry.again = true;
    return;
  }
  if (entry.hurried) return;
  entry.hurried = true;
  const gap = entry.failures >= failuresInARow ? gapWhileFailingMs : gapMs;
  schedule(state, entry, Math.max(settleMs, entry.startedUp + gap - state.options.clock.up()));
}

/** Starts a new run after the run in progress; resolves when the new run ends. */
async function runNewly(state: RunnerState, entry: ProbeState): Promise<void> {
  await entry.running;
  await (entry.running ?? run(state, entry));
}

function run(state: RunnerState, entry: ProbeState): Promise<void> {
  entry.timer();
  entry.hurried = false;
  entry.again = false;
  entry.startedUp = state.options.clock.up();
  entry.running = runProbe(state, entry).then((result) => {
    entry.running = undefined;
    if (!state.stopped) applyResult(state, entry, result);
    entry.first.resolve();
  });
  return entry.running;
}

function applyResult(state: RunnerState, entry: ProbeState, result: ProbeResult | string): void {
  const { probe } = entry;
  const failed = typeof result === 'string';
  if (failed) fail(state, entry, result);
  else if (entry.failures >= failuresInARow) state.options.onFailing(probe.name, null);
  if (!failed) entry.failures = 0;
  const told = failed || result.unknown !== undefined ? unknownResult(state, probe, result) : result;
  state.options.onResult(probe, told, state.options.clock.up() - entry.startedUp);
  const nextRunMs = failed ? undefined : result.nextRunMs;
  schedule(state, entry, Math.min(everyMsOf(state, entry), nextRunMs ?? Number.POSITIVE_INFINITY) * (0.9 + 0.2 * state.options.random()));
  if (entry.again) scheduleSoon(state, entry);
}

function everyMsOf({ options: { clock }, fastUntilUp }: RunnerState, { probe, failures }: ProbeState): number {
  if (failures >= failuresInARow) return Math.max(backOffMs, probe.everyMs);
  return clock.up() < fastUntilUp ? Math.min(fastEveryMs, probe.everyMs) : probe.everyMs;
}

function fail(state: RunnerState, entry: ProbeState, error: string): void {
  entry.failures += 1;
  entry.error = error;
  if (entry.failures === failuresInARow) state.options.onFailing(entry.probe.name, error);
}

/**
 * Makes the known checks of the probe unknown. If there are none, it uses the checks that the probe named, or one check for its component.
 */
function unknownResult(state: RunnerState, probe: Probe, result: ProbeResult | string): ProbeResult {
  const [reason = '', blank] =
    typeof result === 'string' ? [result, [{ component: probe.name, device: '' }]] : [result.unknown, result.checks];
  const known = state.options.known(probe);
  const checks = known.length > 0 ? known : blank;
  return { checks: checks.map((check) => ({ ...check, status: 'unknown', fault: null, reason })) };
}

/** Returns the result of a probe, or the error as text. Never rejects. The signal aborts at the timeout, and a later result is dropped. */
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
  if (!Array.isArray(result?.checks)) throw new Error('the probe returned no list of checks');
  return result;
}

function lineOf(error: unknown): string {
  const text = messageOf(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, reasonLength).toWellFormed() || 'failed without a message';
}
