/** Many simulated PCs in one process, each the real agent on a real MQTT connection. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Clock, LinkClass, PcPath } from '@sabha/contracts';
import { openSpoolDisk } from '../../agent/uplink/spool/database.ts';
import { randomFrom } from '../random.ts';
import { type Late, watchPunctuality } from './lateness.ts';
import { createLine, thinLine } from './line.ts';
import { expected, lehPath, lehUps } from './nation.ts';
import { createPc, type SimulatedPc } from './pc.ts';
import { createRoom } from './room.ts';
import { createSpoolStore } from './spools.ts';
import { isLaptop } from './supply.ts';

/** All PCs of a nation, with their sum. */
export type Fleet = {
  pcs: ReadonlyMap<PcPath, SimulatedPc>;
  /**
   * Switches all on, at most `perSecond` a real second; resolves when all have settled, or answers how many have not when for so long none more
   * has: how long all of them take is the machine's.
   */
  start(how: { perSecond: number; standstillMs: number }): Promise<number>;
  /** Mends lines and power, then waits until every spool is acknowledged; answers how many PCs still have something to say after the limit. */
  drain(limitMs: number): Promise<number>;
  eventsSent(): number;
  connected(): number;
  /** How late the simulator itself was. */
  late(): Late;
  /** Ends a start or a drain that is still under way. */
  stop(): Promise<void>;
};

/** A PC of the fleet, before it is switched on. */
export type FleetPc = { path: PcPath; token: string; link: LinkClass; elevationM: number };

/** Which PCs, and at which centre. */
export type FleetOptions = {
  pcs: readonly FleetPc[];
  centre: { host: string; port: number };
  /** Public half of the centre's key. */
  centreKey: KeyObject;
  clock: Clock;
  speed: number;
  seed: number;
  /** Where every hundredth spool has its file. */
  folder: string;
};

/** Too small for a whole cut, long enough to say so. */
const upsLastsMs = 240_000;
/** One spool in so many is a real file. */
const realSpoolEvery = 100;
/** So many PCs may be on their way at once: a storm would make each wait for the others, and measure the centre's clock wrong. */
const settlingAtOnce = 60;
const pollMs = 50;

/** A fleet that is switched off. */
export function createFleet(options: FleetOptions): Fleet {
  const { clock, late } = watchPunctuality(options.clock);
  const pcs = options.pcs.map(makerOf({ ...options, clock }));
  const sum = (of: (pc: SimulatedPc) => number) => pcs.reduce((total, pc) => total + of(pc), 0);
  const unsettled = () => sum((pc) => Number(!pc.isSettled()));
  const connected = () => sum((pc) => Number(pc.isConnected()));
  let isStopping = false;
  return {
    pcs: new Map(pcs.map((pc) => [pc.path, pc])),
    async start({ perSecond, standstillMs }) {
      const startedAt = performance.now();
      let booted = 0;
      const due = () => {
        const settling = unsettled() - (pcs.length - booted);
        const byTime = Math.ceil(((performance.now() - startedAt) * perSecond) / 1_000);
        return Math.min(pcs.length, byTime, booted + settlingAtOnce - settling);
      };
      const boot = () => {
        for (const last = due(); booted < last; booted += 1) pcs[booted]?.boot();
        return unsettled();
      };
      let [least, sinceAt] = [Number.POSITIVE_INFINITY, startedAt];
      const left = () => {
        const count = isStopping ? 0 : boot();
        if (count < least) [least, sinceAt] = [count, performance.now()];
        return count;
      };
      return await until(left, () => sinceAt + standstillMs);
    },
    drain(limitMs) {
      for (const pc of pcs) {
        pc.line.heal();
        pc.boot();
      }
      let left = pcs;
      const look = () => {
        left = left.filter((pc) => !pc.isConnected() || pc.events().waiting > 0);
        return left.length;
      };
      const deadline = performance.now() + limitMs;
      return until(
        () => (isStopping ? 0 : look()),
        () => deadline,
      );
    },
    eventsSent: () => sum((pc) => pc.events().sent),
    connected,
    late,
    stop: async () => {
      isStopping = true;
      await Promise.all(pcs.map((pc) => pc.stop()));
    },
  };
}

/** Each PC has a randomness of its own, from the seed and its place in the list. */
function makerOf({ clock, speed, centre, centreKey, seed, folder }: FleetOptions): (pc: FleetPc, at: number) => SimulatedPc {
  const store = createSpoolStore();
  return ({ path, token, link, elevationM }, at) => {
    const random = randomFrom(seed * 100_003 + at);
    const room = createRoom({ elevationM, clock, random, hasBattery: isLaptop(path) });
    const ups = path.startsWith(`${lehPath}/`) ? lehUps : undefined;
    if (ups !== undefined) room.power({ ups: { lastsMs: upsLastsMs } });
    const file = join(folder, `${path.replaceAll('/', '.')}.db`);
    return createPc({
      path,
      token,
      centreKey,
      profile: { link, elevationM, expected, ...(ups && { ups }) },
      room,
      line: createLine({ clock, ...(link === 'geo' && thinLine) }),
      openDisk: () => (at % realSpoolEvery === 0 ? openSpoolDisk(file) : store.disk(at)),
      centre,
      clock,
      speed,
      random,
      isMeasured: link === 'geo',
    });
  };
}

/** Waits until nothing is left, and answers what is left at the deadline. */
async function until(left: () => number, deadline: () => number): Promise<number> {
  for (;;) {
    const count = left();
    if (count === 0 || performance.now() >= deadline()) return count;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
