/** The world: one virtual time, a broker, the centre's machine and some PCs, all of it from one seed. */
import type { links } from '#contracts';
import { type Random, randomFrom } from '../random.ts';
import { type Broker, createBroker } from './broker.ts';
import { type CentreMachine, createCentreMachine, settingsOf } from './centre-machine.ts';
import { createPc, type Pc } from './pc.ts';
import { createTime, type Time } from './time.ts';

export type World = {
  time: Time;
  random: Random;
  broker: Broker;
  centre: CentreMachine;
  pcs: Pc[];
  link: keyof typeof links;
  /** What happened, a line each with its time. */
  log: string[];
  note(line: string): void;
  pc(index: number): Pc;
  /** Starts the centre, and the PCs a moment later. */
  boot(): void;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
};

export type WorldOptions = { seed: number; pcs?: number; link?: keyof typeof links; spoolLimitBytes?: number };

export function createWorld({ seed, pcs: count = 1, link = 'fibre', spoolLimitBytes }: WorldOptions): World {
  const time = createTime();
  const random = randomFrom(seed);
  const log: string[] = [];
  const note = (line: string) => void log.push(`${clockOf(time.now())} ${line}`);
  const broker = createBroker({ time, random, note });
  const world = { time, random, broker, note };
  const ids = Array.from({ length: count }, (_, at) => `pc-${at + 1}`);
  const settings = settingsOf(link, ids);
  const centre = createCentreMachine({ world, settings });
  const latencyMs = link === 'geo' ? 320 : 30;
  const limit = spoolLimitBytes === undefined ? {} : { spoolLimitBytes };
  const pcs = ids.map((id) => createPc({ path: `ladakh/leh/${id}`, profile: settings.site.profile, latencyMs, world, ...limit }));
  return {
    ...world,
    centre,
    pcs,
    link,
    log,
    pc: (index) => pcs[index % pcs.length] as Pc,
    boot() {
      centre.start();
      for (const pc of pcs) time.later(random.next() * 5_000, () => pc.start());
    },
    pass: (ms) => time.run(time.now() + ms),
  };
}

/** Hours, minutes, seconds and milliseconds of the world. */
export function clockOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
