/** Why a PC was away, judged from what it says at its return; pure. */
import { links, type MainsGone, type Outage, openUpTo, type Previous, siteOf, sureFrom } from '#contracts';
import type { Absence, PcEvent, PcRecord } from '../records/incidents.ts';
import {
  type Away,
  hasAbsence,
  isAway,
  lineOfMany,
  perhapsIntended,
  perhapsPower,
  stayed,
  undetermined,
  wentTogether,
  whyStopped,
  windowMs,
} from './outages.ts';
import { batteryWord, type Supply, seesMains, supplyAtEnd, supplyAtLoss, toldLateMs, trueClockMs } from './power.ts';
import { isPastHour, leastOf } from './regions.ts';

/** Marks are written every 30 s: one this much later than the loss was written by a PC that was alive without being heard. */
const livedOnMs = 60_000;
/** A mark may be older than its file says by this much, where the clock that wrote it was not that which read it. */
const markSlackMs = 90_000;
/** Marks of PCs that lost their power at one moment: each is at most 30 s and a tick of 10 s old. */
const togetherMs = 40_000;
/** The same, of a mark and of mains that a PC saw go, which it says late. */
const seenTogetherMs = togetherMs + toldLateMs;
/** A system that starts by itself is back in this time, whatever ended it. */
const restartMs = 4 * 60_000;
/** A system that was made to start anew may take so long, wherever it stands. */
const forcedMs = 20 * 60_000;
/** Who was away for so long was perhaps switched off at the wall, and on again the next morning. */
const nightMs = 6 * 3_600_000;

type Birth = Extract<PcEvent, { type: 'birth' }>;

/** What a return says of the absence before it. */
export type Finding = Outage & Pick<Absence, 'from' | 'aliveAt' | 'mainsGoneAt' | 'isUpdate'>;

/** PCs of a site, or of many, lost their power together, and two of them saw their mains go. */
const powerSeenTwice: Outage = { cause: 'power-cut', confidence: 0.9 };
/** The same, and one saw it; or three and more of one site were in the dark together for some hours. */
const powerOfSite: Outage = { cause: 'power-cut', confidence: 0.85 };
/** All of a site may as well have been made to start anew; and two may stand at one wall switch. */
const powerOrRestart: Outage = { cause: 'power-cut', confidence: openUpTo };

/**
 * What the return says of the absence; `one` is the record as it was before.
 * Guarantee: `link-down` is said with certainty only of a process that lived through the whole absence.
 */
export function whyWasAway(one: Away, said: Birth, now: number): Finding {
  const { from } = one.absence;
  if (one.bye) return { ...whyNoLongerStopped(one), from, aliveAt: null };
  if (said.boot === one.boot)
    return { ...whyOnSameBoot(one, said, now), from, aliveAt: null, ...mainsAtLoss(one, { gone: said.gone, said, now }) };
  const found = said.previous && isOfThis(one, said, now) ? said.previous : undefined;
  const aliveAt = found === undefined ? null : markOf(one, said, now);
  if (found === undefined) return { ...without(one.absence), from, aliveAt };
  if (livedOn(one, said, now)) {
    const told = { gone: found.gone, said, now };
    return { ...lineOf(one, told, 0.9), from, aliveAt, ...mainsAtLoss(one, told) };
  }
  const why = whyOnNewBoot(one, found, now - (aliveAt ?? from));
  // There was a boot between that nobody heard: how that one ended is not how this began.
  const confidence = found.boot === one.boot ? why.confidence : Math.min(why.confidence, openUpTo);
  return { ...why, confidence, from: aliveAt ?? from, aliveAt, ...mainsAtEnd(found, aliveAt), ...updateOf(found, why) };
}

/** What was seen of its site while it was stopped stays. */
function whyNoLongerStopped(one: Away): Outage {
  const { cause, confidence } = one.absence;
  return cause === 'power-cut' || (cause === 'intended' && confidence === openUpTo) ? { cause, confidence } : whyStopped(one);
}

