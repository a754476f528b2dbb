/**
 * Why a PC is away, judged from what the server has seen, and why it was, from what it says at its return; pure. The first row that fits decides: its own messages, then its site, then its
 * state or provider. The confidences are calibrated by `npm run bench -- verdicts`. The product figures were chosen with other seeds.
 */
import { links, type MainsGone, type Outage, openUpTo, type Previous, sureFrom } from '@sabha/contracts';
import type { Absence, PcEvent, PcRecord } from '../records/incidents.ts';
import { batterySince, returns, seesMains, toldLateMs } from './pc.ts';

/** A PC with the time in which it is, or was, away. */
export type Away = PcRecord & { absence: Absence };

/** What is known beside the PC itself when a cause is sought. */
export type Around = {
  /** The other PCs of its site. */
  neighbours: readonly PcRecord[];
  /** What the sites of its state or its provider say that went at the same time; null for nothing. */
  upstream(): Outage | null;
  now: number;
};

/** The cause of what nothing explains. */
export const undetermined: Outage = { cause: 'undetermined', confidence: 0.5 };

/** One battery that lost its mains: a power cut, a pulled plug and a laptop taken off its dock look the same. */
const perhapsPower: Outage = { cause: 'power-cut', confidence: 0.55 };

/** A goodbye or an update while something points to the power: the program of a UPS says goodbye too. */
const perhapsIntended: Outage = { cause: 'intended', confidence: openUpTo };

/** A goodbye with nothing beside it. */
const surelyIntended: Outage = { cause: 'intended', confidence: 0.99 };

/** Two PCs of a site lost their mains within one minute, or PCs lost power together and two of them saw the mains go. */
const powerCutOfTwo: Outage = { cause: 'power-cut', confidence: 0.9 };
/** Most that a neighbour which is back after a power cut says of a PC that is still away. */
const mostOfReturned = 0.7;

/** Marks are written every 30 s: one this much later than the loss was written by a PC that ran without being received. */
const livedOnMs = 60_000;
/** A mark may be older than its file says by this much, where another clock reads it than wrote it. */
const markSlackMs = 90_000;
/** Marks of PCs that lost their power at one moment: each is at most 30 s and a tick of 10 s old. */
const togetherMs = 40_000;
/** A clock that is out by more tells nothing of seconds. */
const trueClockMs = 60_000;
/** A system that starts by itself is back in this time, whatever ended it. */
const restartMs = 4 * 60_000;
/** PCs that were all made to start anew may take so long. */
const forcedMs = 20 * 60_000;
/** PCs that were away for so long were perhaps switched off at the wall for the night. */
const nightMs = 6 * 3_600_000;
/** PCs lost power together and one of them saw the mains go, or three or more PCs of a site were off together for some hours. */
const powerOfSite: Outage = { cause: 'power-cut', confidence: 0.85 };
/** All of a site may as well have been made to start anew, or stand at one wall switch. */
const powerOrRestart: Outage = { cause: 'power-cut', confidence: openUpTo };
/** A goodbye that was not received: the line was perhaps down before, and somebody restarted the PC. */
const unheardBye: Outage = { cause: 'intended', confidence: 0.8 };
/** The mains may have gone during an update. */
const endedByUpdate: Outage = { cause: 'intended', confidence: 0.85 };

/**
 * The verdict while it is away.
 * Guarantee: a `power-cut` is sure only where two PCs of the site report it; `link-down` is never said before the return.
 */
