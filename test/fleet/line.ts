/** The line between a PC and the centre: it can be slow, far, or cut. What is on its way when it is cut arrives when it heals, as with TCP. */
import type { Clock } from '#contracts';

export type Direction = 'up' | 'down';

export type Line = {
  isUp(): boolean;
  cut(): void;
  heal(): void;
  /** Delivers after delay and transmission time, in order; while it is cut, after it heals. */
  pass(direction: Direction, bytes: number, deliver: () => void): void;
};

export type LineOptions = { clock: Clock; roundTripMs?: number; bitsPerSecond?: number };

/** The link of Leh: a geostationary satellite. */
export const thinLine = { roundTripMs: 700, bitsPerSecond: 64_000 };

export function createLine({ clock, roundTripMs = 0, bitsPerSecond = Number.POSITIVE_INFINITY }: LineOptions): Line {
  const isQuick = roundTripMs === 0 && bitsPerSecond === Number.POSITIVE_INFINITY;
  const busyUntil = { up: 0, down: 0 };
  let held: (() => void)[] = [];
  let up = true;

  const arrive = (deliver: () => void) => {
    if (up) deliver();
    else held.push(deliver);
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
      if (isQuick) return arrive(deliver);
      const now = clock.up();
      busyUntil[direction] = Math.max(now, busyUntil[direction]) + (bytes * 8_000) / bitsPerSecond;
      clock.after(busyUntil[direction] - now + roundTripMs / 2, () => arrive(deliver));
    },
  };
}
