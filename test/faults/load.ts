/** The changes in the rooms during kills of the server: devices break and are repaired at seeded times, and each fault is recorded. */
import { budgets, type Fault, faults } from '@sabha/contracts';
import type { Random } from '../random.ts';
import type { ScriptedPc } from '../system/scripted-pc.ts';
import type { Steady } from './steady.ts';

/** One fault from start to end, in real milliseconds. Times with `steady…` exclude the time in which a part was down. */
export type Stretch = {
  pc: string;
  fault: keyof typeof faults;
  device: string;
  name: string;
  /** The fault occurred before, so it may count as flapping. */
  again: boolean;
  fromMs: number;
  toMs: number;
  steadyFromMs: number;
  steadyToMs: number;
};

export type Load = {
  stretches: readonly Stretch[];
  breakOne(steadyMs: number): void;
  standing(): Stretch[];
  /** Ends all automatic faults and repairs. */
  stop(): void;
  mend(stretches: readonly Stretch[]): void;
};

export type LoadOptions = {
  pcs: readonly ScriptedPc[];
  random: Random;
  steady: Steady;
  /** Shortest time of a fault after which its notification is certain. */
  tellMs(fault: Fault): number;
  /** Real milliseconds in an hour of the server's clock. */
  hourMs: number;
};

type Broken = { stretch: Stretch; pc: ScriptedPc; isOver(): boolean };

const everyMs = 50;
const breaksEachTurn = 0.1;
const shortShare = 0.5;
const againShare = 0.25;
const shortestMs = 100;
const shortSpreadMs = 1_900;
const longSpreadMs = 5_000;
/** Limit of current faults. A mail takes 0.1 s, which is a second of the server's clock, so more faults would delay their mails. */
const standingLimit = 60;
/**
 * A room with more transitions in an hour is muted by R27 (quota and backpressure), and then has no incident. An outage may delay one
 * transition, so the limit is one lower.
 */
const inAnHour = budgets.toldAnHour.most - 1;

/** Starts the load. A room never has two faults of which one hides the other, because a hidden fault needs no notification. */
export function startLoad({ pcs, random, steady, tellMs, hourMs }: LoadOptions): Load {
  const stretches: Stretch[] = [];
  const broken = new Set<Broken>();

  function begin(isOver: (from: Stretch) => boolean, mayReturn: boolean): void {
    const lately = stretches.filter(({ fromMs }) => performance.now() - fromMs < hourMs);
    const calm = pcs.filter(({ pc }) => lately.filter((one) => one.pc === pc).length < inAnHour);
    if (calm.length === 0) return;
    const pc = random.pick(calm);
    const fault = random.pick(pcs.indexOf(pc) % 2 === 0 ? firstKinds : secondKinds);
    const mended = stretches.filter((one) => one.pc === pc.pc && one.fault === fault && !isBroken(one));
    const before = mayReturn && mended.length > 0 ? random.pick(mended) : undefined;
    const number = stretches.length + 1;
    const { device, name } = before ?? { device: `d${number}`, name: `Device ${number}.` };
    const from = { fromMs: performance.now(), steadyFromMs: steady.now() };
    const end = { toMs: Number.POSITIVE_INFINITY, steadyToMs: Number.POSITIVE_INFINITY };
    const stretch: Stretch = { pc: pc.pc, fault, device, name, again: before !== undefined, ...from, ...end };
    stretches.push(stretch);
    broken.add({ stretch, pc, isOver: () => isOver(stretch) });
    pc.set(componentOf(fault), device, fault, name);
  }

  const isBroken = ({ pc, device }: Stretch) => [...broken].some(({ stretch }) => stretch.pc === pc && stretch.device === device);
  const lasts = (ms: number) => (from: Stretch) => steady.now() - from.steadyFromMs >= ms;
  const mend = (which: (one: Broken) => boolean) => {
    for (const one of [...broken].filter(which)) {
      broken.delete(one);
      Object.assign(one.stretch, { toMs: performance.now(), steadyToMs: steady.now() });
      one.pc.set(componentOf(one.stretch.fault), one.stretch.device, null, one.stretch.name);
    }
  };

  const timer = setInterval(() => {
    mend((one) => one.isOver());
    if (random.next() >= breaksEachTurn || broken.size >= standingLimit) return;
    const [isShort, isAgain] = [random.next() < shortShare, random.next() < againShare];
    const shortMs = shortestMs + random.below(shortSpreadMs);
    const moreMs = random.below(longSpreadMs);
    begin((from) => (isShort ? performance.now() - from.fromMs >= shortMs : lasts(tellMs(faults[from.fault]) + moreMs)(from)), isAgain);
  }, everyMs);

  return {
    stretches,
    breakOne: (steadyMs) => begin(lasts(steadyMs), false),
    standing: () => [...broken].map(({ stretch }) => stretch),
    stop: () => clearInterval(timer),
    mend: (which) => mend(({ stretch }) => which.includes(stretch)),
  };
}

const firstKinds = ['microphone.missing', 'camera.missing'] as const;
const secondKinds = ['microphone.muted', 'camera.missing'] as const;

function componentOf(fault: Stretch['fault']): 'microphone' | 'camera' {
  return fault.startsWith('camera.') ? 'camera' : 'microphone';
}
