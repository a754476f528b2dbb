/**
 * Why a PC is away, judged from what the centre has seen; pure. The first row that fits decides: its own words, then its site, then its state
 * or provider. The confidences are calibrated: `npm run bench -- verdicts`, whose stories of tuning are others than those of its rows.
 */
import { links, type Outage, openUpTo } from '#contracts';
import type { Absence, PcRecord } from '../records/incidents.ts';
import { returns } from './pc.ts';
import { batteryWord, type Supply, seesMains, toldLateMs } from './power.ts';

/** A PC with the time in which it is, or was, away. */
export type Away = PcRecord & { absence: Absence };

/** What of the neighbours is known when a cause is sought. */
export type Around = {
  /** The other PCs of its site. */
  neighbours: readonly PcRecord[];
  /** What the sites of its state or its provider say that went at the same time; null for nothing. */
  upstream(): Outage | null;
  now: number;
};

/** The cause of what nothing explains. */
export const undetermined: Outage = { cause: 'undetermined', confidence: 0.5 };

/**
 * One battery that lost its mains, whether it ended soon or its line went with them: no battery tells whether it was unplugged, had worn out, or
 * stands in a laptop that was taken off its dock. That is told less often than six times in ten of a cut.
 */
export const perhapsPower: Outage = { cause: 'power-cut', confidence: 0.55 };

/** A goodbye where something speaks of the power: the program of a UPS says it too. */
export const perhapsIntended: Outage = { cause: 'intended', confidence: openUpTo };

/** A line of many sites, where nothing else may have taken them all. */
export const lineOfMany: Outage = { cause: 'upstream', confidence: 0.85 };

/** Two batteries of a site that lost their mains in one minute. */
const powerCutOfTwo: Outage = { cause: 'power-cut', confidence: 0.9 };
/** The same, and one of them came to its end. */
const powerCutToTheEnd: Outage = { cause: 'power-cut', confidence: 0.95 };
/** A battery that came to its end, beside a PC that went dark when its mains went. */
const powerCutBesideDark: Outage = { cause: 'power-cut', confidence: 0.85 };

/**
 * The verdict while it is away.
 * Guarantee: `power-cut` needs a battery's word, of this PC or of its site, and is not sure without a second PC that says the same; `link-down` is never said before the return, since nobody can know.
 */
export function whyAway(one: Away, { neighbours, upstream, now }: Around): Outage {
  const isExpected = one.presence === 'silent' && returns(one) !== null;
  const own = batteryWord(one);
  const isMains =
    own !== null && neighbours.some((other) => wentOnBattery(other, { after: own.since - toldLateMs, until: own.since + toldLateMs, now }));
  if (one.bye && !isExpected) return whyStoppedBeside(one, isMains, neighbours);
  const isAlone = neighbours.some((other) => stayed(other, one));
  // The power of its site is there: who ran on battery beside one that does not was unplugged.
  if (own !== null && (isMains || !isAlone)) return powerCutBy(own, isMains, neighbours);
  const beside = powerBeside(neighbours, one, now);
  if (beside) return beside;
  if (isAlone) return pcOff(neighbours, one);
  const back = neighbours.find((other) => cameBack(other, one))?.absence;
  if (back) return { cause: 'power-cut', confidence: Math.min(0.7, back.confidence) };
  return upstream() ?? undetermined;
}

/** How far apart two PCs that went for one reason may be noticed: W = 1.5 keepalives and a minute. */
export function windowMs({ link }: PcRecord): number {
  return 1.5 * links[link].keepaliveMs + 60_000;
}

