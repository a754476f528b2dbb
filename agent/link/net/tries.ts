/** One question asked again and again: silence is not absence. */
import type { Clock } from '@sabha/contracts';

/** What came of the tries: all answers, and how many tries have none although it is late. */
export type Tally<T> = { heard: T[]; lost: number };
/** A question that is being asked. `first` resolves with the first answer, or at the end of the time; `heard` grows; `stop` ends it and says what came. */
export type Asked<T> = { first: Promise<void>; heard: readonly T[]; stop(): Tally<T> };

/** `everyMs`: how long it is to the next try · `isEnough`: the answers so far end it · `waits`: for now there is no further try. */
export type Trying<T> = {
  clock: Clock;
  everyMs(): number;
  signal: AbortSignal;
  isEnough?: (heard: readonly T[]) => boolean;
  waits?: () => boolean;
};

/** After so long what has no answer is lost, on a satellite too. */
const lateMs = 2_500;

/** Asks at once, and once more every so often until it is stopped or over; an answer of undefined is none. Each try goes on until then. Where one fails, `stop` throws that. */
export function keepAsking<T>(
  { clock, everyMs, signal, isEnough = (heard) => heard.length > 0, waits = () => false }: Trying<T>,
  ask: () => Promise<T | undefined>,
): Asked<T> {
  const heard: T[] = [];
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
    else heard.push(answer);
    if (isEnough(heard)) first.resolve();
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
    heard,
    stop() {
      end();
      if (failed) throw failed.error;
      return { heard, lost };
    },
  };
}

/** Aborts when the outer one does, after so long, or when it is ended: then nothing goes on that was begun with it. */
export function limited(clock: Clock, outer: AbortSignal, limitMs: number): { signal: AbortSignal; end(): void } {
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
