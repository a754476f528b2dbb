/**
 * Judges why a PC is offline, from what the server received. Judges the outage again from the first birth after it. Pure functions. The
 * first matching row of the decision table decides: messages of the PC, then of its site, then of its state or provider. The confidences
 * are calibrated by `npm run bench -- verdicts`, with other random seeds than those with which the values here were chosen.
 */
import { type LastBoot, links, type Outage, openThreshold, type PowerCut, sureThreshold } from '@sabha/contracts';
import type { PcEvent, PcOutage, PcRecord } from '../records/incidents.ts';
import { announcedReturn, batteryReportDelayMs, batterySince, hasMainsPower } from './pc.ts';

/** A PC with its current or last outage. */
export type OfflinePc = PcRecord & { absence: PcOutage };

/** Evidence that does not come from the PC itself. */
export type OutageEvidence = {
  neighbours: readonly PcRecord[];
  /** Returns the verdict about the sites of its state or provider that were lost at the same time, or null. */
  upstream(): Outage | null;
  now: number;
};

export const undetermined: Outage = { cause: 'undetermined', confidence: 0.5 };

/** One battery lost mains power. This may be a power cut, a pulled plug, or a laptop taken off its dock. */
const perhapsPower: Outage = { cause: 'power-cut', confidence: 0.55 };

/** A bye or an update, together with some evidence of a power cut: a UPS that shuts the PC down also causes a bye. */
const perhapsIntended: Outage = { cause: 'intended', confidence: openThreshold };

/** A bye without any other evidence. */
const surelyIntended: Outage = { cause: 'intended', confidence: 0.99 };

/** Two PCs of a site lost mains power within one minute. Or PCs lost power together, and two of them saw the mains fail. */
const powerCutOfTwo: Outage = { cause: 'power-cut', confidence: 0.9 };
/** Highest confidence of a power cut if the only evidence is another PC of the site that has returned. */
const mostOfReturned = 0.7;

/** PCs write a time mark to their disk every 30 s. A mark this long after the loss proves that the PC kept running, ms. */
const keptRunningMs = 60_000;
/** Tolerance for the age of a time mark, ms. The clock of the PC wrote the mark, and the server compares it with its own clock. */
const markSlackMs = 90_000;
/** Greatest difference between the last time marks of PCs that lost power together, ms. A mark is written every 30 s, in ticks of 10 s. */
const powerLossWindowMs = 40_000;
/** Largest clock error of a PC at which its times are still compared to the second. */
const trueClockMs = 60_000;
/** An outage shorter than this may be an unannounced restart by the operating system. */
const restartMs = 4 * 60_000;
/** An outage of several PCs that is shorter than this may be a forced restart. */
const forcedMs = 20 * 60_000;
/** If PCs were off longer than this, in ms, they were perhaps switched off for the night at the wall. */
const nightMs = 6 * 3_600_000;
/** PCs lost power together and one of them saw the mains fail. Or three or more PCs of a site were off together for some hours. */
const powerOfSite: Outage = { cause: 'power-cut', confidence: 0.85 };
/** Several PCs of a site ended silently together: a power cut, a restart of all, or a shared wall switch. */
const powerOrRestart: Outage = { cause: 'power-cut', confidence: openThreshold };
/** The PC wrote a bye that the server did not receive: perhaps the line was down before, and a person restarted the PC. */
const missedBye: Outage = { cause: 'intended', confidence: 0.8 };
/** An update ended the boot, or the mains failed during the update. */
const endedByUpdate: Outage = { cause: 'intended', confidence: 0.85 };

/**
 * Returns the verdict while the PC is offline.
 * Guarantee: a `power-cut` is certain only if two PCs of the site report it; `link-down` is never the verdict before the return.
 */
export function judgeOffline(one: OfflinePc, { neighbours, upstream, now }: OutageEvidence): Outage {
  const onBattery = batteriesOf(one, neighbours, now);
  const isOverdue = one.presence === 'silent' && announcedReturn(one) !== null;
  if (one.bye && !isOverdue) return judgeBye(one, onBattery, neighbours);
  if (onBattery > 1) return powerCutOfTwo;
  const isAlone = neighbours.some((other) => stayedOnline(other, one));
  // This PC is on battery, but another PC of the site stayed online: perhaps only this PC was unplugged.
  if (onBattery === 1 && !(isAlone && batterySince(one) !== null)) return perhapsPower;
  if (isAlone) {
    // If other PCs of the site were lost at the same time, a shared part may have failed, such as an access point.
    const wentToo = neighbours.some((other) => hasAbsence(other) && other.absence.cause !== 'intended' && lostTogether(other, one));
    return { cause: 'pc-off', confidence: wentToo ? openThreshold : 0.8 };
  }
  // Another PC of the site was lost at the same time, is online again, and reports a power cut.
  const isBack = (other: OfflinePc) => other.absence.to !== null && other.absence.cause === 'power-cut' && lostTogether(other, one);
  const back = neighbours.filter(hasAbsence).find(isBack)?.absence;
  if (back) return { cause: 'power-cut', confidence: Math.min(mostOfReturned, back.confidence) };
  return upstream() ?? undetermined;
}

