/** When central was last told directly, across starts: the time of an empty file a reason, since a full disk takes hardly more than that. */
import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Vocabulary } from '#contracts';

/** What the centre tells without an incident. */
export type DirectReason = keyof Vocabulary['direct'];

/** What an earlier process told. */
export type ToldBefore = { at(reason: DirectReason): number | undefined; note(reason: DirectReason, at: number): void };

/** Keeps it in a folder, which is there. */
export function toldIn(folder: string): ToldBefore {
  const fileOf = (reason: DirectReason) => join(folder, `told-${reason}`);
  return {
    at: (reason) => statSync(fileOf(reason), { throwIfNoEntry: false })?.mtimeMs,
    note(reason, at) {
      try {
        closeSync(openSync(fileOf(reason), 'a'));
        utimesSync(fileOf(reason), at / 1_000, at / 1_000);
      } catch {
        // A disk that takes not even an empty file: the next start tells it once more, which is better than not at all.
      }
    },
  };
}
