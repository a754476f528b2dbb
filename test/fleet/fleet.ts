/** Many simulated PCs in one process, each with the real agent on a real MQTT connection. */
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

export type Fleet = {
  pcs: ReadonlyMap<PcPath, SimulatedPc>;
  /**
   * Boots all PCs, at most `perSecond` in a real second. Resolves with 0 when all PCs have settled. Resolves with the number of other PCs
   * when no PC settled for `standstillMs`.
   */
  start(how: { perSecond: number; standstillMs: number }): Promise<number>;
  /**
   * Repairs lines and power, then waits until every spool is acknowledged. Resolves with the number of PCs that still have events after the
   * limit.
   */
  drain(limitMs: number): Promise<number>;
  eventsSent(): number;
  connected(): number;
  /** Returns how late the timers of the simulator itself were. */
  late(): Late;
  /** Also ends a running start or drain. */
  stop(): Promise<void>;
};

export type FleetPc = { path: PcPath; token: string; link: LinkClass; elevationM: number };

export type FleetOptions = {
  pcs: readonly FleetPc[];
  centre: { host: string; port: number };
  centreKey: KeyObject;
  clock: Clock;
  speed: number;
  seed: number;
  /** Folder for spools that are real files. */
  folder: string;
};

/** Runtime of a UPS in milliseconds: too short for a whole power cut, long enough for a last gasp. */
const upsLastsMs = 240_000;
const realSpoolEvery = 100;
/** Number of PCs that may connect at the same time. More PCs would delay each other and measure the server's clock wrong. */
const settlingAtOnce = 60;
const pollMs = 50;

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

/** Returns a function that makes a PC. Each PC has its own random source, from the seed and its index. */
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

/** Polls until `left` returns 0. Returns the remaining number at the deadline. */
async function until(left: () => number, deadline: () => number): Promise<number> {
  for (;;) {
    const count = left();
    if (count === 0 || performance.now() >= deadline()) return count;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
