/**
 * Why a PC is away, judged from what the centre has seen; pure. The first row that fits decides: its own words, then its site, then its state
 * or provider. The confidences are calibrated: `npm run bench -- verdicts`, whose stories of tuning are others than those of its rows.
 */
import { links, type Outage, openUpTo } from '#contracts';
import type { Absence, PcRecord } from '../records/incidents.ts';
import { returns } from './pc.ts';
import { batteryWord, type Supply, toldLateMs } from './power.ts';

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

/** How sure a power cut is by what is known of the mains; no battery tells whether it was unplugged. */
export const powerCutBy: Record<Supply['how'], Outage> = {
  ended: { cause: 'power-cut', confidence: 0.95 },
  fresh: { cause: 'power-cut', confidence: 0.9 },
  drained: { cause: 'power-cut', confidence: openUpTo },
  long: { cause: 'power-cut', confidence: openUpTo },
};

/**
 * The verdict while it is away.
 * Guarantee: `power-cut` needs a battery's word, of this PC or of its site; `link-down` is never said before the return, since nobody can know.
 */
export function whyAway(one: Away, { neighbours, upstream, now }: Around): Outage {
  const isExpected = one.presence === 'silent' && returns(one) !== null;
  if (one.bye && !isExpected) return { cause: 'intended', confidence: 0.99 };
  const isAlone = neighbours.some((other) => stayed(other, one));
  const own = batteryWord(one);
  // The power of its site is there: who ran on battery beside it was unplugged.
  if (own !== null && !isAlone) return powerCutBy[own.how];
  const beside = neighbours.map((other) => powerBeside(other, one, now)).find((said) => said !== null);
  if (beside) return beside;
  if (isAlone) return { cause: 'pc-off', confidence: 0.8 };
  if (neighbours.some((other) => cameBack(other, one))) return { cause: 'power-cut', confidence: 0.7 };
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

/** What another PC of the site says of the power when this one went: it runs on its battery since, or went with it. */
function powerBeside(other: PcRecord, one: Away, now: number): Outage | null {
  if (isAway(other)) {
    const said = other.presence !== 'stopped' && wentTogether(other, one) ? batteryWord(other) : null;
    return said && powerCutBy[said.how];
  }
  const said = other.presence === 'online' ? batteryWord(other, now) : null;
  return said !== null && said.since >= one.absence.from && said.since <= one.absence.goneBy + toldLateMs ? powerCutBy.fresh : null;
}

/** Another PC of the site was heard after this one was gone, on its mains, and had not been away itself: site and line stand. */
function stayed(other: PcRecord, one: Away): boolean {
  const isThere = other.presence === 'online' && !isAway(other) && (other.heardAt ?? 0) > one.absence.goneBy;
  return isThere && !(hasAbsence(other) && wentTogether(other, one));
}

/** Another PC of the site went with this one, is back, and found that the power had been cut. */
function cameBack(other: PcRecord, one: Away): boolean {
  return hasAbsence(other) && other.absence.to !== null && other.absence.cause === 'power-cut' && wentTogether(other, one);
}
