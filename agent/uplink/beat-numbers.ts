/** Which numbers a beat carries: what changed, and of the rest a few in turn, as far as there is room (beat-room.ts). */
import type { BeatKey } from '#contracts';
import type { Numbers } from '../checks/check-table.ts';

/** So many beats after it was last said, a number is said again though it did not change. */
const againAfter = 8;
const significantDigits = 3;

/**
 * Guarantee: with the 29 numbers that there are and 60 B of room each one is said again within 15 acknowledged beats, so that a receiver which
 * began in the middle has all of them by then, and what it did not hear in 16 is gone.
 */
export function createBeatNumbers() {
  const told = new Map<string, { value: number; beat: number }>();
  let beat = 0;
  return {
    /** What this beat is to carry, in at most `roomBytes` of JSON. */
    pick: (numbers: Numbers, roomBytes: number): Numbers => {
      const rows = Object.entries(numbers).map(([key, value]) => ({ key, value: shortened(value), said: told.get(key) }));
      const wanted = rows
        .filter(({ value, said }) => said === undefined || rounded(said.value) !== rounded(value) || beat - said.beat >= againAfter)
        .sort((a, b) => (a.said?.beat ?? -1) - (b.said?.beat ?? -1));
      return fitting(wanted, roomBytes);
    },
    /** The beat of this pick was acknowledged. */
    said: (picked: Numbers): void => {
      for (const [key, value] of Object.entries(picked)) told.set(key, { value, beat });
      beat += 1;
    },
    /** Who listens now may have heard nothing: all of it is news. */
    forget: (): void => told.clear(),
  };
}

function fitting(rows: readonly { key: string; value: number }[], roomBytes: number): Numbers {
  const picked: Numbers = {};
  let left = roomBytes;
  for (const { key, value } of rows) {
    const bytes = JSON.stringify(key).length + String(value).length + 2;
    if (bytes > left) continue;
    picked[key as BeatKey] = value;
    left -= bytes;
  }
  return picked;
}

/** As short as a number can be said; of a long one no digit is dearer than a zero. */
function shortened(value: number): number {
  return Math.abs(value) < 1_000 ? rounded(value) : Math.round(value);
}

/** A figure that trembles in its last digit is no news. */
function rounded(value: number): number {
  return Number(value.toPrecision(significantDigits));
}
