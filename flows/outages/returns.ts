/** Why a PC was away, judged from what it says at its return; pure. */
import { links, type MainsGone, type Outage, openUpTo, type Previous, siteOf, sureFrom } from '#contracts';
import type { PcEvent, PcRecord } from '../records/incidents.ts';
import { type Away, hasAbsence, lineOfMany, powerCutBy, undetermined, wentTogether, whyStopped, windowMs } from './outages.ts';
import { batteryWord, type Supply, seesMains, supplyAtEnd, supplyAtLoss, trueClockMs } from './power.ts';
import { leastSites } from './regions.ts';

/** Marks are written every 30 s: one this much later than the loss was written by a PC that was alive without being heard. */
const livedOnMs = 60_000;
/** A mark may be older than its file says by this much, where the clock that wrote it was not that which read it. */
const markSlackMs = 90_000;
/** Marks of PCs that lost their power at one moment: each is at most 30 s and a tick of 10 s old. */
const togetherMs = 40_000;
/** A system that starts by itself is back in this time, whatever ended it. */
const restartMs = 4 * 60_000;
/** A system that was made to start anew may take so long, wherever it stands. */
const forcedMs = 20 * 60_000;

type Birth = Extract<PcEvent, { type: 'birth' }>;

/** What a return says of the absence before it. */
export type Finding = Outage & { from: number; aliveAt: number | null };

/** PCs of a site lost their power together. */
const powerOfSite: Outage = { cause: 'power-cut', confidence: 0.85 };
/** Those of many sites of a state lost it together. */
const powerOfRegion: Outage = { cause: 'power-cut', confidence: 0.9 };
/** The same, where all may as well have been made to start anew. */
const powerOrRestart: Outage = { cause: 'power-cut', confidence: openUpTo };

/**
 * What the return says of the absence; `one` is the record as it was before.
 * Guarantee: `link-down` is said with certainty only of a process that lived through the whole absence.
 */
export function whyWasAway(one: Away, said: Birth, now: number): Finding {
  const { from } = one.absence;
  if (one.bye) return { ...(one.absence.cause === 'power-cut' ? verdictOf(one) : whyStopped(one)), from, aliveAt: null };
  if (said.boot === one.boot) return { ...whyOnSameBoot(one, said, now), from, aliveAt: null };
  const found = said.previous && isOfThis(one, said, now) ? said.previous : undefined;
  const aliveAt = found === undefined ? null : markOf(one, said, now);
  if (found === undefined) return { ...without(one.absence), from, aliveAt };
  if (livedOn(one, said, now)) return { ...lineOf(one, { gone: found.gone, said, now }, 0.9), from, aliveAt };
  const why = whyOnNewBoot(one, found, now);
  // There was a boot between that nobody heard: how that one ended is not how this began.
  const confidence = found.boot === one.boot ? why.confidence : Math.min(why.confidence, openUpTo);
  return { ...why, confidence, from: aliveAt ?? from, aliveAt };
}

/** The session went on, or the same one is heard again: nothing ended but the hearing. */
export function whyUnheard(one: Away, now: number): Outage {
  return lineOf(one, { gone: undefined, said: undefined, now }, 1);
}

