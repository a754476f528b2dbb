/** Finds the line, provider, state or nation that is the common cause of lost sites. Pure functions. */
import { causeKindOf, causeScope, stateOf } from '@sabha/contracts';
import type { CorrelationNumbers } from './numbers.ts';
import type { LostSite, SiteAvailability } from './sight.ts';

/** An outage of a region: its lost sites (`downs`), and how many sites of the region have an expected PC (`of`). */
export type RegionOutage = { scope: string; downs: readonly LostSite[]; of: number };

/** All sites (`sites`), the lost ones (`downs`), and the sites that already belong to a current cause (`explained`). */
export type CorrelationInput = {
  sites: readonly SiteAvailability[];
  downs: readonly LostSite[];
  explained?: ReadonlySet<string>;
  numbers: CorrelationNumbers;
};

/** Kinds of region from narrow to wide. If two regions fit equally well, the narrower is chosen. */
const scopeKindsByWidth = ['link', 'provider', 'state', 'nation'];
/**
 * Only regions with at least this share of the highest number of lost sites are candidates. The candidate with the highest share of lost
 * sites is chosen.
 */
const betterShare = 0.8;

/**
 * Returns how many sites of a region must be lost for an outage of the region. `of`: sites of the region. `gone`: those that an earlier
 * outage explains. In a region of two sites, both must be lost.
 */
function leastLostSites(of: number, gone: number, { regionSites, regionShare }: CorrelationNumbers): number {
  return Math.max(Math.min(regionSites, of), regionShare * (of - gone));
}

/**
 * Returns the outages of regions that explain the lost sites. The best region comes first, then the best one for the remaining sites.
 * Guarantee: each site belongs to at most one outage. If two regions fit equally well, the narrower is chosen. A line or provider with many
 * sites on battery is never chosen.
 */
export function explainingRegions({ sites, downs, explained, numbers }: CorrelationInput): RegionOutage[] {
  const sizes = sizesOf({ sites, explained });
  const found: RegionOutage[] = [];
  for (let left = [...downs]; left.length >= 2; ) {
    const best = bestRegion(left, { sizes, numbers, isSlow: false }) ?? bestRegion(left, { sizes, numbers, isSlow: true });
    if (best === undefined) break;
    found.push(best);
    const taken = new Set(best.downs);
    left = left.filter((one) => !taken.has(one));
  }
  return found;
}

type RegionSize = { of: number; gone: number };

function sizesOf({
  sites,
  explained,
}: Pick<CorrelationInput, 'sites'> & { explained: CorrelationInput['explained'] | undefined }): Map<string, RegionSize> {
  const sizes = new Map<string, RegionSize>();
  for (const { site, regions } of sites.filter(({ expected }) => expected > 0)) {
    for (const scope of regions) {
      const { of, gone } = sizes.get(scope) ?? { of: 0, gone: 0 };
      sizes.set(scope, { of: of + 1, gone: gone + Number(explained?.has(site) === true) });
    }
  }
  return sizes;
}

type RegionSearch = { sizes: ReadonlyMap<string, RegionSize>; numbers: CorrelationNumbers; isSlow: boolean };

function bestRegion(downs: readonly LostSite[], { sizes, numbers, isSlow }: RegionSearch): RegionOutage | undefined {
  const byScope = groupByRegion(downs, ({ sight }) => sight.regions);
  const all = [...byScope].flatMap(
    ([scope, list]) => outageOfRegion(scope, list, { of: 0, gone: 0, ...sizes.get(scope), numbers, isSlow }) ?? [],
  );
  const most = Math.max(...all.map((one) => one.downs.length));
  const share = ({ downs: list, of }: RegionOutage) => list.length / of;
  const wide = ({ scope }: RegionOutage) => scopeKindsByWidth.indexOf(causeKindOf(scope) ?? '');
  return all.filter((one) => one.downs.length >= betterShare * most).sort((a, b) => share(b) - share(a) || wide(a) - wide(b))[0];
}

/**
 * Returns the outage of a region if enough of its sites were lost within `withinMs`, or with `isSlow` one after another. Otherwise returns
 * undefined. The nation has no slow outage.
 */
function outageOfRegion(
  scope: string,
  list: readonly LostSite[],
  { of, gone, numbers, isSlow }: RegionSize & Omit<RegionSearch, 'sizes'>,
): RegionOutage | undefined {
  const isNation = causeKindOf(scope) === 'nation';
  if (of < 2 || isRegionalPowerCut(scope, list) || (isSlow && isNation)) return undefined;
  const sorted = list.filter((one) => mayBelongToKind(causeKindOf(scope), one)).toSorted((a, b) => a.at - b.at);
  const least = leastLostSites(of, gone, numbers);
  // The latest loss that makes enough losses within `withinMs`.
  const last = sorted.findLast(
    ({ at }, index) => at - (sorted[index - Math.ceil(least) + 1]?.at ?? Number.NEGATIVE_INFINITY) <= numbers.withinMs,
  );
  const atOnce = last && sorted.filter(({ at }) => at >= last.at - numbers.withinMs);
  const row = isSlow ? slowRows(sorted, numbers).findLast((one) => one.length >= leastSlowSites(of - gone, numbers)) : undefined;
  const together = atOnce ?? row ?? [];
  const isFound =
    together.some(({ isSilent }) => isSilent) && (!isNation || new Set(together.map(({ sight }) => stateOf(sight.site))).size > 1);
  return isFound ? { scope, downs: together, of } : undefined;
}

