/** Runs each probe with its own timer and timeout, so that no probe affects another. */
import { type Check, type Clock, messageOf, withinTime } from '@sabha/contracts';
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

type Slot = ReturnType<typeof slotOf>;

/**
 * Guarantee: a probe that throws, hangs or returns nonsense makes its known checks `unknown` with a reason, never ok or a fault. A
 * late result is dropped, and the other probes keep their intervals.
 */
export function createRunner(options: RunnerOptions) {
  const slots = options.probes.map(slotOf);
  const stage: Stage = { options, stopped: false, fastUntilUp: Number.NEGATIVE_INFINITY };
  const runNow = async () => {
    await Promise.all(slots.map((slot) => runAfresh(stage, slot)));
  };
  return {
    start: (): void => {
      for (const slot of slots) {
        plan(stage, slot, options.random() * firstJitterMs);
        watch(stage, slot);
      }
    },
    stop: (): void => {
      stage.stopped = true;
      for (const slot of slots) {
        slot.timer();
        slot.unwatch();
      }
    },
    /** Runs every probe now; resolves when each has finished or timed out. */
    runNow,
    /** Runs every probe now, and every few seconds for a while. */
    hasten: (forMs: number): void => {
      stage.fastUntilUp = options.clock.up() + forMs;
      void runNow();
    },
    /** Runs the probes that depend on the connection to the server, when it is made or lost. */
    connectionChanged: (): void => {
      for (const slot of slots) if (slot.probe.onConnection) hurry(stage, slot);
    },
    /** Resolves when every probe has finished, failed or timed out once. */
    firstRound: async (): Promise<void> => {
      await Promise.all(slots.map((slot) => slot.first.promise));
    },
    failing: (): { probe: string; error: string }[] =>
      slots.filter((slot) => slot.failures >= failuresInARow).map((slot) => ({ probe: slot.probe.name, error: slot.error })),
  };
}

type Stage = { options: RunnerOptions; stopped: boolean; fastUntilUp: number };

function slotOf(probe: Probe) {
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

function plan(stage: Stage, slot: Slot, delayMs: number): void {
  slot.timer();
  if (!stage.stopped) slot.timer = stage.options.clock.after(delayMs, () => void run(stage, slot));
}

function watch(stage: Stage, slot: Slot): void {
  try {
    slot.unwatch = slot.probe.watch?.(stage.options.platform, () => hurry(stage, slot)) ?? slot.unwatch;
  } catch (error) {
    // The probe still runs at its interval. The missing watch is reported as a failure.
    stage.options.onFailing(slot.probe.name, `cannot watch: ${lineOf(error)}`);
  }
}

/** Coalesces changes into one run, and changes during a run into one more. */
function hurry(stage: Stage, slot: Slot): void {
  if (slot.running !== undefined) {
    slot.again = true;
    return;
  }
  if (slot.hurried) return;
  slot.hurried = true;
  const gap = slot.failures >= failuresInARow ? gapWhileFailingMs : gapMs;
  plan(stage, slot, Math.max(settleMs, slot.startedUp + gap - stage.options.clock.up()));
}

/** Starts a run after this call, and after the run in progress. */
async function runAfresh(stage: Stage, slot: Slot): Promise<void> {
  await slot.running;
  await (slot.running ?? run(stage, slot));
}

function run(stage: Stage, slot: Slot): Promise<void> {
  slot.timer();
  slot.hurried = false;
  slot.again = false;
  slot.startedUp = stage.options.clock.up();
  slot.running = answer(stage, slot).then((result) => {
    slot.running = undefined;
    if (!stage.stopped) settle(stage, slot, result);
    slot.first.resolve();
  });
  return slot.running;
}

function settle(stage: Stage, slot: Slot, result: ProbeResult | string): void {
  const { probe } = slot;
  const failed = typeof result === 'string';
  if (failed) fail(stage, slot, result);
  else if (slot.failures >= failuresInARow) stage.options.onFailing(probe.name, null);
  if (!failed) slot.failures = 0;
  const told = failed || result.unknown !== undefined ? unknown(stage, probe, result) : result;
  stage.options.onResult(probe, told, stage.options.clock.up() - slot.startedUp);
  const soonMs = failed ? undefined : result.soonMs;
  plan(stage, slot, Math.min(everyMsOf(stage, slot), soonMs ?? Number.POSITIVE_INFINITY) * (0.9 + 0.2 * stage.options.random()));
  if (slot.again) hurry(stage, slot);
}

function everyMsOf({ options: { clock }, fastUntilUp }: Stage, { probe, failures }: Slot): number {
  if (failures >= failuresInARow) return Math.max(backOffMs, probe.everyMs);
  return clock.up() < fastUntilUp ? Math.min(fastEveryMs, probe.everyMs) : probe.everyMs;
}

function fail(stage: Stage, slot: Slot, error: string): void {
  slot.failures += 1;
  slot.error = error;
  if (slot.failures === failuresInARow) stage.options.onFailing(slot.probe.name, error);
}

/** A failed probe has at least one unknown check. A probe that reports unknown itself names its checks. */
function unknown(stage: Stage, probe: Probe, result: ProbeResult | string): ProbeResult {
  const [reason = '', blank] =
    typeof result === 'string' ? [result, [{ component: probe.name, device: '' }]] : [result.unknown, result.checks];
  const known = stage.options.known(probe);
  const checks = known.length > 0 ? known : blank;
  return { checks: checks.map((check) => ({ ...check, status: 'unknown', fault: null, reason })) };
}

/** Returns the result, or the reason for none. Never rejects. The signal aborts at the timeout, and later results are dropped. */
async function answer(stage: Stage, { probe }: Slot): Promise<ProbeResult | string> {
  const { clock, platform, context } = stage.options;
  const late = `no answer in ${Math.ceil(probe.timeoutMs / 1_000)} s`;
  try {
    return await withinTime<ProbeResult | string>({ clock, limitMs: probe.timeoutMs, late }, async (signal) =>
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
