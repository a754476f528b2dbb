/** Who may open a connection at all, before anything is read from it. Strangers cannot take the places of those who are admitted. */
import type { Socket } from 'node:net';
import { type Clock, isLoopback, networkOf } from '#contracts';
import { createBuckets } from './buckets.ts';
import type { Limits } from './limits.ts';
import type { Refuse } from './refusals.ts';

export type Gate = {
  /** A new connection; where it is not let in, it is closed, and the answer is false. */
  enter(socket: Socket): boolean;
  /** It has said who it is. Over TLS this is the socket within the one that entered. */
  admitted(socket: Socket): void;
};

/** Guarantee: at most `strangers` connections are not admitted; where more come, the one that has waited longest goes, not the newest. */
export function createGate({ strangers: most, connects, sparesLoopback }: Limits, clock: Clock, refuse: Refuse): Gate {
  const strangers = new Map<string, Socket>();
  const budget = createBuckets(connects);

  function isTooFast(address: string): boolean {
    const network = networkOf(address);
    if (sparesLoopback && isLoopback(network)) return false;
    const now = clock.up();
    if (budget.waitMs(network, 1, now) > 0) return true;
    budget.take(network, 1, now);
    return false;
  }
  function turnAway(socket: Socket, reason: 'rate' | 'crowd'): void {
    refuse({ action: 'connect', reason, who: socket.remoteAddress ?? '' });
    socket.destroy();
  }

  return {
    enter(socket) {
      if (isTooFast(socket.remoteAddress ?? '')) {
        turnAway(socket, 'rate');
        return false;
      }
      const ends = endsOf(socket);
      strangers.set(ends, socket);
      socket.once('close', () => {
        if (strangers.get(ends) === socket) strangers.delete(ends);
      });
      const [oldest] = strangers;
      if (oldest && strangers.size > most) {
        strangers.delete(oldest[0]);
        turnAway(oldest[1], 'crowd');
      }
      return true;
    },
    admitted: (socket) => void strangers.delete(endsOf(socket)),
  };
}

/** Tells a connection from all others, whether it is seen within TLS or from outside. */
function endsOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