/** True if a loss may belong to this kind of cause. A site on battery belongs only to a state or the nation: its line still works. */
export function mayBelongToKind(kind: string | undefined, { isPower }: LostSite): boolean {
  return isPower !== true || kind === 'state' || kind === 'nation';
}

/**
 * Returns the least number of sites in a slow outage, in which each loss follows the one before within `rowWaitMs`. With two separate
 * outages per site and month, four of 50 sites coincide like this once in some hundred years.
 */
function leastSlowSites(of: number, { regionSites, regionShare }: CorrelationNumbers): number {
  return Math.max(regionSites + 1, (regionShare / 4) * of);
}

/** Splits losses into rows, earliest first. In a row each loss follows the one before within `rowWaitMs`. */
function slowRows(sorted: readonly LostSite[], { rowWaitMs }: CorrelationNumbers): LostSite[][] {
  const rows: LostSite[][] = [];
  for (const one of sorted) {
    const row = rows.at(-1);
    if (row !== undefined && one.at - (row.at(-1)?.at ?? 0) <= rowWaitMs) row.push(one);
    else rows.push([one]);
  }
  return rows;
}

/** Returns the lost sites that may still become part of a slow outage: a further loss may follow within `rowWaitMs`. */
export function sitesInGrowingRows({ sites, downs, explained, numbers }: CorrelationInput, now: number): SiteAvailability[] {
  const open = downs.filter(({ sight }) => !explained?.has(sight.site));
  if (open.length < 2) return [];
  const sizes = sizesOf({ sites, explained });
  return [...groupByRegion(open, ({ sight }) => sight.regions)].flatMap(([scope, list]) => {
    if (causeKindOf(scope) === 'nation') return [];
    const { of, gone } = { of: 0, gone: 0, ...sizes.get(scope) };
    const mayGrow = (row: readonly LostSite[]) => row.length >= Math.max(2, leastSlowSites(of - gone, numbers) / 4);
    const rows = slowRows(list, numbers).filter((row) => mayGrow(row) && now - (row.at(-1)?.at ?? 0) <= numbers.rowWaitMs);
    // A site that only runs on battery may go offline while the outage grows. So `rowWaitMs` counts from the last loss of one of its PCs.
    const lastOf = ({ at, sight }: LostSite) => Math.max(at, ...sight.lost.map((one) => one.at));
    return rows.flat().flatMap((one) => (now - lastOf(one) < numbers.rowWaitMs ? [one.sight] : []));
  });
}

/** True for a line or provider if a third of its lost sites reported battery power. Then the power of the region failed, not the line. */
function isRegionalPowerCut(scope: string, list: readonly LostSite[]): boolean {
  const kind = causeKindOf(scope);
  return (kind === 'link' || kind === 'provider') && list.filter(({ sight }) => sight.onBattery > 0).length * 3 >= list.length;
}

/** Finds an outage of the server: half of all PCs, in enough sites, lost within a minute. Otherwise undefined. */
export function serverOutageOf({ sites, downs, numbers }: CorrelationInput): RegionOutage | undefined {
  const expected = sites.reduce((sum, one) => sum + one.expected, 0);
  const hit = sites.filter(({ lost }) => lost.length > 0);
  const losses = hit.flatMap(({ lost }) => lost).toSorted((a, b) => a.at - b.at);
  const least = Math.max(1, Math.ceil(numbers.planeShare * expected));
  if (hit.length < numbers.planeSites || losses.length < least || !losses.some(({ isSilent }) => isSilent)) return undefined;
  const isDense = losses.some(({ at }, index) => at - (losses[index - least + 1]?.at ?? Number.NEGATIVE_INFINITY) <= numbers.planeMs);
  return isDense ? { scope: causeScope('plane', ''), downs, of: sites.filter((one) => one.expected > 0).length } : undefined;
}

/** Returns a function that is true if a lost site may belong to a region outage that is not certain yet. Results are cached per region. */
export function createRegionCheck({ sites, downs, explained, numbers }: CorrelationInput): (site: SiteAvailability, at: number) => boolean {
  const bySite = groupByRegion(sites, ({ expected, regions: above }) => (expected > 0 ? above : []));
  const byDown = groupByRegion(downs, ({ sight }) => sight.regions);
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
      return of >= 2 && together >= 2 && unsure > 0 && together + unsure >= leastLostSites(of, before, numbers);
    });
}

export function groupByRegion<One>(all: readonly One[], regionsIn: (one: One) => readonly string[]): Map<string, One[]> {
  const lists = new Map<string, One[]>();
  for (const one of all) for (const region of regionsIn(one)) lists.getOrInsertComputed(region, () => []).push(one);
  return lists;
}
