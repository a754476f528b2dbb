/** Sends the state: in full, or what changed since it was last sent (R12). */
import { type Cancel, type Check, type Clock, encode } from '@sabha/contracts';
import { type CheckTable, differenceOf } from '../checks/check-table.ts';

/** The state on its way to the centre. */
export type StateSender = ReturnType<typeof createStateSender>;

/** Which state is sent, in which session, and how. */
export type StateSenderOptions = {
  table: CheckTable;
  clock: Clock;
  session: number;
  later(delayMs: number, task: () => void): Cancel;
  send(payload: Buffer): void;
};

const gapMs = 2_000;

/** Sends nothing before `full`; afterwards only what changed since, at most once in 2 s unless `now` is asked for. */
export function createStateSender({ table, clock, session, later, send }: StateSenderOptions) {
  /** What was last sent; undefined before the full list of this session. */
  let sent: { checks: Check[]; digest: string; up: number } | undefined;
  let waiting = false;

  function full(): void {
    send(encode('state', { digest: table.digest(), session, rev: table.rev(), checks: table.checks() }));
    sent = { checks: table.checks(), digest: table.digest(), up: clock.up() };
  }

  function difference(): void {
    waiting = false;
    if (!sent || sent.digest === table.digest()) return;
    const { checks, gone } = differenceOf(sent.checks, table.checks());
    send(encode('state', { digest: table.digest(), session, rev: table.rev(), base: sent.digest, checks, gone }));
    sent = { checks: table.checks(), digest: table.digest(), up: clock.up() };
  }

  return {
    /** The whole list: first in a session, and when wanted. */
    full,
    /** Whatever changed goes at once: there may be no later. */
    now: difference,
    /** The first change goes at once, then at most one message in 2 s. */
    changed: (): void => {
      if (!sent || waiting || sent.digest === table.digest()) return;
      waiting = true;
      const waitMs = sent.up + gapMs - clock.up();
      if (waitMs <= 0) difference();
      else later(waitMs, difference);
    },
  };
}