/** When its mains went, of one that lived through it, on the centre's clock; nothing where they did not go with its line, or its clock is wrong. */
function mainsAtLoss(one: Away, told: Told): Pick<Finding, 'mainsGoneAt'> {
  const supply = told.said?.apartMs === null ? null : supplyOf(one, told);
  return supply?.how === 'fresh' ? { mainsGoneAt: supply.since } : {};
}

/** The same, of one whose boot ended then. */
function mainsAtEnd({ gone, aliveAt: endedAt }: Previous, aliveAt: number | null): Pick<Finding, 'mainsGoneAt'> {
  const supply = gone === undefined || aliveAt === null ? null : supplyAtEnd(gone, endedAt);
  if (supply === null || aliveAt === null || !['fresh', 'ended'].includes(supply.how)) return {};
  return { mainsGoneAt: supply.since + aliveAt - endedAt };
}

function updateOf({ begun, bye }: Previous, { cause }: Outage): Pick<Finding, 'isUpdate'> {
  return begun !== undefined && bye === null && cause === 'intended' ? { isUpdate: true } : {};
}

/** The session went on, or the same one is heard again: nothing ended but the hearing. */
export function whyUnheard(one: Away, now: number): Outage {
  return lineOf(one, { gone: undefined, said: undefined, now }, 1);
}

/**
 * The same, with the other PCs of its site. A line of which one PC alone tells, which does not see its mains, is not known: they may have gone,
 * where it stands on a UPS that says nothing and its router does not. With others, one without a UPS would rather have gone dark.
 */
export function bySite(found: Finding, one: Away, site: readonly PcRecord[]): Finding {
  if (found.cause !== 'link-down' || seesMains(one) || site.some((other) => other.pc !== one.pc && wasThere(other, one))) return found;
  return { ...found, confidence: Math.min(found.confidence, openUpTo) };
}

/** What another PC's return may yet explain: nobody is sure of it. That another PC of its site stayed explains it for good. */
export function isOpen({ cause, confidence, isUpdate }: Absence): boolean {
  if (cause === 'intended') return isUpdate === true;
  return cause !== 'pc-off' && confidence < sureFrom;
}

/** What an absence is after what others say of it; null where that is no other thing. An update that ended one PC ended no other: together they lost their power. */
export function weighed(absence: Absence, why: Outage): Outage | null {
  const { cause, confidence } = absence;
  if (!isOpen(absence)) return null;
  if (cause === 'intended') return why.confidence > openUpTo ? why : isSame(absence, perhapsIntended) ? null : perhapsIntended;
  // A cut that was likely of one site is not known either where all of its state may have been made to start anew.
  const isUndone = why.confidence <= openUpTo && cause === why.cause && confidence > why.confidence;
  return confidence < why.confidence || isUndone ? why : null;
}

function isSame(a: Outage, b: Outage): boolean {
  return a.cause === b.cause && a.confidence === b.confidence;
}

/** Of PCs that were away: those that were lost when `one` was, where one of them lost its power at that time. */
function lostWith(one: Away, others: readonly PcRecord[]): Away[] {
  const away = others.filter(hasAbsence);
  const at =
    powerLostAt(one) ??
    away
      .filter(({ absence }) => isOpen(absence))
      .map(powerLostAt)
      .find((end) => end !== null && isLostAt(one, end));
  return at === undefined || at === null ? [] : away.filter((other) => isLostAt(other, at));
}

/** When its mains went, or by the last mark of a boot that ended when it was lost. */
type End = { at: number; isSeen: boolean };

/** Null of one that lived on without seeing its mains go, of one that said how it ended, and of one whose neighbour stayed. */
function powerLostAt({ absence }: Away): End | null {
  const { aliveAt, goneBy, mainsGoneAt, cause } = absence;
  if (cause === 'pc-off' || cause === 'crash' || (cause === 'intended' && absence.isUpdate !== true)) return null;
  if (mainsGoneAt !== undefined) return { at: mainsGoneAt, isSeen: true };
  return aliveAt !== null && aliveAt <= goneBy + livedOnMs ? { at: aliveAt, isSeen: false } : null;
}

