/** A cache for questions that start a program or read many files. */
import type { Clock } from '@sabha/contracts';
import type { Answer, Platform, Query } from '../platform.ts';

export type Ask<T> = (platform: Platform, signal: AbortSignal) => Promise<Answer<T>>;

/**
 * `everyMs`: time to live of an answer. `isKept`: whether a known answer is cached; default all. Unknown answers are always cached.
 * `mark`: a cheap question. If its answer changes, the cached answer may be wrong and is read again, at the earliest after `leastMs`.
 */
export type Caching<T> = { everyMs: number; clock: Pick<Clock, 'up'>; isKept?(value: T): boolean; mark?: Query<string>; leastMs?: number };

/** Returns the cached answer, or asks again if it is stale or must not be cached. */
export function cachedQuery<T>(question: Query<T>, { everyMs, clock, isKept = () => true, mark, leastMs = 0 }: Caching<T>): Ask<T> {
  let last: { up: number; seen: string; answer: Answer<T> } | undefined;
  return async (platform, signal) => {
    const seen = mark === undefined ? '' : JSON.stringify(await platform.ask(mark, signal));
    const isGood = (one: NonNullable<typeof last>) =>
      clock.up() - one.up < (one.seen === seen ? everyMs : leastMs) && (!one.answer.known || isKept(one.answer.value));
    if (last === undefined || !isGood(last)) last = { up: clock.up(), seen, answer: await platform.ask(question, signal) };
    return last.answer;
  };
}
