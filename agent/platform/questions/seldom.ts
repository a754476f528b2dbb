/** For a question that costs a program, or many files. */
import type { Clock } from '#contracts';
import type { Answer, Platform, Question } from '../platform.ts';

/** How a probe asks it. */
export type Ask<T> = (platform: Platform, signal: AbortSignal) => Promise<Answer<T>>;

/** `isKept`: an answer that is good for so long; each is, where it is absent. What is not known is kept too: it costs the same. */
export type Seldom<T> = { everyMs: number; clock: Pick<Clock, 'up'>; isKept?(value: T): boolean };

/** Asks anew when the last answer is older than this, or not to be kept. */
export function asksSeldom<T>(question: Question<T>, { everyMs, clock, isKept = () => true }: Seldom<T>): Ask<T> {
  let last: { up: number; answer: Answer<T> } | undefined;
  return async (platform, signal) => {
    const isDue = last === undefined || clock.up() - last.up >= everyMs || (last.answer.known && !isKept(last.answer.value));
    if (last === undefined || isDue) last = { up: clock.up(), answer: await platform.ask(question, signal) };
    return last.answer;
  };
}
