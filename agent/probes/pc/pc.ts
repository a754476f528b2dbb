/** Checks whether this PC can carry a meeting: processor, memory, disk, temperature and maintenance. */
import { type BeatKey, type Check, type Clock, messageOf, realClock } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, PcFigures, Platform } from '../../platform/platform.ts';
import { diskTroubles } from '../../platform/questions/disks.ts';
import { lastCrash, type Restart, restart, throttledMs } from '../../platform/questions/restart.ts';
import { cachedQuery } from '../../platform/questions/seldom.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { shortText } from '../../platform/text.ts';

/** Limits as ratios, 0 to 1. The hold time of each fault is in the catalogue. */
const limits = { load: 0.9, memory: 0.95, disk: 0.9 };
/** Temperature limit for a sensor whose firmware names none. */
const hotCelsius = 95;
/** Distance to the limit at which a sensor counts as hot, because the processor slows down before it reaches the limit. */
const marginCelsius = 5;

export function createPcProbe(clock: UpkeepClock = realClock()): Probe {
  const upkeep = createUpkeep(clock);
  return {
    name: 'pc',
    everyMs: 30_000,
    timeoutMs: 5_000,
    async run({ platform, signal }) {
      const figures = await platform.figures(signal);
      return { checks: [...checksOf(figures), ...(await upkeep(platform, signal))], numbers: numbersOf(figures) };
    },
  };
}

/** Returns the checks of the figures. A PC without a temperature sensor has no check of it, because a permanent `unknown` has no use. */
function checksOf(figures: PcFigures): Check[] {
  const { loadRatio, memoryUsedRatio, diskUsedRatio, temperatureCelsius, temperatureLimitCelsius } = figures;
  const processor = loadRatio === null ? notMeasured : judge('processor', 'pc.load_high', loadRatio > limits.load);
  const checks = [
    processor,
    judge('memory', 'pc.memory_low', memoryUsedRatio > limits.memory),
    judge('disk', 'pc.disk_full', diskUsedRatio > limits.disk),
  ];
  if (temperatureCelsius === null) return checks;
  const limit = temperatureLimitCelsius === null ? hotCelsius : temperatureLimitCelsius - marginCelsius;
  return [...checks, judge('temperature', 'pc.hot', temperatureCelsius >= limit)];
}

const notMeasured: Check = {
  component: 'pc',
  device: 'processor',
  status: 'unknown',
  fault: null,
  reason: 'measured from the second check on',
};

function judge(device: string, fault: string, bad: boolean): Check {
  return { component: 'pc', device, status: bad ? 'fault' : 'ok', fault: bad ? fault : null, reason: null };
}

function numbersOf(figures: PcFigures): Partial<Record<BeatKey, number>> {
  const { uptimeSeconds, loadRatio, memoryUsedRatio, diskUsedRatio, temperatureCelsius } = figures;
  return {
    up: uptimeSeconds,
    mem: memoryUsedRatio,
    disk: diskUsedRatio,
    ...(loadRatio !== null && { load: loadRatio }),
    ...(temperatureCelsius !== null && { temp: temperatureCelsius }),
  };
}

export type UpkeepClock = Pick<Clock, 'now' | 'up' | 'slept'>;

const dayMs = 86_400_000;
/** Time for which a restart may be pending without a fault. */
const pendingMs = 7 * dayMs;
/** Share of time up to which a throttled processor does not affect a meeting. */
const slowedShare = 0.1;
/** Shortest sleep that counts. A shorter time may be a mere difference between two clock readings. */
const sleptLeastMs = 60_000;
/** Interval for questions to the platform that start a program. */
const programEveryMs = 600_000;

/**
 * Creates the maintenance checks: restart, throttling, crash, disks and sleep.
 * Guarantee: a PC on which a fact can never be read has no check of it. A reading that fails gives `unknown`; the other checks continue.
 */
export function createUpkeep(clock: UpkeepClock): (platform: Platform, signal: AbortSignal) => Promise<Check[]> {
  const slowed = createSlowedWatch(clock);
  const asleep = createSleepWatch(clock);
  const seen = new Set<string>();
  const disks = cachedQuery(diskTroubles, { everyMs: programEveryMs, clock });
  const sleeps = cachedQuery(sleepsWhenIdle, { everyMs: programEveryMs, clock });

  async function check<T>(device: string, asked: Promise<Answer<T>>, judge: (value: T) => Verdict): Promise<Check[]> {
    const failed = (error: unknown) => ({ known: false as const, reason: shortText(messageOf(error)), failed: true });
    const answer = await asked.catch(failed);
    if (answer.known || 'failed' in answer) seen.add(device);
    if (!seen.has(device)) return [];
    return [{ component: 'pc', device, ...(answer.known ? judge(answer.value) : unknown(answer.reason)) }];
  }

  return async (platform, signal) => {
    const slept = asleep();
    const found = [
      await check('restart', platform.ask(restart, signal), (value) => judgeRestart(value, clock.now())),
      await check('speed', platform.ask(throttledMs, signal), slowed),
      await check('health', disks(platform, signal), ([first]) => (first === undefined ? ok : fault('pc.disk_failing', first))),
      await check('start', platform.ask(lastCrash, signal), (at) => judgeCrash(at, clock.now())),
      await check('sleep', sleeps(platform, signal), (isSet) => judgeSleep(isSet, slept)),
    ];
    return found.flat();
  };
}

/** Judges a pending restart. A restart that the system performs itself may interrupt a meeting, so it is a fault at once. */
function judgeRestart({ pendingSince, isPlanned }: Restart, now: number): Verdict {
  if (isPlanned) return fault('pc.restart_planned');
  if (pendingSince === null) return ok;
  return now - pendingSince > pendingMs ? fault('pc.restart_pending') : { ...ok, reason: 'a restart waits' };
}

function createSlowedWatch(clock: UpkeepClock): (totalMs: number) => Verdict {
  let last: { up: number; totalMs: number } | undefined;
  return (totalMs) => {
    const before = last;
    last = { up: clock.up(), totalMs };
    if (before === undefined || last.up <= before.up) return unknown('measured from the second check on');
    return (totalMs - before.totalMs) / (last.up - before.up) > slowedShare ? fault('pc.throttled') : ok;
  };
}

/** Judges the last crash. A crash time in the future comes from a wrong clock and does not count. */
function judgeCrash(at: number | null, now: number): Verdict {
  return at !== null && at <= now && now - at < dayMs ? fault('pc.crashed') : ok;
}

/** Creates a function that returns whether the PC slept in the last day. */
function createSleepWatch({ up, slept = () => 0 }: UpkeepClock): () => boolean {
  let total = slept();
  let last: number | undefined;
  return () => {
    const now = slept();
    if (now - total > sleptLeastMs) last = up();
    total = now;
    return last !== undefined && up() - last < dayMs;
  };
}

function judgeSleep(isSet: boolean, slept: boolean): Verdict {
  if (isSet) return fault('pc.sleeps', 'its settings allow it');
  return slept ? fault('pc.sleeps', 'it slept in the last day') : ok;
}