export function whyAway(one: Away, { neighbours, upstream, now }: Around): Outage {
  const onBattery = batteriesOf(one, neighbours, now);
  const isOverdue = one.presence === 'silent' && returns(one) !== null;
  if (one.bye && !isOverdue) return whyStopped(one, onBattery, neighbours);
  if (onBattery > 1) return powerCutOfTwo;
  const isAlone = neighbours.some((other) => stayed(other, one));
  // A neighbour on its mains shows that this PC was only unplugged.
  if (onBattery === 1 && !(isAlone && batterySince(one) !== null)) return perhapsPower;
  if (isAlone) {
    // If others were lost at the same time, something that they share may have failed, such as an access point.
    const wentToo = neighbours.some((other) => hasAbsence(other) && other.absence.cause !== 'intended' && wentTogether(other, one));
    return { cause: 'pc-off', confidence: wentToo ? openUpTo : 0.8 };
  }
  // Another PC of the site was lost at the same time, is online again, and reports a power cut.
  const isBack = (other: Away) => other.absence.to !== null && other.absence.cause === 'power-cut' && wentTogether(other, one);
  const back = neighbours.filter(hasAbsence).find(isBack)?.absence;
  if (back) return { cause: 'power-cut', confidence: Math.min(mostOfReturned, back.confidence) };
  return upstream() ?? undetermined;
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
function hasAbsence(record: PcRecord): record is Away {
  return record.absence !== undefined && record.absence !== null;
}

/** True while it is away. */
export function isAway(record: PcRecord): record is Away {
  return hasAbsence(record) && record.absence.to === null;
}

/** True while a PC is away and one of the others of its site answers: the site can be reached. */
export function isBeside(one: PcRecord | undefined, others: readonly PcRecord[]): boolean {
  return one !== undefined && isAway(one) && others.some((other) => isThere(other, one));
}

/** PCs of its site whose mains went when its own did; of a PC without a battery, when it was lost. It counts itself. */
function batteriesOf(one: Away, neighbours: readonly PcRecord[], now: number): number {
  const own = batterySince(one);
  const { from, goneBy } = one.absence;
  const [first, last] = own === null ? [from, goneBy + toldLateMs] : [own - toldLateMs, own + toldLateMs];
  const others = neighbours.filter((other) => {
    const since = batterySince(other, isAway(other) ? other.absence.from : now);
    return since !== null && since >= first && since <= last;
  });
  return others.length + Number(own !== null);
}

/** Why a PC said goodbye: a UPS switches PCs off in order too. A PC that announces its return was switched off by nothing else. */
function whyStopped(one: Away, onBattery: number, neighbours: readonly PcRecord[]): Outage {
  if (returns(one) !== null) return surelyIntended;
  if (onBattery > 1) return powerCutOfTwo;
  return onBattery === 1 || isBesideDark(one, neighbours) ? perhapsIntended : surelyIntended;
}

/** Another PC of the site went without a goodbye at that time, or was not received since: this one does not see its mains. */
function isBesideDark(one: Away, neighbours: readonly PcRecord[]): boolean {
  if (seesMains(one)) return false;
  return neighbours.some((other) => {
    if (isAway(other)) return other.presence !== 'stopped' && wentTogether(other, one);
    return other.presence === 'online' && other.heardAt !== null && other.heardAt <= one.absence.goneBy;
  });
}

/** Another PC was received after this one was gone, and is there now, whether or not it was away meanwhile. */
function isThere(other: PcRecord, one: Away): boolean {
  return other.presence === 'online' && !isAway(other) && (other.heardAt ?? 0) > one.absence.goneBy;
}

/** Another PC of the site was received after this one was gone, and had not been away itself: site and line stand. */
function stayed(other: PcRecord, one: Away): boolean {
  // Only the last absence is held: on an unsteady line the PC may have been away more than once meanwhile.
  const wasAway = hasAbsence(other) && (wentTogether(other, one) || (other.absence.to ?? 0) > one.absence.from);
  return isThere(other, one) && !wasAway;
}

/** What a return says of the absence before it. */
export type Finding = Outage & Pick<Absence, 'from' | 'aliveAt' | 'mainsGoneAt'>;
/** The other PCs of its site, and when it is back. */
export type Return = { neighbours: readonly PcRecord[]; now: number };

/**
 * What the return says of the absence; `one` is the record as it was before.
 * Guarantee: `link-down` is sure only of a process that ran through the whole absence.
 */
export function whyWasAway(one: Away, said: Extract<PcEvent, { type: 'birth' }>, { neighbours, now }: Return): Finding {
  const { absence } = one;
  const { from, cause, confidence } = absence;
  const offsetMs = (said.at ?? now) - now;
  if (one.bye) return { ...(returns(one) === null ? { cause, confidence } : surelyIntended), from, aliveAt: null };
  if (said.boot === one.boot) {
    const mainsGoneAt = mainsAtLoss(one, said.gone, offsetMs);
    const why = whyOnSameBoot(one, said.apartMs, { mainsGoneAt, neighbours, now });
    return { ...why, from, aliveAt: null, ...(said.apartMs !== null && seen(mainsGoneAt)) };
  }
  const aliveAt = markOf(absence, said.previous, { offsetMs, now });
  const found = said.previous?.boot === one.boot || aliveAt !== null ? said.previous : undefined;
  if (found === undefined) return { ...withoutWord(one), from, aliveAt };
  if (livedOn(absence, found.aliveAt, { offsetMs, now })) {
    const mainsGoneAt = mainsAtLoss(one, found.gone, offsetMs);
    return { ...lineOf(one, mainsGoneAt, neighbours), from, aliveAt, ...seen(mainsGoneAt) };
  }
  const mainsGoneAt = mainsAtEnd(one, found, (aliveAt ?? found.aliveAt) - found.aliveAt);
  const why = whyOnNewBoot(one, found, { mainsGoneAt, awayMs: now - (aliveAt ?? from) });
  // Another boot ran meanwhile without being received: how that one ended does not say how this absence began.
  const most = found.boot === one.boot ? 1 : openUpTo;
  return { ...why, confidence: Math.min(why.confidence, most), from: aliveAt ?? from, aliveAt, ...(aliveAt !== null && seen(mainsGoneAt)) };
}

/** The session went on, or the same one is received again: nothing ended but the reception. */
export function whyUnheard(one: Away, neighbours: readonly PcRecord[]): Outage {
  return lineOf(one, batterySince(one), neighbours);
}

/** PCs that went for one reason. */
export type Joint = { why: Outage; together: readonly Away[] };

/**
 * The PCs of a site, or of a state, that lost their power when `one` did, and what that says. Null where they are not half of those that were
 * there. Where nobody saw the mains go, they may all have been made to start anew, or were switched off at the wall.
 */
export function lostPowerTogether(one: Away, all: readonly PcRecord[]): Joint | null {
  const own = powerLostAt(one);
  if (own === null) return null;
  const together = all.filter(hasAbsence).filter((other) => {
    const lost = powerLostAt(other);
    return lost !== null && Math.abs(lost.at - own.at) <= togetherMs + (lost.isSeen || own.isSeen ? toldLateMs : 0);
  });
  const expected = all.filter((other) => wasThere(other, one));
  if (together.length < 2 || together.length * 2 < expected.length) return null;
  const saw = together.filter(({ absence }) => absence.mainsGoneAt !== undefined).length;
  if (saw > 0) return { why: saw > 1 ? powerCutOfTwo : powerOfSite, together };
  const { from, to } = one.absence;
  const awayMs = (to ?? from) - from;
  return { why: together.length > 2 && awayMs >= forcedMs && awayMs < nightMs ? powerOfSite : powerOrRestart, together };
}

/** What an absence is after what others say of it; null where that changes nothing. */
export function weighed({ cause, confidence }: Absence, why: Outage): Outage | null {
  const isOpen = cause !== 'intended' && cause !== 'pc-off' && confidence < sureFrom;
  return isOpen && why.confidence > confidence ? why : null;
}

/** When its mains went, or its boot ended without a word; null where it ran on, or where something else ended it. */
function powerLostAt({ absence }: Away): { at: number; isSeen: boolean } | null {
  const { aliveAt, goneBy, mainsGoneAt, cause } = absence;
  if (cause === 'pc-off' || cause === 'crash' || cause === 'intended') return null;
  if (mainsGoneAt !== undefined) return { at: mainsGoneAt, isSeen: true };
  return aliveAt !== null && aliveAt <= goneBy + livedOnMs ? { at: aliveAt, isSeen: false } : null;
}

/** It was expected there when `one` went: it is there, or went at that time. */
function wasThere(other: PcRecord, one: Away): boolean {
  return other.heardAt !== null && other.presence !== 'stopped' && (!isAway(other) || wentTogether(other, one));
}

type Evidence = { mainsGoneAt: number | null; neighbours: readonly PcRecord[]; now: number };

function whyOnSameBoot(one: Away, apartMs: number | null | undefined, { mainsGoneAt, neighbours, now }: Evidence): Outage {
  const { from, cause, confidence } = one.absence;
  // This session was received before: its birth does not say how long the PC was apart.
  if (apartMs === undefined) return cause === 'undetermined' ? { cause: 'link-down', confidence: openUpTo } : { cause, confidence };
  // Its agent was started anew, perhaps only while the line was down.
  if (apartMs === null) return cause === 'power-cut' ? { cause, confidence } : { cause: 'pc-off', confidence: sureOfAlone(one, 0.9) };
  // A beat and an unanswered ping lie between its last message and the moment at which the PC notices the loss.
  const slept = now - from - apartMs > windowMs(one) + links[one.link].beatMs;
  return slept ? { cause: 'pc-off', confidence: 0.8 } : lineOf(one, mainsGoneAt, neighbours);
}

/** It ran and was not received: its own cable, its power, the line of many, or the line of its site. */
function lineOf(one: Away, mainsGoneAt: number | null, neighbours: readonly PcRecord[]): Outage {
  const { cause, confidence } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: sureOfAlone(one, 0.9) };
  if (mainsGoneAt !== null) return powerCutOf(one);
  // Mains that were there all the time leave only the line; perhaps it was the server's own.
  if (cause === 'upstream') return { cause, confidence: confidence >= openUpTo && seesMains(one) ? 0.95 : confidence };
  // A PC that does not see its mains may stand on a UPS, and its router not. A neighbour without a UPS would have gone dark.
  const isLone = !neighbours.some((other) => wasThere(other, one));
  return { cause: 'link-down', confidence: seesMains(one) ? 0.95 : isLone ? openUpTo : 0.8 };
}

