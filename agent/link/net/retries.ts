/** Repeats a request, because one lost packet does not prove that a host is absent. */
import type { Clock } from '@sabha/contracts';

/** All responses, and the number of attempts that are late or failed. */
export type Tally<T> = { responses: T[]; lost: number };
/**
 * Running request. `first` resolves with the first response or at the deadline; `responses` collects responses; `stop` ends it and returns
 * the result.
 */
export type Repeated<T> = { first: Promise<void>; responses: readonly T[]; stop(): Tally<T> };

/** `everyMs`: interval to the next attempt. `isEnough`: these responses suffice. `waits`: skips attempts for now. */
export type RepeatOptions<T> = {
  clock: Clock;
  everyMs(): number;
  signal: AbortSignal;
  isEnough?: (responses: readonly T[]) => boolean;
  waits?: () => boolean;
};

/** An attempt without response after this time is lost, on a satellite link too. */
const lateMs = 2_500;

/**
 * Sends at once, then at each interval until it is stopped or aborted. Undefined counts as no response. `stop` throws the first
 * failure.
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

/** Returns a signal that aborts with the outer one, after the limit, or by `end`. Nothing started with it continues. */
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
