/** What is known of the power of a PC when it is lost: the last word of its battery, and what it found on its disk afterwards; pure. */
import type { MainsGone } from '#contracts';
import type { PcRecord } from '../records/incidents.ts';
import { isBattery } from './pc.ts';

/** A UPS that does not say how long it lasts has a few minutes. */
const gaspLimitMs = 5 * 60_000;
/** The estimate of a battery is out by this much. */
const batterySlackMs = 120_000;
/** Nothing is said of what came longer ago. */
const batteryLimitMs = 4 * 3_600_000;
/** Mains that went so shortly before have to do with the loss; what has no mains for longer may as well have been unplugged. */
const freshMs = 10 * 60_000;
/** Who is on battery for longer was perhaps unplugged and forgotten. */
const forgottenMs = 60 * 60_000;
/** A PC says this late that it runs on battery. */
export const toldLateMs = 60_000;
/** Mains and line that come back together went together. */
const backTogetherMs = 3 * 60_000;

/** How its mains went before a loss: `fresh` just before or with it, `ended` where the battery came to its end too; `long` before, or `drained` till then. */
export type Supply = { since: number; how: 'fresh' | 'ended' | 'long' | 'drained' };

/** What it said of its battery at its last word; null where it did not run on it. */
export function batteryWord(record: PcRecord, lastWordAt = record.absence?.from ?? record.heardAt ?? 0): Supply | null {
  const { gasp, checks } = record;
  const since = Math.min(...checks.filter(isBattery).map((check) => check.since));
  if (gasp && lastWordAt <= gasp.at + (gasp.runtimeMs ?? gaspLimitMs) + batterySlackMs)
    return supplyOf(Math.min(since, gasp.at), lastWordAt, true);
  return Number.isFinite(since) && lastWordAt - since <= batteryLimitMs ? supplyOf(since, lastWordAt, false) : null;
}

function supplyOf(since: number, lostAt: number, ending: boolean): Supply {
  const isFresh = lostAt - since <= freshMs;
  if (ending && lostAt - since <= forgottenMs) return { since, how: isFresh ? 'ended' : 'drained' };
  return { since, how: isFresh ? 'fresh' : 'long' };
}

/** How its mains had gone when a boot ended, by its own clock alone; null where they had not, or it does not say. */
export function supplyAtEnd({ from, to, ending }: MainsGone, endedAt: number): Supply | null {
  return to === null ? supplyOf(from, endedAt, ending) : null;
}

/** The loss of a PC that lived on, and its return. */
type Loss = { from: number; goneBy: number; to: number };

/**
 * How its mains had gone when it was lost, as it found out: times on the centre's clock. Null where they went later, or were back before.
 */
export function supplyAtLoss({ from, to }: Pick<MainsGone, 'from' | 'to'>, loss: Loss): Supply | null {
  if (from > loss.goneBy + toldLateMs || (to !== null && to < loss.from)) return null;
  const isTogether = to !== null && Math.abs(loss.to - to) <= backTogetherMs;
  return isTogether ? { since: from, how: 'fresh' } : supplyOf(from, loss.from, false);
}

/** It sees its mains, and says so. */
export function seesMains({ checks }: PcRecord): boolean {
  return checks.some(({ component, device, status }) => component === 'power' && device === 'mains' && status === 'ok');
}
