/** What the absence of many sites at once says of a state or a provider; pure. */
import type { PcRecord } from '../records/incidents.ts';
import { type Away, hasAbsence, isAway, wentTogether } from './outages.ts';
import { batterySince } from './pc.ts';

/** So many sites that go at one moment are no chance. */
const leastSites = 3;
const leastShare = 0.3;
const lastHourMs = 3_600_000;

/** The sites of a state, a provider or the nation at one moment: those of which every PC is away, how many were there in the last hour, and who is. */
export type Region = { down: Away[][]; there: number; online: PcRecord[]; groups: Map<string, Away[][]> };

/** Who went this close together is asked for once, however many went. */
const groupMs = 10_000;

/** `sites`: of each the PCs that are expected to be there. */
export function regionOf(sites: Iterable<readonly PcRecord[]>, now: number): Region {
  const region: Region = { down: [], there: 0, online: [], groups: new Map() };
  for (const pcs of sites) {
    if (pcs.some((pc) => pc.presence === 'online' || now - (pc.absence?.goneBy ?? 0) < lastHourMs)) region.there += 1;
    region.online.push(...pcs.filter((pc) => pc.presence === 'online' && !isAway(pc)));
    if (pcs.length > 0 && pcs.every(isAway)) region.down.push([...pcs]);
  }
  return region;
}

/** It was heard since this one was gone, and had not gone with it: what it hangs on stood. */
export function stoodSince(other: PcRecord, one: Away): boolean {
  return (other.heardAt ?? 0) > one.absence.goneBy && !(hasAbsence(other) && wentTogether(other, one));
}

/**
 * The sites that went with this one, where so many did that it is no chance: at least three, and three in ten of those that were there in the
 * last hour. None where a third of them spoke of a battery: that is the power of the region, and no line.
 */
export function wentWith(one: Away, region: Region): Away[][] {
  const least = Math.max(leastSites, leastShare * region.there);
  if (region.down.length < least) return [];
  const key = `${one.link} ${Math.floor(one.absence.goneBy / groupMs)}`;
  return region.groups.getOrInsertComputed(key, () => {
    const together = region.down.filter((site) => site.some((pc) => wentTogether(pc, one)));
    const onBattery = together.filter((site) => site.some((pc) => batterySince(pc) !== null));
    return together.length >= least && onBattery.length * 3 < together.length ? together : [];
  });
}
