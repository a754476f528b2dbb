/** The presence and the power of one site at one moment, and conclusions from both. Pure functions. */
import type { CorrelationNumbers } from './numbers.ts';

/** A lost PC. `from`: when its last message arrived. `at`: when it was certainly offline. `isSilent`: its silence limit has passed. */
export type Loss = { pc: string; from: number; at: number; isSilent: boolean };

/** The state of one site. Expected PCs are those that were online and sent no bye, and the PCs in `cut`. */
export type SiteAvailability = {
  site: string;
  /** The scopes above the site: line, provider, state, nation. */
  regions: readonly string[];
  /** Number of expected PCs. `watched` also counts PCs that are silent since a receive gap of the server; `expected` does not. */
  expected: number;
  watched: number;
  lost: Loss[];
  /** PCs that shut down in order because of a power cut. */
  cut?: string[];
  /** Number of watched PCs that are lost, or have sent nothing since the last SUBACK of the server. */
  away: number;
  /** Number of PCs that report battery power, or went offline on battery. */
  onBattery: number;
  /** Since when the first PC runs on battery; absent if none does. */
  batterySince?: number;
  /** The last-seen times of those PCs of the site that are online. */
  heard: number[];
};

/**
 * A site that lost its PCs together, or (`isPower`) lost mains power and is still online. `from`, `at`: as in `Loss`, for the first lost
 * PC. `pcs`: number of lost PCs. `isSilent`: the loss is certain.
 */
export type LostSite = { sight: SiteAvailability; at: number; from: number; isSilent: boolean; pcs: number; isPower?: true };

/** Returns the losses within `withinMs` of the newest one. `there`: how many PCs were online before these losses. */
function recentLosses({ lost, expected }: SiteAvailability, { withinMs }: CorrelationNumbers): { losses: readonly Loss[]; there: number } {
  const newest = Math.max(...lost.map(({ at }) => at));
  const losses = lost.filter(({ at }) => at >= newest - withinMs);
  return { losses, there: expected - (lost.length - losses.length) };
}

/**
 * Returns the loss of the site if enough of its PCs were lost together. Undefined if too few were, or if that was longer than `longAgoMs`
 * ago.
 */
function wholeLossOf(sight: SiteAvailability, numbers: CorrelationNumbers, now: number): LostSite | undefined {
  if (sight.lost.length === 0) return undefined;
  const { losses, there } = recentLosses(sight, numbers);
  const at = Math.min(...losses.map((one) => one.at));
  if (losses.length < numbers.siteShare * there || now - at > numbers.longAgoMs) return undefined;
  const from = Math.min(...losses.map((one) => one.from));
  return { sight, at, from, isSilent: losses.some(({ isSilent }) => isSilent), pcs: losses.length };
}

/**
 * Returns the loss of the site, or the fact that it runs on battery. Undefined if neither holds, or if it began longer than `longAgoMs`
 * ago.
 */
export function lossOfSite(sight: SiteAvailability, numbers: CorrelationNumbers, now: number): LostSite | undefined {
  const down = wholeLossOf(sight, numbers, now);
  const { batterySince: since, onBattery: pcs } = sight;
  if (since === undefined || now - since > numbers.longAgoMs || !isStillOnBattery(sight, numbers)) return down;
  if (down !== undefined) return { ...down, at: Math.min(down.at, since), from: Math.min(down.from, since) };
  return { sight, at: since, from: since, isSilent: now - since >= numbers.powerWaitMs, pcs, isPower: true };
}

/**
 * True if the loss of a site is certain: enough PCs are silent, or were last seen before a silent PC was lost. A lost PC that was seen
 * later does not count: it has a separate problem, which R18 (silence) judges.
 */
export function isCertainlyLost(sight: SiteAvailability, numbers: CorrelationNumbers): boolean {
  const { losses, there } = recentLosses(sight, numbers);
  const goneBy = Math.max(...losses.filter(({ isSilent }) => isSilent).map(({ at }) => at));
  const sure = losses.filter(({ from, isSilent }) => isSilent || from <= goneBy);
  return sure.length >= Math.max(numbers.sitePcs, numbers.siteShare * there);
}

/** True while enough PCs of a site are offline to count as a site outage. */
export function isStillLost({ away, watched }: SiteAvailability, { siteShare }: CorrelationNumbers): boolean {
  return watched > 0 && away >= siteShare * watched;
}

/** True if the site has a power fault. Enough PCs run on battery or went offline on it, and these are at least half of the lost PCs. */
export function isOnBattery(sight: SiteAvailability, numbers: CorrelationNumbers): boolean {
  return sight.onBattery >= numbers.sitePcs && isStillOnBattery(sight, numbers);
}

/**
 * True while the power fault lasts: at least `siteShare` of the expected PCs run on battery or went offline on it. One PC is enough if it
 * is that share.
 */
export function isStillOnBattery({ onBattery, away, expected }: SiteAvailability, { siteShare }: CorrelationNumbers): boolean {
  return onBattery > 0 && onBattery >= siteShare * expected && onBattery * 2 >= away;
}

/** True if the loss of a PC at the time `at` may become a loss of its site: the other PCs were not seen since. */
export function mayBecomeWholeLoss(
  { lost, heard, expected }: SiteAvailability,
  at: number,
  { siteShare, sitePcs }: CorrelationNumbers,
): boolean {
  const unsure = heard.filter((heardAt) => heardAt < at).length;
  return unsure > 0 && expected >= sitePcs && lost.length + unsure >= siteShare * expected;
}