/** Returns W, in ms: two losses at most this far apart may have one cause. W is 1.5 keepalives and a minute. */
export function lossWindowMs({ link }: PcRecord): number {
  return 1.5 * links[link].keepaliveMs + 60_000;
}

/** True if both PCs were lost within W of each other. */
function lostTogether(a: OfflinePc, b: OfflinePc): boolean {
  return Math.abs(a.absence.goneBy - b.absence.goneBy) <= Math.max(lossWindowMs(a), lossWindowMs(b));
}

/** True if a PC has a current or a past outage. */
function hasAbsence(record: PcRecord): record is OfflinePc {
  return record.absence !== undefined && record.absence !== null;
}

export function isOffline(record: PcRecord): record is OfflinePc {
  return hasAbsence(record) && record.absence.to === null;
}

/** True while a PC is offline and another PC of its site is online, which shows that the site is reachable. */
export function isBeside(one: PcRecord | undefined, others: readonly PcRecord[]): boolean {
  return one !== undefined && isOffline(one) && others.some((other) => isOnlineSince(other, one));
}

/**
 * Counts the PCs of the site that lost mains power at the same time as this PC, this PC included. If this PC has no battery, the time of
 * its loss is used.
 */
function batteriesOf(one: OfflinePc, neighbours: readonly PcRecord[], now: number): number {
  const own = batterySince(one);
  const { from, goneBy } = one.absence;
  const [first, last] = own === null ? [from, goneBy + batteryReportDelayMs] : [own - batteryReportDelayMs, own + batteryReportDelayMs];
  const others = neighbours.filter((other) => {
    const since = batterySince(other, isOffline(other) ? other.absence.from : now);
    return since !== null && since >= first && since <= last;
  });
  return others.length + Number(own !== null);
}

/** Judges a bye. A UPS can also shut a PC down in order, but such a bye never announces a return. */
function judgeBye(one: OfflinePc, onBattery: number, neighbours: readonly PcRecord[]): Outage {
  if (announcedReturn(one) !== null) return surelyIntended;
  if (onBattery > 1) return powerCutOfTwo;
  return onBattery === 1 || neighbourLostToo(one, neighbours) ? perhapsIntended : surelyIntended;
}

/** True if another PC of the site was lost without a bye at that time, or was not seen since. False if this PC reports mains power. */
function neighbourLostToo(one: OfflinePc, neighbours: readonly PcRecord[]): boolean {
  if (hasMainsPower(one)) return false;
  return neighbours.some((other) => {
    if (isOffline(other)) return other.presence !== 'stopped' && lostTogether(other, one);
    return other.presence === 'online' && other.heardAt !== null && other.heardAt <= one.absence.goneBy;
  });
}

/** True if another PC was seen after the loss of this one and is online, whether or not it was offline in between. */
function isOnlineSince(other: PcRecord, one: OfflinePc): boolean {
  return other.presence === 'online' && !isOffline(other) && (other.heardAt ?? 0) > one.absence.goneBy;
}

/** True if another PC was seen after the loss and was not offline itself, so site and line work. */
function stayedOnline(other: PcRecord, one: OfflinePc): boolean {
  // An outage between counts too. Only the last outage is stored, and on an unsteady line the other PC may have been offline more than
  // once.
  const wasAway = hasAbsence(other) && (lostTogether(other, one) || (other.absence.to ?? 0) > one.absence.from);
  return isOnlineSince(other, one) && !wasAway;
}

/** The verdict about an outage after the return of the PC. */
export type ReturnVerdict = Outage & Pick<PcOutage, 'from' | 'aliveAt' | 'mainsGoneAt'>;
export type Return = { neighbours: readonly PcRecord[]; now: number };

/**
 * Returns the verdict about an outage from the birth after it. `one`: the record before the birth. Guarantee: `link-down` is certain only
 * if the agent ran through the whole outage.
 */
