/** One life of an agent, from its start to its death: when it is over its timers are gone and its disk takes nothing more. */
import type { Cancel, Clock } from '@sabha/contracts';
import { DiskError, type SpoolDisk } from '../../agent/uplink/spool/database.ts';

/** One life of a PC, from its boot to its end. */
export type Life = {
  clock: Clock;
  /** The disk as this life sees it. */
  disk(of: SpoolDisk): SpoolDisk;
  /** Ends it between two instructions, as a power cut does. */
  end(): void;
};

/** Guarantee: after `end` no timer of it fires, and its disk takes nothing. */
export function createLife(clock: Clock): Life {
  const timers = new Set<Cancel>();
  let over = false;
  const alive = <T>(work: () => T): T => {
    if (over) throw new DiskError('failed', 'the PC is off');
    return work();
  };
  return {
    clock: {
      now: clock.now,
      up: clock.up,
      after(delayMs, task) {
        if (over) return () => undefined;
        const stop = clock.after(delayMs, () => {
          timers.delete(cancel);
          task();
        });
        const cancel = () => {
          timers.delete(cancel);
          stop();
        };
        timers.add(cancel);
        return cancel;
      },
    },
    disk: (of) => ({
      transact: (work) => alive(() => of.transact(work)),
      run: (sql, ...values) => alive(() => of.run(sql, ...values)),
      all: (sql, ...values) => alive(() => of.all(sql, ...values)),
      rebuild: (reason) => alive(() => of.rebuild(reason)),
      damage: of.damage,
      // Who opened it closes it, when all that it holds has been counted.
      close: () => undefined,
    }),
    end() {
      over = true;
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}
