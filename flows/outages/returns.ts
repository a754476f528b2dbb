/** Why a PC was away, judged from what it says at its return; pure. */
import { links, type Outage, type Previous } from '#contracts';
import type { PcEvent, PcRecord } from '../records/incidents.ts';
import { type Away, batterySince, hasAbsence, undetermined, windowMs } from './outages.ts';

/** Marks are written every 30 s: one this much later than the loss was written by a PC that was alive without being heard. */
const livedOnMs = 60_000;
/** PCs whose last marks stand this close together lost their power together. */
const togetherMs = 90_000;
/** What is likely, and by a way that nobody saw. */
const unsure = 0.6;
/** A clock that is out by more tells nothing of seconds. */
const trueClockMs = 60_000;

type Birth = Extract<PcEvent, { type: 'birth' }>;

/** What a return says of the absence before it. */
export type Finding = Outage & { from: number; aliveAt: number | null };

/**
 * What the return says of the absence; `one` is the record as it was before.
 * Guarantee: `link-down` is said with certainty only of a process that lived through the whole absence.
 */
export function whyWasAway(one: Away, said: Birth, now: number): Finding {
  const { from, cause } = one.absence;
  if (one.bye) return { cause: 'intended', confidence: 0.99, from, aliveAt: null };
  if (said.boot === one.boot) return { ...whyOnSameBoot(one, said, now), from, aliveAt: null };
  const found = said.previous && isOfThis(one, said, now) ? said.previous : undefined;
  const aliveAt = found === undefined ? null : markOf(one, said, now);
  if (found === undefined) return { ...without(cause), from, aliveAt };
  if (livedOn(one, said, now)) return { ...lineOf(one, 0.9), from, aliveAt };
  const why = whyOnNewBoot(one, found);
  // There was a boot between that nobody heard: how that one ended is not how this began.
  const confidence = found.boot === one.boot ? why.confidence : Math.min(why.confidence, unsure);
  return { ...why, confidence, from: aliveAt ?? from, aliveAt };
}

/** The session went on, or the same one is heard again: nothing ended but the hearing. */
export function whyUnheard(one: Away): Outage {
  return lineOf(one, 1);
}

/** Of the PCs of a site that were away: those that lost their power when `aliveAt` was; none where they are not half of the site. */
export function lostPowerTogether(aliveAt: number, site: readonly PcRecord[]): Away[] {
  const expected = site.filter((pc) => pc.heardAt !== null && pc.presence !== 'stopped');
  const together = site.filter(hasAbsence).filter(({ absence }) => isNear(absence.aliveAt, aliveAt));
  return together.length >= 2 && together.length * 2 >= expected.length ? together : [];
}

function whyOnSameBoot(one: Away, { apartMs }: Birth, now: number): Outage {
  const { from, cause, confidence } = one.absence;
  // An agent that cannot tell whether it was running: what was seen from here stands, and else nobody knows.
  if (apartMs === undefined) return cause === 'undetermined' ? { cause: 'link-down', confidence: unsure } : { cause, confidence };
  if (apartMs === null) return { cause: 'pc-off', confidence: 0.9 };
  // Between its last word and its own notice of the loss lie a beat, and a ping that is not answered.
  const slept = now - from - apartMs > windowMs(one) + links[one.link].beatMs;
  return slept ? { cause: 'pc-off', confidence: 0.8 } : lineOf(one, 1);
}

/** It ran and was not heard: its own cable where its site was there, its power where that went just before, the line of many, or of its site. */
function lineOf(one: Away, confidence: number): Outage {
  const { cause, from } = one.absence;
  if (cause === 'pc-off') return { cause, confidence: 0.9 };
  if (cause === 'upstream') return { cause, confidence: 0.95 };
  const since = batterySince(one);
  if (since !== null && from - since <= windowMs(one)) return { cause: 'power-cut', confidence: 0.8 };
  return { cause: 'link-down', confidence };
}

function whyOnNewBoot(one: Away, { bye, crashed, mains }: Previous): Outage {
  const { cause } = one.absence;
  if (bye !== null) return { cause: 'intended', confidence: 0.99 };
  if (crashed) return { cause: 'crash', confidence: 0.95 };
  if (mains === false || cause === 'power-cut') return { cause: 'power-cut', confidence: 0.95 };
  if (cause === 'pc-off') return { cause, confidence: 0.8 };
  // It has a battery, which had mains at the last mark: not the mains ended it, unless that battery was dead.
  return mains === true ? { cause: 'pc-off', confidence: 0.7 } : undetermined;
}

/** A new boot without a word of the one before. */
function without(cause: Outage['cause']): Outage {
  if (cause === 'power-cut') return { cause, confidence: 0.9 };
  return cause === 'pc-off' ? { cause, confidence: 0.8 } : undetermined;
}

/** What is told of an earlier boot is told of this absence: of the boot that was lost, or of a later time. */
function isOfThis(one: Away, said: Birth, now: number): boolean {
  return said.previous?.boot === one.boot || markOf(one, said, now) !== null;
}

/** The last mark on the centre's clock: by the clock as it is now, else as it was written; null where neither can be. */
function markOf({ absence }: Away, said: Birth, now: number): number | null {
  const written = said.previous?.aliveAt ?? Number.NaN;
  const offsetMs = (said.at ?? now) - now;
  const fits = (at: number) => at >= absence.from - togetherMs && at <= now;
  return [written - offsetMs, written].find(fits) ?? null;
}

/** Its marks went on after it was lost, by a clock that is right. */
function livedOn({ absence }: Away, said: Birth, now: number): boolean {
  const isTrue = Math.abs((said.at ?? Number.NaN) - now) <= trueClockMs;
  return isTrue && (said.previous?.aliveAt ?? 0) > absence.goneBy + livedOnMs && (said.previous?.aliveAt ?? 0) <= now;
}

function isNear(a: number | null, b: number): boolean {
  return a !== null && Math.abs(a - b) <= togetherMs;
}
