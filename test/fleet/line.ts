/**
 * The line between a PC and the server. The line can be slow, far, lossy from snow, or cut. Data in transmission during a cut arrive after
 * the cut, as with TCP.
 */
import type { Clock } from '@sabha/contracts';
import { type Random, randomFrom } from '../random.ts';

/** `up` is from the PC to the server. */
export type Direction = 'up' | 'down';

export type Line = {
  isUp(): boolean;
  cut(): void;
  heal(): void;
  /** Delivers in order, after delay and transmission time. During a cut it delivers after the end of the cut. */
  pass(direction: Direction, bytes: number, deliver: () => void): void;
  /**
   * Delivers a datagram, unless snow or a cut drops it. `tookMs` is the time on the line, without the lateness of this machine's timers.
   */
  datagram(direction: Direction, bytes: number, deliver: (tookMs: number) => void): void;
  /** Sets the share of datagrams that snow drops. */
  snow(lossRatio: number): void;
};

/** Delay and rate. Absent fields: no delay, and an unlimited rate. */
export type LineOptions = { clock: Clock; roundTripMs?: number; bitsPerSecond?: number; random?: Random };

/** Share of datagrams that a dish under snow loses. */
export const snowLoss = 0.25;

/** The link of Leh: a geostationary satellite. */
export const thinLine = { roundTripMs: 700, bitsPerSecond: 2_000_000 };

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