/** By its own end, or, of one that lived on, between its last word and the time at which it was missed. */
function isLostAt(one: Away, { at, isSeen }: End): boolean {
  const { aliveAt, cause, from, goneBy, to } = one.absence;
  const own = powerLostAt(one);
  if (own !== null) return Math.abs(own.at - at) <= (own.isSeen || isSeen ? seenTogetherMs : togetherMs);
  return aliveAt === null && to !== null && (cause === 'link-down' || cause === 'power-cut') && at >= from - togetherMs && at <= goneBy;
}

/** Somebody of its site was there all the time, and nobody said that this was on a battery. */
function isStood(one: Away, site: readonly PcRecord[]): boolean {
  return one.absence.cause !== 'power-cut' && site.some((other) => other.pc !== one.pc && stayed(other, one));
}

/**
 * Of the PCs of a site that were away: those that lost their power when `one` did, and what that says; null where they are not half of the
 * site, where one of them saw its mains all the time, or where one of the site stayed. Where nothing else spoke of the power, and each began a
 * new boot, they may all have been made to start anew, or switched off at the wall.
 */
export function lostPowerTogether(one: Away, site: readonly PcRecord[]): Joint | null {
  const expected = site.filter((pc) => pc.heardAt !== null && pc.presence !== 'stopped');
  const together = lostWith(one, site);
  if (together.length < 2 || together.length * 2 < expected.length || !isOfPower(together)) return null;
  if (together.some((away) => isStood(away, site))) return null;
  if (together.filter(sawMainsGo).length > 1) return { why: powerSeenTwice, together };
  const isSeen = together.some((away) => {
    const { cause, confidence } = away.absence;
    return sawMainsGo(away) || powerLostAt(away) === null || (cause === 'power-cut' && confidence > openUpTo);
  });
  if (!isSeen && !isBackIn(one, nightMs)) return { why: perhapsPower, together };
  return { why: isSeen || (together.length > 2 && !isBackIn(one, forcedMs)) ? powerOfSite : powerOrRestart, together };
}

/** As it says itself, or as two batteries of its site said while it was away. */
function sawMainsGo({ absence: { cause, confidence, mainsGoneAt } }: Away): boolean {
  return mainsGoneAt !== undefined || (cause === 'power-cut' && confidence >= sureFrom);
}

/** Not where one of them saw its mains all the time, nor where each was ended by an update of its own. */
function isOfPower(away: readonly Away[]): boolean {
  const hadMains = away.some(({ absence }) => absence.cause === 'link-down' && absence.confidence >= sureFrom);
  return !hadMains && away.some(({ absence }) => absence.cause !== 'intended');
}

/**
 * Of PCs on one line that went and came with `one`: those that lived on without being heard, where one of them saw its mains all the time.
 * That its site had power says that the others, which do not see theirs, had it too; null where nobody saw it.
 */
export function lostLineTogether(one: Away, line: readonly PcRecord[]): Joint | null {
  const isOfLine = ({ absence: { cause, confidence } }: Away) => cause === 'upstream' && confidence >= openUpTo;
  if (!isOfLine(one)) return null;
  const together = line.filter(hasAbsence).filter((other) => other.absence.to !== null && isOfLine(other) && wentTogether(other, one));
  return together.some(({ absence }) => absence.confidence >= sureFrom) ? { why: lineOfMany, together } : null;
}

/**
 * Of the PCs of a state: those that lost their power when `one` did, where enough of the sites that were there then did, and what that says;
 * null where one saw its mains all the time. A site where somebody stayed is none of them. Who lived on proves nothing of its power, and one PC
 * that is switched off beside a broken line is no cut of a state. Where nobody saw the mains go, systems that were all made to start anew look
 * the same, and offices that close at one time and are switched off at the wall.
 */
