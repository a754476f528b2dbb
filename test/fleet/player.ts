/** Plays a scenario on a fleet: each disturbance begins and ends at its time. */
import type { Cancel, Clock } from '@sabha/contracts';
import type { Fleet } from './fleet.ts';
import type { SimulatedPc } from './pc.ts';
import type { Disturbance } from './scenario.ts';

export type Play = {
  fleet: Pick<Fleet, 'pcs'>;
  disturbances: readonly Disturbance[];
  clock: Clock;
  tell: (disturbance: Disturbance, begins: boolean) => void;
};

/** Starts the scenario. The returned function stops it without repairs. Disturbances of unknown PCs are ignored. */
export function play({ fleet, disturbances, clock, tell }: Play): Cancel {
  const cancels = disturbances.flatMap((one) => {
    const pc = fleet.pcs.get(one.pc);
    if (pc === undefined) return [];
    const turn = (begins: boolean) => () => {
      apply(pc, one.what, begins);
      tell(one, begins);
    };
    return [later(clock, one.at, turn(true)), later(clock, one.at + one.forMs, turn(false))];
  });
  return () => {
    for (const cancel of cancels) cancel();
  };
}

function apply(pc: SimulatedPc, what: Disturbance['what'], begins: boolean): void {
  if (what === 'link') {
    if (begins) pc.line.cut();
    else pc.line.heal();
  } else if (what === 'power' || what === 'crash') {
    if (begins) pc.kill(what);
    else pc.boot();
  } else if (what === 'mains') pc.room.power({ mains: !begins });
  else if (what === 'snow') pc.snow(begins);
  else pc.room.set(what, begins);
}

/** Longest delay of a system timer in milliseconds. Later tasks never run. */
const longestMs = 2 ** 31 - 1;

function later(clock: Clock, delayMs: number, task: () => void): Cancel {
  return delayMs > longestMs ? () => undefined : clock.after(delayMs, task);
}
