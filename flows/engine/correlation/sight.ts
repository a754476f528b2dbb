/** What is seen of one site at one moment, and what that says of it; pure. */
import type { Numbers } from './numbers.ts';

/** A PC that is lost, as far as can be known: its last word, by when it was away, and whether it is called silent yet. */
export type Loss = { pc: string; from: number; at: number; isSilent: boolean };

/** One site. Expected is who was there and said no goodbye, but for those in `cut`. */
export type SiteSight = {
  site: string;
  /** The scopes above it: line, provider, state, nation. */
  regions: readonly string[];
  /** How many PCs are expected, leaving out those of which a gap of ours says nothing; and how many with those. */
  expected: number;
  watched: number;
  lost: Loss[];
  /** Those that its power cut switched off in order. */
  cut?: string[];
  /** Of those that are watched, how many did not show since our last SUBACK that they are there. */
  away: number;
  /** How many say that they run on battery, or went with it. */
  onBattery: number;
  /** Since when the first of those does; absent where none does. */
  batterySince?: number;
  /** When each of the others was last heard. */
  heard: number[];
};

/** A site whose PCs went together, or that lost its mains (`isPower`) and still answers. `isSilent`: known for certain. */
export type Down = { sight: SiteSight; at: number; from: number; isSilent: boolean; pcs: number; isPower?: true };

/** The losses of a site that belong to its last one, and how many PCs were there until then. */
function lately({ lost, expected }: SiteSight, { withinMs }: Numbers): { losses: readonly Loss[]; there: number } {
  const newest = Math.max(...lost.map(({ at }) => at));
  const losses = lost.filter(({ at }) => at >= newest - withinMs);
  return { losses, there: expected - (lost.length - losses.length) };
}

/** The site as one that went as a whole; undefined where it did not, or long ago. */
function downOf(sight: SiteSight, numbers: Numbers, now: number): Down | undefined {
  if (sight.lost.length === 0) return undefined;
  const { losses, there } = lately(sight, numbers);
  const at = Math.min(...losses.map((one) => one.at));
  if (losses.length < numbers.siteShare * there || now - at > numbers.longAgoMs) return undefined;
  const from = Math.min(...losses.map((one) => one.from));
  return { sight, at, from, isSilent: losses.some(({ isSilent }) => isSilent), pcs: losses.length };
}

/** The site as one that went dark, or that lost its mains; undefined where it did neither, or long ago. */
export function hitOf(sight: SiteSight, numbers: Numbers, now: number): Down | undefined {
  const down = downOf(sight, numbers, now);
  const { batterySince: since, onBattery: pcs } = sight;
  if (since === undefined || now - since > numbers.longAgoMs || !isStillOnBattery(sight, numbers)) return down;
  if (down !== undefined) return { ...down, at: Math.min(down.at, since), from: Math.min(down.from, since) };
  return { sight, at: since, from: since, isSilent: now - since >= numbers.powerWaitMs, pcs, isPower: true };
}

/**
 * True where a site is dark for certain: as many as make it one are silent, or were not heard since one of those was gone. Whoever was heard
 * after that has a trouble of its own, and the grace of its own will (R18).
 */
export function isSurelyDown(sight: SiteSight, numbers: Numbers): boolean {
  const { losses, there } = lately(sight, numbers);
  const goneBy = Math.max(...losses.filter(({ isSilent }) => isSilent).map(({ at }) => at));
  const sure = losses.filter(({ from, isSilent }) => isSilent || from <= goneBy);
  return sure.length >= Math.max(numbers.sitePcs, numbers.siteShare * there);
}

/** True while so many of a site's PCs are away that it is still the site. */
export function isStillDown({ away, watched }: SiteSight, { siteShare }: Numbers): boolean {
  return watched > 0 && away >= siteShare * watched;
}

/** True where the power of the site is what ails it: as many as make a site run on battery, or went with it, and most of them say so. */
export function isOnBattery(sight: SiteSight, numbers: Numbers): boolean {
  return sight.onBattery >= numbers.sitePcs && isStillOnBattery(sight, numbers);
}

/** True while that is still so, of however few that are left. */
export function isStillOnBattery({ onBattery, away, expected }: SiteSight, { siteShare }: Numbers): boolean {
  return onBattery > 0 && onBattery >= siteShare * expected && onBattery * 2 >= away;
}

/** True where a loss at this time may be that of the whole site, and nobody can know yet: others were not heard since. */
export function mayBeWhole({ lost, heard, expected }: SiteSight, at: number, { siteShare, sitePcs }: Numbers): boolean {
  const unsure = heard.filter((heardAt) => heardAt < at).length;
  return unsure > 0 && expected >= sitePcs && lost.length + unsure >= siteShare * expected;
}