export function lostPowerWidely(one: Away, state: readonly PcRecord[]): Joint | null {
  const sites = Map.groupBy(state, ({ pc }) => siteOf(pc));
  if (isStood(one, sites.get(siteOf(one.pc)) ?? [])) return null;
  const wide = lostWith(one, state).filter((away) => !isStood(away, sites.get(siteOf(away.pc)) ?? []));
  const sitesOf = (away: readonly Away[]) => new Set(away.map(({ pc }) => siteOf(pc))).size;
  const there = [...sites.values()].filter((site) => site.some((pc) => wasThere(pc, one))).length;
  if (sitesOf(wide.filter((away) => powerLostAt(away) !== null)) < leastOf(there) || !isOfPower(wide)) return null;
  const seen = sitesOf(wide.filter(sawMainsGo));
  return { why: seen > 1 ? powerSeenTwice : seen === 1 ? powerOfSite : perhapsPower, together: wide };
}

/** It was expected there when `one` went: not one that had been away for long, or said goodbye. */
function wasThere(pc: PcRecord, { absence: { goneBy } }: Away): boolean {
  return pc.heardAt !== null && pc.presence !== 'stopped' && !(isAway(pc) && isPastHour(pc.absence.goneBy, goneBy));
}

/** PCs that went for one reason. */
export type Joint = { why: Outage; together: readonly Away[] };

/** The boot of so short an absence was rather a system that started anew by itself than one without power. */
export function isRestart(one: Away): boolean {
  return isBackIn(one, restartMs);
}

function isBackIn({ absence: { from, to } }: Away, ms: number): boolean {
  return to !== null && to - from < ms;
}

/** What is told of the mains, and by whom and when. */
type Told = { gone: MainsGone | undefined; said: Birth | undefined; now: number };

function whyOnSameBoot(one: Away, said: Birth, now: number): Outage {
  const { from, cause, confidence } = one.absence;
  const { apartMs, gone } = said;
  // An agent that cannot tell whether it was running: what was seen from here stands, and else nobody knows.
  if (apartMs === undefined) return cause === 'undetermined' ? { cause: 'link-down', confidence: openUpTo } : { cause, confidence };
  // Its agent ended, and is here again: before the line, or, with nobody beside it that stayed, perhaps only while that was down.
  if (apartMs === null) return cause === 'power-cut' ? { cause, confidence } : { cause: 'pc-off', confidence: sureOfAlone(one, 0.9) };
  // Between its last word and its own notice of the loss lie a beat, and a ping that is not answered.
  const slept = now - from - apartMs > windowMs(one) + links[one.link].beatMs;
  return slept ? { cause: 'pc-off', confidence: 0.8 } : lineOf(one, { gone, said, now }, 1);
}

/** It ran and was not heard: its own cable where its site was there, its power where that went with it, the line of many, or of its site. */
function lineOf(one: Away, told: Told, most: number): Outage {
  const { cause, confidence } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: sureOfAlone(one, 0.9) };
  const supply = told.gone === undefined ? batteryWord(one) : supplyOf(one, told);
  if (supply !== null) return supply.how === 'long' ? { cause: 'link-down', confidence: openUpTo } : powerCutOf(one);
  // What has power all the time was cut off by a line; where that may have been ours, still nobody knows whose.
  if (cause === 'upstream') return { cause, confidence: confidence >= openUpTo && seesMains(one) ? 0.95 : confidence };
  // Who does not see the mains may stand on a UPS that says nothing, with a router beside it.
  return { cause: 'link-down', confidence: Math.min(most, seesMains(one) ? 0.95 : 0.8) };
}

/** How sure it is that a PC was away alone: not where others of its site went with it, as behind an access point. */
function sureOfAlone({ absence: { cause, confidence } }: Away, alone: number): number {
  return cause === 'pc-off' && confidence > openUpTo ? alone : openUpTo;
}

