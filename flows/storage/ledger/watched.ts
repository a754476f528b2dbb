/** The ledger with an eye on its disk: a commit that hangs is neither taken nor refused, so nobody would hear of it. */
import type { Cancel, Clock } from '@sabha/contracts';
import type { Ledger } from '../../engine/records/ops.ts';

/** A commit that takes longer is told. */
export const slowCommitMs = 5_000;

/** Whom the watch tells; neither needs the ledger. */
export type WatchOptions = {
  clock: Clock;
  /** A commit is under way for too long; once until one is taken. */
  slow(): void;
  /** A commit was taken. */
  took(): void;
};

/** `commitMs`: for how long the oldest commit is under way, by the time of the machine; 0 where none is. */
export type Watched = { ledger: Ledger; commitMs(): number };

/** Guarantee: what delays us and not the disk, as where this process stood still, is not told of the disk. */
export function watched(ledger: Ledger, { clock, slow, took }: WatchOptions): Watched {
  // A disk does not follow the demo's clock.
  const limitMs = slowCommitMs * (clock.speed ?? 1);
  const startedUp = new Set<{ up: number }>();
  let isSlow = false;

  function watch(): Cancel {
    let cancel: Cancel = () => undefined;
    const arm = () => {
      const dueUp = clock.up() + limitMs;
      cancel = clock.after(limitMs, () => {
        if (clock.up() - dueUp > limitMs / 2) return arm();
        if (!isSlow) slow();
        isSlow = true;
      });
    };
    arm();
    return () => cancel();
  }

  return {
    commitMs: () => startedUp.values().reduce((most, { up }) => Math.max(most, clock.up() - up), 0) / (clock.speed ?? 1),
    ledger: {
      ...ledger,
      async commit(ops) {
        const started = { up: clock.up() };
        const end = watch();
        startedUp.add(started);
        try {
          const receipt = await ledger.commit(ops);
          isSlow = false;
          took();
          return receipt;
        } finally {
          startedUp.delete(started);
          end();
        }
      },
    },
  };
}
