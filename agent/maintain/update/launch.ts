/** What a launcher starts, and who watches a version on trial that does not watch itself. */
import type { Chosen, Slots } from './slots.ts';

/**
 * What to start now. `isTrial`: false for a self-test or an enrolment beside the running agent, which proves nothing.
 * Guarantee: whatever the disk refuses, there is an answer, and a version on trial is one only where its start was counted.
 */
export function chosen(slots: Pick<Slots, 'choose' | 'inUse'>, isTrial: boolean, say: (error: unknown) => void): Chosen {
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
 * The trial of this version is over, and it has had all the time to be proven or to take itself back: where it still is on trial it is hung.
 * It is ended also where the disk refuses: a start that cannot be counted is not one of a trial.
 */
export function endTrial(slots: Pick<Slots, 'read' | 'takeBack'>, version: string, end: () => void): void {
  let isOver = false;
  try {
    isOver = slots.read().trial?.version !== version;
    slots.takeBack(version, 'it ran and neither proved itself nor gave up', Date.now());
  } finally {
    if (!isOver) end();
  }
}