/** A cut that the site was sure of stays one. */
function powerCutOf({ absence: { cause, confidence } }: Away): Outage {
  return cause === 'power-cut' && confidence > perhapsPower.confidence ? { cause, confidence } : perhapsPower;
}

function supplyOf(one: Away, { gone, said, now }: Told): Supply | null {
  if (gone === undefined) return null;
  const { from, goneBy } = one.absence;
  const offsetMs = (said?.at ?? now) - now;
  const mains = { from: gone.from - offsetMs, to: gone.to === null ? null : gone.to - offsetMs };
  return supplyAtLoss(one, mains, { from, goneBy, to: now, isTrueClock: Math.abs(offsetMs) <= trueClockMs });
}

function whyOnNewBoot(one: Away, { bye, crashed, mains, begun, gone, aliveAt }: Previous, awayMs: number): Outage {
  const { cause, confidence } = one.absence;
  const supply = gone === undefined ? batteryWord(one) : supplyAtEnd(gone, aliveAt);
  if (bye !== null) return whyEnded(one, supply, unheardBye);
  if (crashed) return { cause: 'crash', confidence: 0.95 };
  if (begun !== undefined) return whyEnded(one, supply, endedByUpdate);
  // A system that starts anew by itself may be in an update that nobody told of.
  const isBrief = awayMs < restartMs;
  if (cause === 'pc-off') return { cause, confidence: isBrief ? openUpTo : sureOfAlone(one, 0.8) };
  if (supply !== null) return powerCutOf(one);
  // An agent that does not say since when.
  if (mains === false) return { cause: 'power-cut', confidence: 0.85 };
  if (cause === 'power-cut') return { cause, confidence };
  // It has a battery, which had mains at the last mark: not the mains ended it, unless that battery was dead.
  return mains === true ? { cause: 'pc-off', confidence: isBrief ? openUpTo : 0.7 } : undetermined;
}

/** Nobody heard it: perhaps the line was down before, and somebody tried what helps at home. */
const unheardBye: Outage = { cause: 'intended', confidence: 0.8 };
const endedByUpdate: Outage = { cause: 'intended', confidence: 0.9 };

/** A boot that was about to end, where nothing was seen of the mains; whose mains went, or whose battery came to its end, was ended by that. */
function whyEnded(one: Away, supply: Supply | null, otherwise: Outage): Outage {
  if (supply === null || one.absence.cause === 'pc-off') return otherwise;
  const isLasting = supply.how === 'long' || supply.how === 'outlived';
  return isLasting ? perhapsIntended : powerCutOf(one);
}

/** A new boot without a word of the one before: what could be seen from here stands, if it was the power or this PC. */
function without({ cause, confidence }: Outage): Outage {
  return cause === 'power-cut' || cause === 'pc-off' ? { cause, confidence } : undetermined;
}

/** What is told of an earlier boot is told of this absence: of the boot that was lost, or of a later time. */
function isOfThis(one: Away, said: Birth, now: number): boolean {
  return said.previous?.boot === one.boot || markOf(one, said, now) !== null;
}

/** The last mark on the centre's clock: by the clock as it is now, else as it was written; null where neither can be. */
function markOf({ absence }: Away, said: Birth, now: number): number | null {
  const written = said.previous?.aliveAt ?? Number.NaN;
  const offsetMs = (said.at ?? now) - now;
  const fits = (at: number) => at >= absence.from - markSlackMs && at <= now;
  return [written - offsetMs, written].find(fits) ?? null;
}

/** Its marks went on after it was lost, by a clock that is right. */
function livedOn({ absence }: Away, said: Birth, now: number): boolean {
  const isTrue = Math.abs((said.at ?? Number.NaN) - now) <= trueClockMs;
  return isTrue && (said.previous?.aliveAt ?? 0) > absence.goneBy + livedOnMs && (said.previous?.aliveAt ?? 0) <= now;
}