export function judgeReturn(one: OfflinePc, said: Extract<PcEvent, { type: 'birth' }>, { neighbours, now }: Return): ReturnVerdict {
  const { absence } = one;
  const { from, cause, confidence } = absence;
  const offsetMs = (said.at ?? now) - now;
  if (one.bye) return { ...(announcedReturn(one) === null ? { cause, confidence } : surelyIntended), from, aliveAt: null };
  if (said.boot === one.boot) {
    const mainsGoneAt = mainsAtLoss(one, said.gone, offsetMs);
    const why = judgeSameBoot(one, said.apartMs, { mainsGoneAt, neighbours, now });
    return { ...why, from, aliveAt: null, ...(said.apartMs !== null && withMainsTime(mainsGoneAt)) };
  }
  const aliveAt = lastMarkAt(absence, said.previous, { offsetMs, now });
  const found = said.previous?.boot === one.boot || aliveAt !== null ? said.previous : undefined;
  if (found === undefined) return { ...keepVerdict(one), from, aliveAt };
  if (keptRunning(absence, found.aliveAt, { offsetMs, now })) {
    const mainsGoneAt = mainsAtLoss(one, found.gone, offsetMs);
    return { ...judgeKeptRunning(one, mainsGoneAt, neighbours), from, aliveAt, ...withMainsTime(mainsGoneAt) };
  }
  const mainsGoneAt = mainsAtEnd(one, found, (aliveAt ?? found.aliveAt) - found.aliveAt);
  const why = judgeNewBoot(one, found, { mainsGoneAt, awayMs: now - (aliveAt ?? from) });
  // Another boot ran without a connection in between, so the end of that boot does not explain the start of this outage.
  const most = found.boot === one.boot ? 1 : openThreshold;
  return {
    ...why,
    confidence: Math.min(why.confidence, most),
    from: aliveAt ?? from,
    aliveAt,
    ...(aliveAt !== null && withMainsTime(mainsGoneAt)),
  };
}

/** Returns the verdict if the same session continues: only the connection was interrupted. */
export function judgeLineOutage(one: OfflinePc, neighbours: readonly PcRecord[]): Outage {
  return judgeKeptRunning(one, batterySince(one), neighbours);
}

/** The PCs that were lost for one reason, and the verdict for all of them. */
export type Joint = { why: Outage; together: readonly OfflinePc[] };

/**
 * Returns the PCs of a site or a state that lost power together with `one`, and the verdict. Null if they are fewer than half of the PCs
 * that were online before. If no PC saw the mains fail, a restart of all PCs or a wall switch is also possible.
 */
export function lostPowerTogether(one: OfflinePc, all: readonly PcRecord[]): Joint | null {
  const own = powerLostAt(one);
  if (own === null) return null;
  const together = all.filter(hasAbsence).filter((other) => {
    const lost = powerLostAt(other);
    return lost !== null && Math.abs(lost.at - own.at) <= powerLossWindowMs + (lost.isSeen || own.isSeen ? batteryReportDelayMs : 0);
  });
  const expected = all.filter((other) => wasExpectedOnline(other, one));
  if (together.length < 2 || together.length * 2 < expected.length) return null;
  const saw = together.filter(({ absence }) => absence.mainsGoneAt !== undefined).length;
  if (saw > 0) return { why: saw > 1 ? powerCutOfTwo : powerOfSite, together };
  const { from, to } = one.absence;
  const awayMs = (to ?? from) - from;
  return { why: together.length > 2 && awayMs >= forcedMs && awayMs < nightMs ? powerOfSite : powerOrRestart, together };
}

/** Returns the verdict after new evidence, or null if it does not change. */
export function betterVerdict({ cause, confidence }: PcOutage, why: Outage): Outage | null {
  const isOpen = cause !== 'intended' && cause !== 'pc-off' && confidence < sureThreshold;
  return isOpen && why.confidence > confidence ? why : null;
}

/** Returns when the mains failed or the boot ended without a bye. Null if the PC kept running or another cause is known. */
function powerLostAt({ absence }: OfflinePc): { at: number; isSeen: boolean } | null {
  const { aliveAt, goneBy, mainsGoneAt, cause } = absence;
  if (cause === 'pc-off' || cause === 'crash' || cause === 'intended') return null;
  if (mainsGoneAt !== undefined) return { at: mainsGoneAt, isSeen: true };
  return aliveAt !== null && aliveAt <= goneBy + keptRunningMs ? { at: aliveAt, isSeen: false } : null;
}

