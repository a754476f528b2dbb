/** Which line, provider, state or nation explains the sites that went; pure. */
import { causeKindOf, causeScope, stateOf } from '@sabha/contracts';
import type { Numbers } from './numbers.ts';
import type { Down, SiteSight } from './sight.ts';

/** A region and the sites that it explains, `of` how many it has with a PC that is expected. */
export type Found = { scope: string; downs: readonly Down[]; of: number };

/** Everything that is looked at: all sites, of them those that went, and those that a cause which stands explains. */
export type Field = { sites: readonly SiteSight[]; downs: readonly Down[]; explained?: ReadonlySet<string>; numbers: Numbers };

/** How wide a scope is, where two explain the same. */
const width = ['link', 'provider', 'state', 'nation'];
/** One that explains nearly as many, and has fewer that stand, is the better one. */
const nearly = 0.8;

/** At least so many sites of a region with so many make it one, where `gone` were away before: all of them where it has two. */
function leastOf(of: number, gone: number, { regionSites, regionShare }: Numbers): number {
  return Math.max(Math.min(regionSites, of), regionShare * (of - gone));
}

/**
 * The regions that explain the sites that went, each site once.
 * Guarantee: as few as can be; of two that explain the same the narrower, and of a power cut no line.
 */
export function regionsOf({ sites, downs, explained, numbers }: Field): Found[] {
  const sizes = sizesOf({ sites, explained });
  const found: Found[] = [];
  for (let left = [...downs]; left.length >= 2; ) {
    const best = bestOf(left, { sizes, numbers, isSlow: false }) ?? bestOf(left, { sizes, numbers, isSlow: true });
    if (best === undefined) break;
    found.push(best);
    const taken = new Set(best.downs);
    left = left.filter((one) => !taken.has(one));
  }
  return found;
}

/** How many sites a region has, and how many of them were away before. */
type Size = { of: number; gone: number };

function sizesOf({ sites, explained }: Pick<Field, 'sites'> & { explained: Field['explained'] | undefined }): Map<string, Size> {
  const sizes = new Map<string, Size>();
  for (const { site, regions } of sites.filter(({ expected }) => expected > 0)) {
    for (const scope of regions) {
      const { of, gone } = sizes.get(scope) ?? { of: 0, gone: 0 };
      sizes.set(scope, { of: of + 1, gone: gone + Number(explained?.has(site) === true) });
    }
  }
  return sizes;
}

type Search = { sizes: ReadonlyMap<string, Size>; numbers: Numbers; isSlow: boolean };

function bestOf(downs: readonly Down[], { sizes, numbers, isSlow }: Search): Found | undefined {
  const byScope = byRegion(downs, ({ sight }) => sight.regions);
  const all = [...byScope].flatMap(([scope, list]) => foundIn(scope, list, { of: 0, gone: 0, ...sizes.get(scope), numbers, isSlow }) ?? []);
  const most = Math.max(...all.map((one) => one.downs.length));
  const share = ({ downs: list, of }: Found) => list.length / of;
  const wide = ({ scope }: Found) => width.indexOf(causeKindOf(scope) ?? '');
  return all.filter((one) => one.downs.length >= nearly * most).sort((a, b) => share(b) - share(a) || wide(a) - wide(b))[0];
}

/** The sites of a region that went in one time, or (`isSlow`) one soon after the other, where they are enough. A nation has no slow outage, its states have. */
function foundIn(scope: string, list: readonly Down[], { of, gone, numbers, isSlow }: Size & Omit<Search, 'sizes'>): Found | undefined {
  const isNation = causeKindOf(scope) === 'nation';
  if (of < 2 || isOfPower(scope, list) || (isSlow && isNation)) return undefined;
  const sorted = list.filter((one) => isOfRegion(causeKindOf(scope), one)).toSorted((a, b) => a.at - b.at);
  const least = leastOf(of, gone, numbers);
  // The latest of those that end a row of enough.
  const last = sorted.findLast(
    ({ at }, index) => at - (sorted[index - Math.ceil(least) + 1]?.at ?? Number.NEGATIVE_INFINITY) <= numbers.withinMs,
  );
  const atOnce = last && sorted.filter(({ at }) => at >= last.at - numbers.withinMs);
  const row = isSlow ? rowsIn(sorted, numbers).findLast((one) => one.length >= leastInRow(of - gone, numbers)) : undefined;
  const together = atOnce ?? row ?? [];
  const isFound =
    together.some(({ isSilent }) => isSilent) && (!isNation || new Set(together.map(({ sight }) => stateOf(sight.site))).size > 1);
  return isFound ? { scope, downs: together, of } : undefined;
}

/** True where a hit may be of a cause of this kind: a site on battery still has its line. */
export function isOfRegion(kind: string | undefined, { isPower }: Down): boolean {
  return isPower !== true || kind === 'state' || kind === 'nation';
}

