/**
 * Compares how much warmer the processor is than the room with the usual difference (rise) of the last 14 days. Dust and a failing fan
 * increase the rise; the season does not. Rises are stored as at sea level. They stay valid if the PC moves or its elevation is corrected.
 */
import * as v from 'valibot';

const dayOf = v.object({ day: v.number(), sum: v.number(), count: v.number() });
const hourOf = v.object({ hour: v.number(), celsius: v.number() });
/** `days`: rises of each day, by load and temperature reference. `hours`: lowest temperature of each of the last hours. */
export const riseMemory = v.object({ days: v.record(v.string(), v.array(dayOf)), hours: v.array(hourOf) });
export type RiseMemory = v.InferOutput<typeof riseMemory>;

export const emptyMemory: RiseMemory = { days: {}, hours: [] };

const bands = { restBelow: 0.2, loadFrom: 0.6 };
const daysKept = 14;
const daysNeeded = 3;
/** Samples that a day needs to count; a PC that ran only briefly gives fewer. */
const samplesNeeded = 10;
const hoursKept = 24;
/** Hours needed to know the lowest temperature. Fewer than 24, because the PC may be off at night. */
const hoursNeeded = 12;
/** A rise is too high if it is a quarter and at least 5 °C above the usual one. Smaller differences are noise. */
export const tooHigh = { factor: 1.25, celsius: 5 };

/** Classifies a load from 0 to 1; returns null for a load between idle and busy. */
export function bandOf(loadRatio: number): 'rest' | 'load' | null {
  if (loadRatio < bands.restBelow) return 'rest';
  return loadRatio >= bands.loadFrom ? 'load' : null;
}

/** Stores a processor temperature if it is the lowest of its hour. */
export function withHour(memory: RiseMemory, at: number, celsius: number): RiseMemory {
  const hour = Math.floor(at / 3_600_000);
  const before = memory.hours.find((one) => one.hour === hour)?.celsius ?? celsius;
  const others = memory.hours.filter((one) => one.hour !== hour && one.hour > hour - hoursKept);
  return { ...memory, hours: [...others, { hour, celsius: Math.min(before, celsius) }].slice(-hoursKept) };
}

/** Returns the lowest temperature of the last hours; null if too few hours are known. */
export function coldestOf({ hours }: RiseMemory): number | null {
  return hours.length < hoursNeeded ? null : Math.min(...hours.map(({ celsius }) => celsius));
}

/** Adds a rise, converted to sea level, to its day. Keeps days in the future, because the present clock may be the wrong one. */
export function withRise(memory: RiseMemory, key: string, { at, rise }: { at: number; rise: number }): RiseMemory {
  const today = Math.floor(at / 86_400_000);
  const kept = (memory.days[key] ?? []).filter(({ day }) => day >= today - daysKept);
  const now = kept.find(({ day }) => day === today) ?? { day: today, sum: 0, count: 0 };
  const next = { day: today, sum: now.sum + rise, count: now.count + 1 };
  return { ...memory, days: { ...memory.days, [key]: [...kept.filter((one) => one !== now), next].slice(-daysKept - 1) } };
}

/** Returns the median of the days before today; null with fewer than three days. A few warm days do not change a median. */
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

/** `rise` (now) and `usual` are values at sea level. `factor` converts them to degrees at the elevation of this PC. */
export function compareRise(rise: number, usual: number, factor: number): { ratio: number; isHigh: boolean } {
  // A PC that is hardly warmer than its room gives no meaningful ratio.
  const ratio = usual > 0 ? rise / usual : 1;
  return { ratio, isHigh: ratio > tooHigh.factor && (rise - usual) * factor >= tooHigh.celsius };
}