/** True if a PC was expected to be online when `one` was lost: it is online, or was lost within W of that loss. */
function wasExpectedOnline(other: PcRecord, one: OfflinePc): boolean {
  return other.heardAt !== null && other.presence !== 'stopped' && (!isOffline(other) || lostTogether(other, one));
}

type Evidence = { mainsGoneAt: number | null; neighbours: readonly PcRecord[]; now: number };

function judgeSameBoot(one: OfflinePc, apartMs: number | null | undefined, { mainsGoneAt, neighbours, now }: Evidence): Outage {
  const { from, cause, confidence } = one.absence;
  // The server already received this session, so its birth does not state how long the PC was without a connection.
  if (apartMs === undefined) return cause === 'undetermined' ? { cause: 'link-down', confidence: openThreshold } : { cause, confidence };
  // The agent process restarted within the same boot, perhaps while the line was down.
  if (apartMs === null) return cause === 'power-cut' ? { cause, confidence } : { cause: 'pc-off', confidence: confidenceAlone(one, 0.9) };
  // A PC notices a lost connection after a beat and an unanswered ping. A longer difference to the last message means that the PC slept.
  const slept = now - from - apartMs > lossWindowMs(one) + links[one.link].beatMs;
  return slept ? { cause: 'pc-off', confidence: 0.8 } : judgeKeptRunning(one, mainsGoneAt, neighbours);
}

/** Judges a PC that kept running. The cause is its own cable or power, a shared line, or the line of its site. */
function judgeKeptRunning(one: OfflinePc, mainsGoneAt: number | null, neighbours: readonly PcRecord[]): Outage {
  const { cause, confidence } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: confidenceAlone(one, 0.9) };
  if (mainsGoneAt !== null) return powerCutOf(one);
  // With mains power during the whole outage, a failed line is the only cause. That may be the server's own line.
  if (cause === 'upstream') return { cause, confidence: confidence >= openThreshold && hasMainsPower(one) ? 0.95 : confidence };
  // A PC that cannot see its mains power may have a UPS while its router has none. Another PC of the site without a UPS would then be
  // offline too.
  const isLone = !neighbours.some((other) => wasExpectedOnline(other, one));
  return { cause: 'link-down', confidence: hasMainsPower(one) ? 0.95 : isLone ? openThreshold : 0.8 };
}

function judgeNewBoot(
  one: OfflinePc,
  found: LastBoot,
  { mainsGoneAt, awayMs }: Pick<Evidence, 'mainsGoneAt'> & { awayMs: number },
): Outage {
  const { cause } = one.absence;
  if (found.crashed) return { cause: 'crash', confidence: 0.95 };
  const inOrder = found.bye !== null ? missedBye : found.begun !== undefined ? endedByUpdate : null;
  if (mainsGoneAt !== null && cause !== 'pc-off') return inOrder !== null && cause !== 'power-cut' ? perhapsIntended : powerCutOf(one);
  return inOrder ?? judgeSilentEnd(one, found.mains === true, awayMs < restartMs);
}

/** Judges a boot that ended without a bye or an update. `isBrief`: the PC was back quickly, so an unannounced update may be the cause. */
function judgeSilentEnd(one: OfflinePc, hadMains: boolean, isBrief: boolean): Outage {
  const { cause, confidence } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: isBrief ? openThreshold : confidenceAlone(one, 0.8) };
  if (cause === 'power-cut') return { cause, confidence };
  // The battery had mains power at the last mark, so a power cut did not end this boot.
  return hadMains ? { cause: 'pc-off', confidence: isBrief ? openThreshold : 0.7 } : undetermined;
}

/**
 * Returns the verdict after a new boot without data of the earlier boot. A verdict about the power or this PC stays; any other becomes
 * undetermined.
 */
function keepVerdict({ absence: { cause, confidence } }: OfflinePc): Outage {
  return cause === 'power-cut' || cause === 'pc-off' ? { cause, confidence } : undetermined;
}

/**
 * Returns the confidence that this PC was offline alone. It is low if other PCs of its site were lost too, for example behind one access
 * point.
 */
function confidenceAlone({ absence: { cause, confidence } }: OfflinePc, alone: number): number {
  return cause === 'pc-off' && confidence > openThreshold ? alone : openThreshold;
}

/** Returns the verdict of a power cut. It keeps the confidence from before the return if that was higher. */
function powerCutOf({ absence: { cause, confidence } }: OfflinePc): Outage {
  return cause === 'power-cut' && confidence > perhapsPower.confidence ? { cause, confidence } : perhapsPower;
}

