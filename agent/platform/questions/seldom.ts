/** For a question that costs a program, or many files. */
import { type Clock, messageOf } from '#contracts';
import type { Answer, Platform, Question } from '../platform.ts';
import { shortText } from '../text.ts';

/** How a probe asks it. */
export type Ask<T> = (platform: Platform, signal: AbortSignal) => Promise<Answer<T>>;

/** Asks anew when the last answer is older than this. Guarantee: it never throws, so that what hangs on other answers is still told. */
export function asksSeldom<T>(question: Question<T>, everyMs: number, clock: Pick<Clock, 'up'>): Ask<T> {
  let last: { up: number; answer: Answer<T> } | undefined;
  return async (platform, signal) => {
    if (last === undefined || clock.up() - last.up >= everyMs)
      last = { up: clock.up(), answer: await askCalmly(question, platform, signal) };
    return last.answer;
  };
}

/** What fails is not known, with its reason. */
export function askCalmly<T>(question: Question<T>, platform: Platform, signal: AbortSignal): Promise<Answer<T>> {
  return platform.ask(question, signal).catch((error: unknown) => ({ known: false as const, reason: shortText(messageOf(error)) }));
}