/** True where both went at the same time, as far as it can be told. */
export function wentTogether(a: Away, b: Away): boolean {
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

/**
 * Why one that said goodbye did so. Guarantee: a battery that came to its end switches its PC off in order, perhaps for want of mains; on a
 * battery that lasts somebody rather did.
 */
export function whyStopped(one: PcRecord): Outage {
  const own = returns(one) === null ? batteryWord(one) : null;
  if (own === null) return { cause: 'intended', confidence: 0.99 };
  return own.how === 'ended' || own.how === 'drained' ? perhapsPower : perhapsIntended;
}

/** The same, by what the others of its site say of the power; who means to be back was switched off by nothing else. */
function whyStoppedBeside(one: Away, isMains: boolean, neighbours: readonly PcRecord[]): Outage {
  const stopped = whyStopped(one);
  if (returns(one) !== null) return stopped;
  if (isMains) return powerCutOfTwo;
  return stopped.confidence > openUpTo && isBesideDark(one, neighbours) ? perhapsIntended : stopped;
}

/** By its own battery, and by who else of its site lost the mains with it, on a battery or at once. */
function powerCutBy(own: Supply, isMains: boolean, neighbours: readonly PcRecord[]): Outage {
  const isEnded = own.how === 'ended';
  if (isMains) return isEnded ? powerCutToTheEnd : powerCutOfTwo;
  return isEnded && neighbours.some((other) => wentDark(other, own.since)) ? powerCutBesideDark : perhapsPower;
}

/** It is away without a goodbye since that time. */
function wentDark(other: PcRecord, at: number): boolean {
  return isLost(other) && at >= other.absence.from - toldLateMs && at <= other.absence.goneBy + toldLateMs;
}

function isLost(other: PcRecord): other is Away {
  return isAway(other) && other.presence !== 'stopped';
}

/**
 * Another PC of the site went without a goodbye when this one said its own, which knows nothing of its mains; or it may have gone: for a beat
 * nobody can tell.
 */
function isBesideDark(one: Away, neighbours: readonly PcRecord[]): boolean {
  return !seesMains(one) && neighbours.some((other) => (isLost(other) ? wentTogether(other, one) : isUnheardSince(other, one)));
}

function isUnheardSince({ presence, heardAt }: PcRecord, { absence }: Away): boolean {
  return presence === 'online' && heardAt !== null && heardAt <= absence.goneBy;
}

/** What other PCs of the site say of the power when this one went: two that ran on battery since saw a cut, one may have been unplugged. */
function powerBeside(neighbours: readonly PcRecord[], one: Away, now: number): Outage | null {
  const { from, goneBy } = one.absence;
  const lost = neighbours.filter(isLost).filter((other) => wentTogether(other, one));
  const told = lost.flatMap((other) => batteryWord(other) ?? []);
  const there = neighbours.filter((other) => !isAway(other) && wentOnBattery(other, { after: from, until: goneBy + toldLateMs, now }));
  if (told.length + there.length === 0) return null;
  const isMains = there.length > 1 || told.some((a, at) => told.slice(at + 1).some((b) => Math.abs(a.since - b.since) <= toldLateMs));
  return isMains ? powerCutOfTwo : perhapsPower;
}

/** It runs on battery since that time, or did until it was lost. */
function wentOnBattery(other: PcRecord, { after, until, now }: { after: number; until: number; now: number }): boolean {
  const lastWordAt = isAway(other) ? other.absence.from : other.presence === 'online' ? now : null;
  const said = lastWordAt === null ? null : batteryWord(other, lastWordAt);
  return said !== null && said.since >= after && said.since <= until;
}

/** Another PC was heard after this one was gone, and is there now, whether or not it was away meanwhile. */
function isThere(other: PcRecord, one: Away): boolean {
  return other.presence === 'online' && !isAway(other) && (other.heardAt ?? 0) > one.absence.goneBy;
}

/** True while a PC is away and one of the others of its site answers: the site can be reached. */
export function isBeside(one: PcRecord | undefined, others: readonly PcRecord[]): boolean {
  return one !== undefined && isAway(one) && others.some((other) => isThere(other, one));
}

/** Another PC of the site was heard after this one was gone, on its mains, and had not been away itself: site and line stand. */
export function stayed(other: PcRecord, one: Away): boolean {
  // On a line that comes and goes it may have been away more than once meanwhile, and only the last time is held.
  const wasAway = hasAbsence(other) && (wentTogether(other, one) || (other.absence.to ?? 0) > one.absence.from);
  return isThere(other, one) && !wasAway;
}

/** Its site was there. Where others went with it, what they share may have failed, such as an access point; but not those that were switched off in order. */
function pcOff(neighbours: readonly PcRecord[], one: Away): Outage {
  const wentToo = neighbours.some((other) => hasAbsence(other) && other.absence.cause !== 'intended' && wentTogether(other, one));
  return { cause: 'pc-off', confidence: wentToo ? openUpTo : 0.8 };
}

/** Another PC of the site went with this one, is back, and found that the power had been cut. */
function cameBack(other: PcRecord, one: Away): boolean {
  return hasAbsence(other) && other.absence.to !== null && other.absence.cause === 'power-cut' && wentTogether(other, one);
}
