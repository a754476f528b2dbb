/** Runs the probes: each on its own timer, with its own time-out, so that no probe ever touches another. */
import { type Check, type Clock, messageOf, withinTime } from '@sabha/contracts';
import type { Platform } from '../platform/platform.ts';
import type { Probe, ProbeContext, ProbeResult } from './probe.ts';

/** The probes at work. */
export type Runner = ReturnType<typeof createRunner>;

/** The probes, what they are given, and who is told of their answers. */
export type RunnerOptions = {
  probes: readonly Probe[];
  platform: Platform;
  context: () => Omit<ProbeContext, 'signal' | 'platform'>;
  /** The checks last known of a probe: they become unknown when it fails. */
  known: (probe: Probe) => Check[];
  clock: Clock;
  random: () => number;
  onResult: (probe: Probe, result: ProbeResult, tookMs: number) => void;
  /** A probe failed three times in a row (with its error), or answers again (null). */
  onFailing: (probe: string, error: string | null) => void;
};

/** The PC is not there for the centre before each has answered once. */
const firstJitterMs = 100;
/** One change of a device is told many times; the run waits for the last of them. */
const settleMs = 50;
const gapMs = 1_000;
const failuresInARow = 3;
const backOffMs = 600_000;
const gapWhileFailingMs = 60_000;
const reasonLength = 120;
/** For a technician who stands in the room and tries things out. */
const fastEveryMs = 5_000;

type Slot = ReturnType<typeof slotOf>;

/**
 * Guarantee: a probe that throws, hangs or answers nonsense makes its own known checks `unknown` with a reason, never ok and never a fault;
 * a late answer is dropped; the others keep their times.
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
    /** Runs every probe now; resolves when each has answered or run out of time. */
    runNow,
    /** Runs every probe now, and for a while every few seconds. */
    hasten: (forMs: number): void => {
      stage.fastUntilUp = options.clock.up() + forMs;
      void runNow();
    },
    /** The connection to the centre came or went: the probes that look at it are asked at once. */
    connectionChanged: (): void => {
      for (const slot of slots) if (slot.probe.onConnection) hurry(stage, slot);
    },
    /** Resolves when every probe has answered, failed or run out of time once. */
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
    /** The run in progress. */
    running: undefined as Promise<void> | undefined,
    /** Asked for while it ran. */
    again: false,
    /** A run asked for by a change is on its way. */
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
    // It still runs by its interval; that it hears nothing between is told as the failure it is.
    stage.options.onFailing(slot.probe.name, `cannot watch: ${lineOf(error)}`);
  }
}

/** Coalesces: however many changes are told, one run follows, and one more where a run was in progress. */
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

/** A run that begins after this call, however long the one in progress takes. */
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

/** A probe that fails has at least one check; one that says itself that it does not know says of what. */
function unknown(stage: Stage, probe: Probe, result: ProbeResult | string): ProbeResult {
  const [reason = '', blank] =
    typeof result === 'string' ? [result, [{ component: probe.name, device: '' }]] : [result.unknown, result.checks];
  const known = stage.options.known(probe);
  const checks = known.length > 0 ? known : blank;
  return { checks: checks.map((check) => ({ ...check, status: 'unknown', fault: null, reason })) };
}

/** The answer, or why there is none. Never rejects; the signal is aborted at the time-out, and what comes later is dropped. */
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
