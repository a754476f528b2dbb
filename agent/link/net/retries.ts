/** Repeats a request, because one lost packet does not prove that a host is absent. */
import type { Clock } from '@sabha/contracts';

/** All responses, and the number of attempts that failed or had no response in time. */
export type Tally<T> = { responses: T[]; lost: number };
/**
 * Handle of a running request. `first` resolves with the first sufficient response, an error, or the end. `stop` ends the request and
 * returns the result.
 */
export type Repeated<T> = { first: Promise<void>; responses: readonly T[]; stop(): Tally<T> };

/** `everyMs`: interval between attempts. `isEnough`: true if these responses suffice. `waits`: while true, attempts are skipped. */
export type RepeatOptions<T> = {
  clock: Clock;
  everyMs(): number;
  signal: AbortSignal;
  isEnough?: (responses: readonly T[]) => boolean;
  waits?: () => boolean;
};

/** An attempt without a response after this time counts as lost. The time exceeds the round trip of a satellite link. */
const lateMs = 2_500;

/**
 * Calls `ask` at once and then at each interval, until stopped or aborted. `ask` resolves with undefined if no response came. `stop` throws
 * the first error of `ask`.
 */
export function repeatRequest<T>(
  { clock, everyMs, signal, isEnough = (responses) => responses.length > 0, waits = () => false }: RepeatOptions<T>,
  ask: () => Promise<T | undefined>,
): Repeated<T> {
  const responses: T[] = [];
  const pending = new Set<{ at: number }>();
  const first = Promise.withResolvers<void>();
  let [lost, isOver] = [0, false];
  let failed: { error: unknown } | undefined;
  let cancel = () => {};
  const end = () => {
    if (isOver) return;
    isOver = true;
    cancel();
    signal.removeEventListener('abort', end);
    lost += [...pending].filter(({ at }) => clock.up() - at >= lateMs).length;
    first.resolve();
  };
  const tryOnce = async () => {
    const own = { at: clock.up() };
    pending.add(own);
    const answer = await ask();
    pending.delete(own);
    if (isOver) return;
    if (answer === undefined) lost += 1;
    else responses.push(answer);
    if (isEnough(responses)) first.resolve();
  };
  const go = () => {
    cancel = clock.after(everyMs(), go);
    if (waits()) return;
    tryOnce().catch((error) => {
      failed ??= { error };
      first.resolve();
    });
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  else go();
  return {
    first: first.promise,
    responses,
    stop() {
      end();
      if (failed) throw failed.error;
      return { responses, lost };
    },
  };
}

/** Returns a signal that aborts with the outer signal, after the limit, or when `end` is called. */
export function withDeadline(clock: Clock, outer: AbortSignal, limitMs: number): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const cancel = clock.after(limitMs, () => own.abort());
  return {
    signal: AbortSignal.any([outer, own.signal]),
    end() {
      cancel();
      own.abort();
    },
  };
}