function whyOnNewBoot(one: Away, found: Previous, { mainsGoneAt, awayMs }: Pick<Evidence, 'mainsGoneAt'> & { awayMs: number }): Outage {
  const { cause } = one.absence;
  if (found.crashed) return { cause: 'crash', confidence: 0.95 };
  const inOrder = found.bye !== null ? unheardBye : found.begun !== undefined ? endedByUpdate : null;
  if (mainsGoneAt !== null && cause !== 'pc-off') return inOrder !== null && cause !== 'power-cut' ? perhapsIntended : powerCutOf(one);
  return inOrder ?? whyEndedSilently(one, found.mains === true, awayMs < restartMs);
}

/** `isBrief`: a system that starts anew by itself may be in an update that it did not announce. */
function whyEndedSilently(one: Away, hadMains: boolean, isBrief: boolean): Outage {
  const { cause, confidence } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: isBrief ? openUpTo : sureOfAlone(one, 0.8) };
  if (cause === 'power-cut') return { cause, confidence };
  // Its battery had mains at the last mark: not the mains ended this boot.
  return hadMains ? { cause: 'pc-off', confidence: isBrief ? openUpTo : 0.7 } : undetermined;
}

/** A new boot that says nothing of the one before: a verdict about the power or this PC stays. */
function withoutWord({ absence: { cause, confidence } }: Away): Outage {
  return cause === 'power-cut' || cause === 'pc-off' ? { cause, confidence } : undetermined;
}