/** What another PC's return may yet explain: nobody is sure of it. */
export function isOpen({ cause, confidence }: Outage): boolean {
  return cause !== 'intended' && confidence < sureFrom;
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

/** The last mark of a boot that ended when it was lost; null of one that lived on. */
function powerLostAt({ absence: { aliveAt, goneBy } }: Away): number | null {
  return aliveAt !== null && aliveAt <= goneBy + livedOnMs ? aliveAt : null;
}

/** By its last mark, or, of one that lived on, between its last word and the time at which it was missed. */
function isLostAt(one: Away, at: number): boolean {
  const { aliveAt, cause, from, goneBy, to } = one.absence;
  if (aliveAt !== null) return Math.abs((powerLostAt(one) ?? Number.NaN) - at) <= togetherMs;
  return to !== null && (cause === 'link-down' || cause === 'power-cut') && at >= from - togetherMs && at <= goneBy;
}

/**
 * Of the PCs of a site that were away: those that lost their power when `one` did, and what that says; null where they are not half of the
 * site, or where one of them saw its mains all the time. Where nothing else spoke of the power, and each began a new boot, they may all have
 * been made to start anew.
 */
export function lostPowerTogether(one: Away, site: readonly PcRecord[]): Joint | null {
  const expected = site.filter((pc) => pc.heardAt !== null && pc.presence !== 'stopped');
  const together = lostWith(one, site);
  if (together.length < 2 || together.length * 2 < expected.length || hadMains(together)) return null;
  const isSeen = together.some((away) => {
    const { cause, confidence } = away.absence;
    return powerLostAt(away) === null || (cause === 'power-cut' && confidence > openUpTo);
  });
  return { why: isSeen || !isBackIn(one, forcedMs) ? powerOfSite : powerOrRestart, together };
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
 * Of the PCs of a state: those that lost their power when `one` did, where the boots of enough sites ended then, and what that says; null where
 * one saw its mains all the time. Who lived on proves nothing of its power, and one PC that is switched off beside a broken line is no cut of a
 * state. Without one that saw its mains go, systems that were all made to start anew look the same, until it takes too long.
 */
export function lostPowerWidely(one: Away, state: readonly PcRecord[]): Joint | null {
  const wide = lostWith(one, state);
  const ended = new Set(wide.filter((away) => powerLostAt(away) !== null).map(({ pc }) => siteOf(pc)));
  if (ended.size < leastSites || hadMains(wide)) return null;
  const isSeen = wide.some(({ absence }) => absence.cause === 'power-cut' && absence.confidence >= sureFrom);
  return { why: isSeen || !isBackIn(one, forcedMs) ? powerOfRegion : powerOrRestart, together: wide };
}

/** PCs that went for one reason. */
export type Joint = { why: Outage; together: readonly Away[] };

function hadMains(away: readonly Away[]): boolean {
  return away.some(({ absence }) => absence.cause === 'link-down' && absence.confidence >= sureFrom);
}

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
  if (supply !== null) return supply.how === 'long' ? { cause: 'link-down', confidence: openUpTo } : powerCutOf(one, supply);
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
function powerCutOf({ absence: { cause, confidence } }: Away, { how }: Supply): Outage {
  const found = powerCutBy[how];
  return cause === 'power-cut' && confidence > found.confidence ? { cause, confidence } : found;
}

function verdictOf({ absence: { cause, confidence } }: Away): Outage {
  return { cause, confidence };
}

function supplyOf(one: Away, { gone, said, now }: Told): Supply | null {
  if (gone === undefined) return null;
  const { from, goneBy } = one.absence;
  const offsetMs = (said?.at ?? now) - now;
  const mains = { from: gone.from - offsetMs, to: gone.to === null ? null : gone.to - offsetMs };
  return supplyAtLoss(one, mains, { from, goneBy, to: now, isTrueClock: Math.abs(offsetMs) <= trueClockMs });
}

function whyOnNewBoot(one: Away, { bye, crashed, mains, begun, gone, aliveAt }: Previous, now: number): Outage {
  const { cause, confidence, from } = one.absence;
  // Nobody heard it: perhaps the line was down before, and somebody tried what helps at home.
  if (bye !== null) return { cause: 'intended', confidence: 0.8 };
  if (crashed) return { cause: 'crash', confidence: 0.95 };
  if (begun !== undefined) return { cause: 'intended', confidence: 0.9 };
  // A system that starts anew by itself may be in an update that nobody told of.
  const isBrief = now - from < restartMs;
  if (cause === 'pc-off') return { cause, confidence: isBrief ? openUpTo : sureOfAlone(one, 0.8) };
  const supply = gone === undefined ? batteryWord(one) : supplyAtEnd(gone, aliveAt);
  if (supply !== null) return powerCutOf(one, supply);
  // An agent that does not say since when.
  if (mains === false) return { cause: 'power-cut', confidence: 0.85 };
  if (cause === 'power-cut') return { cause, confidence };
  // It has a battery, which had mains at the last mark: not the mains ended it, unless that battery was dead.
  return mains === true ? { cause: 'pc-off', confidence: isBrief ? openUpTo : 0.7 } : undetermined;
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
