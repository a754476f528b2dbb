/** The simulated network: links that can be cut, stalled and reordered, and connections whose two directions keep their order. */
import type { Random } from '../random.ts';
import type { Time } from './time.ts';

export type Link = {
  up: boolean;
  latencyMs: number;
  /** Messages sent before this time arrive after it. */
  stalledUntilMs: number;
  /** Probability that a message overtakes others of its connection. */
  disorder: number;
};

export function createLink(latencyMs: number): Link {
  return { up: true, latencyMs, stalledUntilMs: 0, disorder: 0 };
}

export type Pipe<F> = {
  send(frame: F): void;
  /** Ends the pipe and loses the frames in transmission. */
  drop(): void;
  /** Ends the pipe. Calls `then` after the frames in transmission have arrived. */
  end(then: () => void): void;
};

const strayMs = 3_000;

/** One direction of one connection. Guarantee: frames arrive in the order of sending, unless the link reorders. */
export function createPipe<F>(world: { time: Time; random: Random }, link: Link, deliver: (frame: F) => void): Pipe<F> {
  const { time, random } = world;
  let lastMs = 0;
  let open = true;
  let dropped = false;
  const arrival = () => Math.max(time.now(), link.stalledUntilMs) + link.latencyMs * (0.5 + random.next());
  return {
    send(frame) {
      if (!open) return;
      const strays = link.disorder > 0 && random.next() < link.disorder;
      const at = strays ? arrival() + random.next() * strayMs : Math.max(arrival(), lastMs);
      if (!strays) lastMs = at;
      time.at(at, () => {
        if (!dropped) deliver(frame);
      });
    },
    drop() {
      open = false;
      dropped = true;
    },
    end(then) {
      open = false;
      time.at(Math.max(arrival(), lastMs), then);
    },
  };
}