/** How sure it is that a PC was away alone: not where others of its site went with it, as behind an access point. */
function sureOfAlone({ absence: { cause, confidence } }: Away, alone: number): number {
  return cause === 'pc-off' && confidence > openUpTo ? alone : openUpTo;
}

/** A cut that the site was sure of stays one. */
function powerCutOf({ absence: { cause, confidence } }: Away): Outage {
  return cause === 'power-cut' && confidence > perhapsPower.confidence ? { cause, confidence } : perhapsPower;
}

function seen(mainsGoneAt: number | null): Pick<Finding, 'mainsGoneAt'> {
  return mainsGoneAt === null ? {} : { mainsGoneAt };
}

/** When its mains went, on the server's clock, of a PC that ran on; null where they went later, or were back before the loss. */
function mainsAtLoss(one: Away, gone: MainsGone | undefined, offsetMs: number): number | null {
  const said = batterySince(one);
  if (gone === undefined) return said;
  const { from, goneBy } = one.absence;
  const [goneAt, backAt] = [gone.from - offsetMs, gone.to === null ? Number.POSITIVE_INFINITY : gone.to - offsetMs];
  if (Math.abs(offsetMs) > trueClockMs) return said ?? goneAt;
  return goneAt > goneBy + toldLateMs || backAt < from ? null : goneAt;
}

/** The same, of a PC whose boot ended; `aheadMs`: what the server's clock is ahead of its own. */
function mainsAtEnd(one: Away, { gone }: Previous, aheadMs: number): number | null {
  if (gone === undefined) return batterySince(one);
  return gone.to === null ? gone.from + aheadMs : null;
}

type Clock = { offsetMs: number; now: number };

/** The last mark on the server's clock: by the clock as it is now, else as it was written; null where neither fits. */
function markOf({ from }: Absence, previous: Previous | undefined, { offsetMs, now }: Clock): number | null {
  const written = previous?.aliveAt ?? Number.NaN;
  return [written - offsetMs, written].find((at) => at >= from - markSlackMs && at <= now) ?? null;
}

/** Its marks went on after it was lost, by a clock that is right. */
function livedOn({ goneBy }: Absence, aliveAt: number, { offsetMs, now }: Clock): boolean {
  return Math.abs(offsetMs) <= trueClockMs && aliveAt > goneBy + livedOnMs && aliveAt <= now;
}

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
