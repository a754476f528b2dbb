/** For a question that costs a program, or many files. */
import type { Clock } from '#contracts';
import type { Answer, Platform, Question } from '../platform.ts';

/** How a probe asks it. */
export type Ask<T> = (platform: Platform, signal: AbortSignal) => Promise<Answer<T>>;

/** Asks anew when the last answer is older than this, or failed. */
export function asksSeldom<T>(question: Question<T>, everyMs: number, clock: Pick<Clock, 'up'>): Ask<T> {
  let last: { up: number; answer: Answer<T> } | undefined;
  return async (platform, signal) => {
    if (last === undefined || clock.up() - last.up >= everyMs) last = { up: clock.up(), answer: await platform.ask(question, signal) };
    return last.answer;
  };
}
