/** Does somebody have to look after this PC: a restart that waits, sleep, a slowed processor, a failing disk, a crash. */
import { type Check, type Clock, messageOf } from '#contracts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, Platform } from '../../platform/platform.ts';
import { lastCrash } from '../../platform/questions/crash.ts';
import { diskTroubles } from '../../platform/questions/disks.ts';
import { type Restart, restart } from '../../platform/questions/restart.ts';
import { asksSeldom } from '../../platform/questions/seldom.ts';
import { sleepsWhenIdle } from '../../platform/questions/sleep.ts';
import { throttledMs } from '../../platform/questions/throttle.ts';
import { shortText } from '../../platform/text.ts';

/** By which time passes, and which knows of the sleep of the machine. */
export type UpkeepClock = Pick<Clock, 'now' | 'up' | 'slept'>;

const dayMs = 86_400_000;
/** As long may a restart wait. */
const pendingMs = 7 * dayMs;
/** Of a processor that is slowed for less of its time nobody hears anything. */
const slowedShare = 0.1;
/** A shorter gap is a clock that was read twice. */
const sleptLeastMs = 60_000;
/** It starts a program. */
const programEveryMs = 600_000;

/** The checks of one look; some remember what they saw. Guarantee: of what cannot be asked on this PC there is no check; what fails is unknown, and the others are told. */
export function createUpkeep(clock: UpkeepClock): (platform: Platform, signal: AbortSignal) => Promise<Check[]> {
  const slowed = createSlowedWatch(clock);
  const asleep = createSleepWatch(clock);
  const seen = new Set<string>();
  const disks = asksSeldom(diskTroubles, { everyMs: programEveryMs, clock });
  const sleeps = asksSeldom(sleepsWhenIdle, { everyMs: programEveryMs, clock });

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
      await check('health', disks(platform, signal), judgeDisks),
      await check('start', platform.ask(lastCrash, signal), (at) => judgeCrash(at, clock.now())),
      await check('sleep', sleeps(platform, signal), (isSet) => judgeSleep(isSet, slept)),
    ];
    return found.flat();
  };
}

/** One that comes by itself may come in a meeting. */
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
    if (before === undefined || last.up <= before.up) return unknown('measured from the second look on');
    return (totalMs - before.totalMs) / (last.up - before.up) > slowedShare ? fault('pc.throttled') : ok;
  };
}

function judgeDisks(troubles: readonly string[]): Verdict {
  const [first] = troubles;
  return first === undefined ? ok : fault('pc.disk_failing', first);
}

/** A mark that is still to come was made by a clock that was ahead, nobody knows when. */
function judgeCrash(at: number | null, now: number): Verdict {
  return at !== null && at <= now && now - at < dayMs ? fault('pc.crashed') : ok;
}

/** Whether the machine slept in the last day. */
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
  if (isSet) return fault('pc.sleeps', 'it is set to');
  return slept ? fault('pc.sleeps', 'it slept in the last day') : ok;
}
