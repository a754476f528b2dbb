/**
 * Why a PC is away, judged from what the server has seen; pure. The first row that fits decides: its own messages, then its site, then its
 * state or provider. The confidences are calibrated by `npm run bench -- verdicts`. The product figures were chosen with other seeds.
 */
import { links, type Outage, openUpTo } from '@sabha/contracts';
import { moveTimes } from '../memory/memory.ts';
import type { Absence, PcRecord } from '../records/incidents.ts';
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
export const perhapsPower: Outage = { cause: 'power-cut', confidence: 0.55 };

/** A goodbye or an update while something points to the power: the program of a UPS says goodbye too. */
export const perhapsIntended: Outage = { cause: 'intended', confidence: openUpTo };

/** A goodbye with nothing beside it. */
export const surelyIntended: Outage = { cause: 'intended', confidence: 0.99 };

/** Two batteries of a site that lost their mains in one minute. */
const powerCutOfTwo: Outage = { cause: 'power-cut', confidence: 0.9 };
/** Most that a neighbour which is back after a power cut says of a PC that is still away. */
const mostOfReturned = 0.7;

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
  const back = neighbours.find((other) => cameBack(other, one))?.absence;
  if (back) return { cause: 'power-cut', confidence: Math.min(mostOfReturned, back.confidence) };
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

/** Another PC of the site went with this one, is back, and found that the power had been cut. */
function cameBack(other: PcRecord, one: Away): boolean {
  return hasAbsence(other) && other.absence.to !== null && other.absence.cause === 'power-cut' && wentTogether(other, one);
}

/** So many losses in this time. */
const often = 3;
const dropsMs = 10 * 60_000;

/** Guarantee: holds three numbers of a PC at most, and none of one that never lost a session. */
export function createDrops() {
  const times = new Map<string, readonly number[]>();
  return {
    /** Records that a PC lost its session without a clean disconnect. */
    dropped: (pc: string, now: number) => void times.set(pc, [...(times.get(pc) ?? []), now].slice(-often)),
    /** When it was last lost, where that was the third time in ten minutes and is no longer ago than that. */
    unsteadyAt(pc: string, now: number): number | null {
      const [first = now, , last] = times.get(pc) ?? [];
      return last !== undefined && last - first <= dropsMs && now - last <= dropsMs ? last : null;
    },
    setClock: (byMs: number): void => void moveTimes(times, byMs),
    forget: (pc: string) => void times.delete(pc),
  };
}