/**
 * So many sites of a region, each lost within `rowWaitMs` after the one before, are a slow outage. At two lone outages a site and month, four of a
 * state of 50 follow each other so closely once in some hundred years.
 */
function leastInRow(of: number, { regionSites, regionShare }: Numbers): number {
  return Math.max(regionSites + 1, (regionShare / 4) * of);
}

/** Sites in rows, the earliest first: in a row each went soon after the one before. */
function rowsIn(sorted: readonly Down[], { rowWaitMs }: Numbers): Down[][] {
  const rows: Down[][] = [];
  for (const one of sorted) {
    const row = rows.at(-1);
    if (row !== undefined && one.at - (row.at(-1)?.at ?? 0) <= rowWaitMs) row.push(one);
    else rows.push([one]);
  }
  return rows;
}

/** The sites that wait: the row in which they went still grows, and may become a cause. */
export function growingIn({ sites, downs, explained, numbers }: Field, now: number): SiteSight[] {
  const open = downs.filter(({ sight }) => !explained?.has(sight.site));
  if (open.length < 2) return [];
  const sizes = sizesOf({ sites, explained });
  return [...byRegion(open, ({ sight }) => sight.regions)].flatMap(([scope, list]) => {
    if (causeKindOf(scope) === 'nation') return [];
    const { of, gone } = { of: 0, gone: 0, ...sizes.get(scope) };
    const mayGrow = (row: readonly Down[]) => row.length >= Math.max(2, leastInRow(of - gone, numbers) / 4);
    const rows = rowsIn(list, numbers).filter((row) => mayGrow(row) && now - (row.at(-1)?.at ?? 0) <= numbers.rowWaitMs);
    // A site that was alone on battery may go dark while the outage grows: its wait begins at its last loss.
    const lastOf = ({ at, sight }: Down) => Math.max(at, ...sight.lost.map((one) => one.at));
    return rows.flat().flatMap((one) => (now - lastOf(one) < numbers.rowWaitMs ? [one.sight] : []));
  });
}

/** A third of them spoke of a battery: that is the power of a region, and no line. */
function isOfPower(scope: string, list: readonly Down[]): boolean {
  const kind = causeKindOf(scope);
  return (kind === 'link' || kind === 'provider') && list.filter(({ sight }) => sight.onBattery > 0).length * 3 >= list.length;
}

/** Half of all PCs, of enough sites, lost in a minute; undefined where they are not. */
export function planeOf({ sites, downs, numbers }: Field): Found | undefined {
  const expected = sites.reduce((sum, one) => sum + one.expected, 0);
  const hit = sites.filter(({ lost }) => lost.length > 0);
  const losses = hit.flatMap(({ lost }) => lost).toSorted((a, b) => a.at - b.at);
  const least = Math.max(1, Math.ceil(numbers.planeShare * expected));
  if (hit.length < numbers.planeSites || losses.length < least || !losses.some(({ isSilent }) => isSilent)) return undefined;
  const isDense = losses.some(({ at }, index) => at - (losses[index - least + 1]?.at ?? Number.NEGATIVE_INFINITY) <= numbers.planeMs);
  return isDense ? { scope: causeScope('plane', ''), downs, of: sites.filter((one) => one.expected > 0).length } : undefined;
}

/** Tells of a site that went whether more sites of a region than now are known to be gone may have gone with it. A region is looked at once, however many ask. */
export function createMayBeRegion({ sites, downs, explained, numbers }: Field): (site: SiteSight, at: number) => boolean {
  const bySite = byRegion(sites, ({ expected, regions: above }) => (expected > 0 ? above : []));
  const byDown = byRegion(downs, ({ sight }) => sight.regions);
  const regions = new Map<string, { of: number; before: number; gone: number[]; heard: number[] }>();
  const counted = (region: string) =>
    regions.getOrInsertComputed(region, () => {
      const all = bySite.get(region) ?? [];
      return {
        of: all.length,
        before: all.filter(({ site }) => explained?.has(site)).length,
        gone: (byDown.get(region) ?? []).map(({ at }) => at),
        heard: all.flatMap((one) => (one.heard.length > 0 ? [Math.max(...one.heard)] : [])),
      };
    });
  return (site, at) =>
    site.regions.some((region) => {
      const { of, before, gone, heard } = counted(region);
      const together = gone.filter((one) => Math.abs(one - at) <= numbers.withinMs).length;
      const unsure = heard.filter((one) => one < at).length;
      return of >= 2 && together >= 2 && unsure > 0 && together + unsure >= leastOf(of, before, numbers);
    });
}

/** The members of each region. */
export function byRegion<One>(all: readonly One[], regionsIn: (one: One) => readonly string[]): Map<string, One[]> {
  const lists = new Map<string, One[]>();
  for (const one of all) for (const region of regionsIn(one)) lists.getOrInsertComputed(region, () => []).push(one);
  return lists;
}
