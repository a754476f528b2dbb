/** Chooses the version that the launcher starts, and ends a trial that hangs. */
import type { BundleChoice, Slots } from './slots.ts';

/**
 * Returns the version to start. `isTrial` is false for a self-test or an enrolment, which cannot prove that a version works.
 * Guarantee: it returns a choice despite any disk error, and a version is on trial only if its start was counted.
 */
export function chooseBundle(slots: Pick<Slots, 'choose' | 'inUse'>, isTrial: boolean, say: (error: unknown) => void): BundleChoice {
  const inUse = () => ({ file: slots.inUse(), trial: null });
  for (const way of isTrial ? [() => slots.choose(Date.now()), inUse] : [inUse]) {
    try {
      return way();
    } catch (error) {
      say(error);
    }
  }
  return { file: null, trial: null };
}

/**
 * Kills a version that is still on trial at its deadline, and rejects it on disk. The version is killed even if the disk refuses the
 * write, because it may hang.
 */
export function endTrial(slots: Pick<Slots, 'read' | 'rejectTrial'>, version: string, end: () => void): void {
  let isOver = false;
  try {
    isOver = slots.read().trial?.version !== version;
    slots.rejectTrial(version, 'it ran, but did not reach the server', Date.now());
  } finally {
    if (!isOver) end();
  }
}
