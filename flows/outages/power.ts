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
/** A battery that ends so soon was not just unplugged; where a line goes so soon after the mains, perhaps by a router on a battery of its own. */
const shortlyMs = 10 * 60_000;
/** Who is on battery for longer was perhaps unplugged and forgotten. */
const forgottenMs = 60 * 60_000;
/** A PC says this late that it runs on battery. */
export const toldLateMs = 60_000;
/** Mains and line that come back together may have gone by one cause, or a laptop was brought back. */
const backTogetherMs = 3 * 60_000;
/** A clock that is out by more tells nothing of seconds. */
export const trueClockMs = 60_000;

/**
 * How its mains went before a loss: `fresh` with it, `ended` where the battery came to its end soon; `outlived` where the line stood for some
 * minutes more, as of a laptop that is carried away, or of a router on a battery; `long` before, or `drained` till then.
 */
export type Supply = { since: number; how: 'fresh' | 'ended' | 'outlived' | 'long' | 'drained' };

/** What it said of its battery at its last word; null where it did not run on it. Its line stood when it said so. */
export function batteryWord(record: PcRecord, lastWordAt = record.absence?.from ?? record.heardAt ?? 0): Supply | null {
  const { gasp, checks } = record;
  const since = batterySince(record);
  if (gasp && lastWordAt <= gasp.at + (gasp.runtimeMs ?? gaspLimitMs) + batterySlackMs)
    return supplyOf(Math.min(since, gasp.at), lastWordAt, true);
  const isLow = checks.some(({ fault }) => fault === 'power.battery_low');
  return lastWordAt - since <= batteryLimitMs ? supplyOf(since, lastWordAt, isLow) : null;
}

/** Since when it says that it runs on battery, by the centre's clock; infinite where it does not say so. */
function batterySince({ checks }: PcRecord): number {
  return Math.min(...checks.filter(isBattery).map((check) => check.since));
}

function supplyOf(since: number, lostAt: number, ending: boolean): Supply | null {
  if (!Number.isFinite(since)) return null;
  const isShort = lostAt - since <= shortlyMs;
  if (ending && lostAt - since <= forgottenMs) return { since, how: isShort ? 'ended' : 'drained' };
  return { since, how: isShort ? 'outlived' : 'long' };
}

/** How its mains had gone when a boot ended, by its own clock alone; null where they had not, or it does not say. */
export function supplyAtEnd({ from, to, ending }: MainsGone, endedAt: number): Supply | null {
  if (to !== null) return null;
  return !ending && Math.abs(endedAt - from) <= toldLateMs ? { since: from, how: 'fresh' } : supplyOf(from, endedAt, ending);
}

/** The loss of a PC that lived on, and its return; `isTrueClock`: what it says of times can be believed. */
type Loss = { from: number; goneBy: number; to: number; isTrueClock: boolean };

/**
 * How its mains had gone when it was lost, as it found out: times on the centre's clock. Null where they went later, or were back before. Mains
 * of which it could say so itself went before its line, and the centre's clock knows when.
 */
export function supplyAtLoss(record: PcRecord, { from, to }: Pick<MainsGone, 'from' | 'to'>, loss: Loss): Supply | null {
  const said = batterySince(record);
  const since = Number.isFinite(said) ? said : from;
  if (!loss.isTrueClock) return { since, how: loss.from - said > shortlyMs ? 'long' : 'outlived' };
  if (since > loss.goneBy + toldLateMs || (to !== null && to < loss.from)) return null;
  if (since !== said && since >= loss.from - toldLateMs) return { since, how: 'fresh' };
  const isTogether = to !== null && Math.abs(loss.to - to) <= backTogetherMs;
  return isTogether ? { since, how: 'outlived' } : supplyOf(since, loss.from, false);
}

/** It sees its mains, and says so. */
export function seesMains({ checks }: PcRecord): boolean {
  return checks.some(({ component, device, status }) => component === 'power' && device === 'mains' && status === 'ok');
}
