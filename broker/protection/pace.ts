/** The pace of each PC. What comes faster waits its turn; meanwhile aedes reads nothing more of that connection, so that the PC waits too. */
import { type Cancel, type Clock, createBuckets } from '#contracts';
import type { Limits } from './limits.ts';

/** What comes too fast is put off, not refused. */
export type Pace = ReturnType<typeof createPace>;

const nothing = { weight: 0, size: 0 };

type Line = { waiting: { dueAt: number; go: () => void }[]; cancel: Cancel };

/** Guarantee: what waits of one connection keeps its order, and no PC gets a new allowance by connecting again. */
export function createPace({ messages, bytes, longestWaitMs }: Limits, clock: Clock, onSlowed: (who: string) => void) {
  const byMessages = createBuckets(messages);
  const byBytes = createBuckets(bytes);
  const lines = new Map<object, Line>();
  const waitMs = (who: string, { weight, size }: { weight: number; size: number }, now: number) =>
    Math.max(byMessages.waitMs(who, weight, now), byBytes.waitMs(who, size, now));

  function serve(connection: object, line: Line): void {
    while (line.waiting[0] && line.waiting[0].dueAt <= clock.up()) line.waiting.shift()?.go();
    const [next] = line.waiting;
    if (next) line.cancel = clock.after(next.dueAt - clock.up(), () => serve(connection, line));
    else if (lines.get(connection) === line) lines.delete(connection);
  }

  return {
    /** Counts a frame of a PC, which weighs as much as so many messages; false where it is more than can wait. */
    take(who: string, weight: number, size: number): boolean {
      const now = clock.up();
      if (waitMs(who, { weight, size }, now) > longestWaitMs) return false;
      byMessages.take(who, weight, now);
      byBytes.take(who, size, now);
      return true;
    },
    /** Runs `go` at once, or when what its PC has sent so far is within its pace. */
    inTurn(connection: object, who: string, go: () => void): void {
      const line = lines.get(connection);
      const now = clock.up();
      const ownMs = waitMs(who, nothing, now);
      if (!line && ownMs === 0) return go();
      onSlowed(who);
      const turn = { dueAt: now + ownMs, go };
      if (line) return void line.waiting.push(turn);
      const first: Line = { waiting: [turn], cancel: () => {} };
      lines.set(connection, first);
      serve(connection, first);
    },
    /** The connection is over: what waits is let go. */
    gone(connection: object): void {
      const line = lines.get(connection);
      line?.cancel();
      line?.waiting.splice(0);
      lines.delete(connection);
    },
  };
}
