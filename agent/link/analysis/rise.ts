/**
 * How far the processor is above its room, against what was usual for this very PC in the last fortnight: dust and a dying fan show in it, the
 * season does not. Rises are kept as they would be at sea level, so that they still hold when the PC or the table's elevation moves.
 */
import * as v from 'valibot';

const dayOf = v.object({ day: v.number(), sum: v.number(), count: v.number() });
const hourOf = v.object({ hour: v.number(), celsius: v.number() });
/** Rises of each day by band and reference, and the coldest of each of the last hours. */
export const riseMemory = v.object({ days: v.record(v.string(), v.array(dayOf)), hours: v.array(hourOf) });
/** What is remembered of one PC. */
export type RiseMemory = v.InferOutput<typeof riseMemory>;

/** Nothing is known yet. */
export const emptyMemory: RiseMemory = { days: {}, hours: [] };

const bands = { restBelow: 0.2, loadFrom: 0.6 };
const daysKept = 14;
const daysNeeded = 3;
/** A day on which the PC ran for a moment says nothing. */
const samplesNeeded = 10;
const hoursKept = 24;
/** A night with the PC off may be missing. */
const hoursNeeded = 12;
/** A fourth more than usual is high; of a few degrees a fourth is noise. */
export const tooHigh = { factor: 1.25, celsius: 5 };

/** The band of a load from 0 to 1; null between the two. */
export function bandOf(loadRatio: number): 'rest' | 'load' | null {
  if (loadRatio < bands.restBelow) return 'rest';
  return loadRatio >= bands.loadFrom ? 'load' : null;
}

/** Takes a processor's temperature into the coldest of its hour. */
export function withHour(memory: RiseMemory, at: number, celsius: number): RiseMemory {
  const hour = Math.floor(at / 3_600_000);
  const before = memory.hours.find((one) => one.hour === hour)?.celsius ?? celsius;
  const others = memory.hours.filter((one) => one.hour !== hour && one.hour > hour - hoursKept);
  return { ...memory, hours: [...others, { hour, celsius: Math.min(before, celsius) }].slice(-hoursKept) };
}

/** Null before enough hours are known. */
export function coldestOf({ hours }: RiseMemory): number | null {
  return hours.length < hoursNeeded ? null : Math.min(...hours.map(({ celsius }) => celsius));
}

/** Adds a rise, as it would be at sea level, to its day. Days ahead of a clock that was set back stay: it may be the clock that is wrong. */
export function withRise(memory: RiseMemory, key: string, { at, rise }: { at: number; rise: number }): RiseMemory {
  const today = Math.floor(at / 86_400_000);
  const kept = (memory.days[key] ?? []).filter(({ day }) => day >= today - daysKept);
  const now = kept.find(({ day }) => day === today) ?? { day: today, sum: 0, count: 0 };
  const next = { day: today, sum: now.sum + rise, count: now.count + 1 };
  return { ...memory, days: { ...memory.days, [key]: [...kept.filter((one) => one !== now), next].slice(-daysKept - 1) } };
}

/** The median of the days before today: some warm days do not move it. Null before there are three. */
export function usualRise(memory: RiseMemory, key: string, at: number): number | null {
  const today = Math.floor(at / 86_400_000);
  const means = (memory.days[key] ?? [])
    .filter(({ day, count }) => day < today && day >= today - daysKept && count >= samplesNeeded)
    .map(({ sum, count }) => sum / count)
    .sort((a, b) => a - b);
  if (means.length < daysNeeded) return null;
  const middle = Math.floor(means.length / 2);
  return means.length % 2 === 1 ? (means[middle] ?? null) : ((means[middle - 1] ?? 0) + (means[middle] ?? 0)) / 2;
}

/** `rise` now and what was usual, both as at sea level; `factor` makes degrees of this height of them. */
export function compareRise(rise: number, usual: number, factor: number): { ratio: number; isHigh: boolean } {
  // Of a PC that is hardly warmer than its room no ratio can be told.
  const ratio = usual > 0 ? rise / usual : 1;
  return { ratio, isHigh: ratio > tooHigh.factor && (rise - usual) * factor >= tooHigh.celsius };
}