function withMainsTime(mainsGoneAt: number | null): Pick<ReturnVerdict, 'mainsGoneAt'> {
  return mainsGoneAt === null ? {} : { mainsGoneAt };
}

/**
 * Returns when a PC that kept running lost mains power before its loss, in server time. Null if that was after the loss, or if power was
 * back before it.
 */
function mainsAtLoss(one: OfflinePc, gone: PowerCut | undefined, offsetMs: number): number | null {
  const said = batterySince(one);
  if (gone === undefined) return said;
  const { from, goneBy } = one.absence;
  const [goneAt, backAt] = [gone.from - offsetMs, gone.to === null ? Number.POSITIVE_INFINITY : gone.to - offsetMs];
  if (Math.abs(offsetMs) > trueClockMs) return said ?? goneAt;
  return goneAt > goneBy + batteryReportDelayMs || backAt < from ? null : goneAt;
}

/**
 * Returns when a PC whose boot ended lost mains power, in server time. Null if power was back before the boot ended. `aheadMs`: server
 * clock minus PC clock.
 */
function mainsAtEnd(one: OfflinePc, { gone }: LastBoot, aheadMs: number): number | null {
  if (gone === undefined) return batterySince(one);
  return gone.to === null ? gone.from + aheadMs : null;
}

type ClockOffset = { offsetMs: number; now: number };

/** Returns the last mark in server time, first corrected by the present clock error, then as written. Null if neither is plausible. */
function lastMarkAt({ from }: PcOutage, previous: LastBoot | undefined, { offsetMs, now }: ClockOffset): number | null {
  const written = previous?.aliveAt ?? Number.NaN;
  return [written - offsetMs, written].find((at) => at >= from - markSlackMs && at <= now) ?? null;
}

/** True if the PC wrote time marks after the loss and its clock is right: the PC kept running. */
function keptRunning({ goneBy }: PcOutage, aliveAt: number, { offsetMs, now }: ClockOffset): boolean {
  return Math.abs(offsetMs) <= trueClockMs && aliveAt > goneBy + keptRunningMs && aliveAt <= now;
}

/** Fewest sites lost together that cannot be coincidence; also at least `leastShare` of the sites seen in the last hour. */
const leastSites = 3;
const leastShare = 0.3;
const lastHourMs = 3_600_000;

/**
 * The sites of a state, a provider or the nation at one moment. `down`: sites with all PCs offline. `there`: number of sites seen in the
 * last hour. `online`: PCs that are online. `groups`: cache of `sitesLostWith`.
 */
export type Region = { down: OfflinePc[][]; there: number; online: PcRecord[]; groups: Map<string, OfflinePc[][]> };

/** PCs that were lost within the same time slot of this length, in ms, share one cached result. */
const groupMs = 10_000;

/** Sorts the sites of a region at one moment. `sites`: the expected PCs of each site. */
export function regionAtMoment(sites: Iterable<readonly PcRecord[]>, now: number): Region {
  const region: Region = { down: [], there: 0, online: [], groups: new Map() };
  for (const pcs of sites) {
    if (pcs.some((pc) => pc.presence === 'online' || now - (pc.absence?.goneBy ?? 0) < lastHourMs)) region.there += 1;
    region.online.push(...pcs.filter((pc) => pc.presence === 'online' && !isOffline(pc)));
    if (pcs.length > 0 && pcs.every(isOffline)) region.down.push([...pcs]);
  }
  return region;
}

/** True if another PC was seen after the loss and was not lost with this PC, so their shared line worked. */
export function workedSince(other: PcRecord, one: OfflinePc): boolean {
  return (other.heardAt ?? 0) > one.absence.goneBy && !(hasAbsence(other) && lostTogether(other, one));
}

/**
 * Returns the sites lost together with this PC if they are no coincidence: at least three, and 30 % of those seen in the last hour.
 * None if a third of these sites reported battery power: then the power of the region failed, not a line.
 */
export function sitesLostWith(one: OfflinePc, region: Region): OfflinePc[][] {
  const least = Math.max(leastSites, leastShare * region.there);
  if (region.down.length < least) return [];
  const key = `${one.link} ${Math.floor(one.absence.goneBy / groupMs)}`;
  return region.groups.getOrInsertComputed(key, () => {
    const together = region.down.filter((site) => site.some((pc) => lostTogether(pc, one)));
    const onBattery = together.filter((site) => site.some((pc) => batterySince(pc) !== null));
    return together.length >= least && onBattery.length * 3 < together.length ? together : [];
  });
}
