/**
 * Why a PC is away, judged from what the centre has seen; pure. The first row that fits decides: its own words, then its site, then its state
 * or provider. The confidences are judgements, not measured.
 */
import { links, type Outage } from '#contracts';
import type { Absence, PcRecord } from '../records/incidents.ts';
import { isBattery, returns } from './pc.ts';

/** A battery that lasts longer than this is no reason to be away; a UPS that does not say how long it lasts has a few minutes. */
const batteryLimitMs = 4 * 3_600_000;
const gaspLimitMs = 5 * 60_000;
/** The estimate of a battery is out by this much. */
const batterySlackMs = 120_000;
/** A PC says this late that it runs on battery. */
export const toldLateMs = 60_000;

/** A PC with the time in which it is, or was, away. */
export type Away = PcRecord & { absence: Absence };

/** What of the neighbours is known when a cause is sought. */
export type Around = {
  /** The other PCs of its site. */
  neighbours: readonly PcRecord[];
  /** Many sites of its state or its provider went at the same time. */
  isUpstream(): boolean;
  now: number;
};

/** The cause of what nothing explains. */
export const undetermined: Outage = { cause: 'undetermined', confidence: 0.5 };

/**
 * The verdict while it is away.
 * Guarantee: `power-cut` needs a battery's word, of this PC or of its site; `link-down` is never said before the return, since nobody can know.
 */
export function whyAway(one: Away, { neighbours, isUpstream, now }: Around): Outage {
  const isExpected = one.presence === 'silent' && returns(one) !== null;
  if (one.bye && !isExpected) return { cause: 'intended', confidence: 0.99 };
  if (batterySince(one) !== null) return { cause: 'power-cut', confidence: 0.95 };
  if (neighbours.some((other) => losesPower(other, one, now))) return { cause: 'power-cut', confidence: 0.9 };
  if (neighbours.some((other) => stayed(other, one))) return { cause: 'pc-off', confidence: 0.8 };
  if (neighbours.some((other) => cameBack(other, one))) return { cause: 'power-cut', confidence: 0.7 };
  return isUpstream() ? { cause: 'upstream', confidence: 0.9 } : undetermined;
}

/** How far apart two PCs that went for one reason may be noticed: W = 1.5 keepalives and a minute. */
export function windowMs({ link }: PcRecord): number {
  return 1.5 * links[link].keepaliveMs + 60_000;
}

/** True where both went at the same time, as far as it can be told. */
function wentTogether(a: Away, b: Away): boolean {
  return Math.abs(a.absence.goneBy - b.absence.goneBy) <= Math.max(windowMs(a), windowMs(b));
}

/** True where something is held of its last absence, whether or not that goes on. */
export function hasAbsence(record: PcRecord): record is Away {
  return record.absence !== undefined && record.absence !== null;
}

/** True while it is away. */
export function isAway(record: PcRecord): record is Away {
  return hasAbsence(record) && record.absence.to === null;
}

/** Since when it ran on battery at its last word; null where it did not say so, or longer ago than a battery lasts. */
export function batterySince(record: PcRecord, lastWordAt = record.absence?.from ?? record.heardAt ?? 0): number | null {
  const { gasp, checks } = record;
  const since = Math.min(...checks.filter(isBattery).map((check) => check.since));
  if (gasp && lastWordAt <= gasp.at + (gasp.runtimeMs ?? gaspLimitMs) + batterySlackMs) return Math.min(since, gasp.at);
  return Number.isFinite(since) && lastWordAt - since <= batteryLimitMs ? since : null;
}

/** Another PC of the site says that the power went when this one did: it runs on its battery now, or went with it. */
function losesPower(other: PcRecord, one: Away, now: number): boolean {
  if (isAway(other)) return other.presence !== 'stopped' && batterySince(other) !== null && wentTogether(other, one);
  const since = other.presence === 'online' ? batterySince(other, now) : null;
  return since !== null && since >= one.absence.from && since <= one.absence.goneBy + toldLateMs;
}

/** Another PC of the site was heard after this one was gone, and had not been away itself: site and line stand. */
function stayed(other: PcRecord, one: Away): boolean {
  const isThere = other.presence === 'online' && !isAway(other) && (other.heardAt ?? 0) > one.absence.goneBy;
  return isThere && !(hasAbsence(other) && wentTogether(other, one));
}

/** Another PC of the site went with this one, is back, and found that the power had been cut. */
function cameBack(other: PcRecord, one: Away): boolean {
  return hasAbsence(other) && other.absence.to !== null && other.absence.cause === 'power-cut' && wentTogether(other, one);
}

const leastSites = 3;
const leastShare = 0.3;
const lastHourMs = 3_600_000;

/** The sites of a state or a provider: those of which every PC is away, and how many were there in the last hour. */
export type Region = { down: Away[][]; there: number };

/** `sites`: of each the PCs that are expected to be there. */
export function regionOf(sites: Iterable<readonly PcRecord[]>, now: number): Region {
  const region: Region = { down: [], there: 0 };
  for (const pcs of sites) {
    if (pcs.some((pc) => pc.presence === 'online' || now - (pc.absence?.goneBy ?? 0) < lastHourMs)) region.there += 1;
    if (pcs.length > 0 && pcs.every(isAway)) region.down.push([...pcs]);
  }
  return region;
}

/**
 * True where so many sites went with this one that it is no chance: at least three, and three in ten of those that were there in the last
 * hour. Where a third of them spoke of a battery it is the power of the region, which is no line.
 */
export function isWidespread(one: Away, { down, there }: Region): boolean {
  const least = Math.max(leastSites, leastShare * there);
  if (down.length < least) return false;
  const together = down.filter((site) => site.some((pc) => wentTogether(pc, one)));
  const onBattery = together.filter((site) => site.some((pc) => batterySince(pc) !== null));
  return together.length >= least && onBattery.length * 3 < together.length;
}
