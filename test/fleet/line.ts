/** The line between a PC and the centre: it can be slow, far, snowed in, or cut. What is on its way when it is cut arrives when it heals, as with TCP. */
import type { Clock } from '@sabha/contracts';
import { type Random, randomFrom } from '../random.ts';

/** From the PC to the centre, and back. */
export type Direction = 'up' | 'down';

/** The line of one PC, as sockets meet it. */
export type Line = {
  isUp(): boolean;
  cut(): void;
  heal(): void;
  /** Delivers after delay and transmission time, in order; while it is cut, after it heals. */
  pass(direction: Direction, bytes: number, deliver: () => void): void;
  /** The same without TCP: what snow or a cut takes is gone. `tookMs` is what it took on the line; the timers of this machine are late besides. */
  datagram(direction: Direction, bytes: number, deliver: (tookMs: number) => void): void;
  /** The snow on the dish takes this share of them. */
  snow(lossRatio: number): void;
};

/** How far and how fast it is; absent = at once. */
export type LineOptions = { clock: Clock; roundTripMs?: number; bitsPerSecond?: number; random?: Random };

/** The share of datagrams that a dish under snow loses. */
export const snowLoss = 0.25;

/** The link of Leh: a geostationary satellite. */
export const thinLine = { roundTripMs: 700, bitsPerSecond: 2_000_000 };

/** A line that is up, without snow. */
export function createLine({
  clock,
  roundTripMs = 0,
  bitsPerSecond = Number.POSITIVE_INFINITY,
  random = randomFrom(1),
}: LineOptions): Line {
  const isQuick = roundTripMs === 0 && bitsPerSecond === Number.POSITIVE_INFINITY;
  const busyUntil = { up: 0, down: 0 };
  let held: (() => void)[] = [];
  let up = true;
  let lossRatio = 0;

  const arrive = (deliver: () => void) => {
    if (up) deliver();
    else held.push(deliver);
  };
  const travel = (direction: Direction, bytes: number, arrived: (tookMs: number) => void) => {
    if (isQuick) return arrived(0);
    const now = clock.up();
    busyUntil[direction] = Math.max(now, busyUntil[direction]) + (bytes * 8_000) / bitsPerSecond;
    const tookMs = busyUntil[direction] - now + roundTripMs / 2;
    clock.after(tookMs, () => arrived(tookMs));
  };
  return {
    isUp: () => up,
    cut: () => {
      up = false;
    },
    heal: () => {
      up = true;
      const waiting = held;
      held = [];
      for (const deliver of waiting) deliver();
    },
    pass(direction, bytes, deliver) {
      travel(direction, bytes, () => arrive(deliver));
    },
    datagram(direction, bytes, deliver) {
      const isLost = random.next() < lossRatio;
      travel(direction, bytes, (tookMs) => up && !isLost && deliver(tookMs));
    },
    snow(ratio) {
      lossRatio = ratio;
    },
  };
}
