/** One run of an agent, from its start to its death. After it, its timers do not fire and its disk refuses access. */
import type { Cancel, Clock } from '@sabha/contracts';
import { DiskError, type SpoolDisk } from '../../agent/uplink/spool/database.ts';

export type Life = {
  clock: Clock;
  disk(of: SpoolDisk): SpoolDisk;
  /** Ends the run between two instructions, as a power cut does. */
  end(): void;
};

/** Guarantee: after `end` none of its timers fires, and its disk refuses access. */
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
      // The PC closes the disk itself, after it has counted the events on it.
      close: () => undefined,
    }),
    end() {
      over = true;
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}
