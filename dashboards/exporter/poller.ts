/** Asks the API of `flows` for its snapshot, over and over. */
import { type Cancel, type Clock, oneLine } from '#contracts';
import { type FleetSnapshot, readSnapshot } from './snapshot.ts';

const periodMs = 5_000;
const answerLimitMs = 4_000;

export type PollOptions = {
  /** Address of the API, such as http://127.0.0.1:1880. */
  api: string;
  clock: Clock;
  onSnapshot(snapshot: FleetSnapshot): void;
  /** Told for every poll that brought no snapshot, in one line. */
  onFailed(line: string): void;
};

/** Polls at once and then every 5 s; an answer that takes longer than 4 s is none. */
export function pollApi({ api, clock, onSnapshot, onFailed }: PollOptions): { close(): void } {
  let asking = new AbortController();
  let cancelNext: Cancel = () => {};
  let closed = false;

  async function poll(): Promise<void> {
    const startedAt = clock.up();
    const late = new AbortController();
    asking = late;
    const cancelLate = clock.after(answerLimitMs, () => late.abort());
    const answer = await ask(new URL('/api/snapshot', api), late.signal);
    cancelLate();
    if (closed) return;
    cancelNext = clock.after(startedAt + periodMs - clock.up(), () => void poll());
    if (answer.ok) onSnapshot(answer.value);
    else onFailed(late.signal.aborted ? `no answer in ${answerLimitMs / 1_000} s` : answer.line);
  }

  void poll();
  return {
    close() {
      closed = true;
      cancelNext();
      asking.abort();
    },
  };
}

async function ask(url: URL, signal: AbortSignal): Promise<ReturnType<typeof readSnapshot>> {
  try {
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok) {
      await response.body?.cancel();
      return { ok: false, line: `answered with status ${response.status}` };
    }
    return readSnapshot(await response.json());
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    return { ok: false, line: oneLine(cause?.code ?? cause?.message ?? message, 120) };
  }
}
