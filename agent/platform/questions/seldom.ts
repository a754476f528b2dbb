/** For a question that costs a program, or many files. */
import type { Clock } from '@sabha/contracts';
import type { Answer, Platform, Question } from '../platform.ts';

/** How a probe asks it. */
export type Ask<T> = (platform: Platform, signal: AbortSignal) => Promise<Answer<T>>;

/**
 * `isKept`: an answer that is good for so long; each is, where it is absent. What is not known is kept too: it costs the same. `mark`: another
 * question, which costs little, and whose answer is another one when that of the first may be; for so long as `leastMs` that asks nothing anew.
 */
export type Seldom<T> = {
  everyMs: number;
  clock: Pick<Clock, 'up'>;
  isKept?(value: T): boolean;
  mark?: Question<string>;
  leastMs?: number;
};

/** Asks anew when the last answer is older than this, or not to be kept. */
export function asksSeldom<T>(question: Question<T>, { everyMs, clock, isKept = () => true, mark, leastMs = 0 }: Seldom<T>): Ask<T> {
  let last: { up: number; seen: string; answer: Answer<T> } | undefined;
  return async (platform, signal) => {
    const seen = mark === undefined ? '' : JSON.stringify(await platform.ask(mark, signal));
    const isGood = (one: NonNullable<typeof last>) =>
      clock.up() - one.up < (one.seen === seen ? everyMs : leastMs) && (!one.answer.known || isKept(one.answer.value));
    if (last === undefined || !isGood(last)) last = { up: clock.up(), seen, answer: await platform.ask(question, signal) };
    return last.answer;
  };
}
