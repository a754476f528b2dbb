/** Limits new connections before anything is read from them, so that strangers cannot use up the places of admitted clients. */
import type { Socket } from 'node:net';
import { type Clock, createBuckets, isLoopback, networkOf } from '@sabha/contracts';
import type { Limits } from './limits.ts';
import type { Refuse } from './refusals.ts';

/** Reconnects of one PC that do not count for its address. Beyond this rate each one counts, because each is a handshake. */
const freeReturns = { perSecond: 0.1, burst: 5 };

export type Gate = ReturnType<typeof createGate>;

/**
 * Guarantee: at most `strangers` connections are unauthenticated; beyond it the oldest one is closed, not the newest.
 * The rate of an address applies to unauthenticated connections only: a thousand PCs behind one gateway share it only until they are
 * admitted.
 */
export function createGate({ strangers: most, connects, sparesLoopback }: Limits, clock: Clock, refuse: Refuse) {
  const strangers = new Map<string, Socket>();
  const budget = createBuckets(connects);
  const free = createBuckets(freeReturns);

  function isTooFast(address: string): boolean {
    const network = networkOf(address);
    if (sparesLoopback && isLoopback(network)) return false;
    return !budget.tryTake(network, 1, clock.up());
  }
  function turnAway(socket: Socket, reason: 'rate' | 'crowd'): void {
    refuse({ action: 'connect', reason, who: socket.remoteAddress ?? '' });
    socket.destroy();
  }

  return {
    /** Registers a new connection. Closes it and returns false if it exceeds the rate. */
    enter(socket: Socket): boolean {
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
    /** Records that a connection is authenticated. Over TLS the socket is the inner one. */
    admitted(socket: Socket, name: string): void {
      const now = clock.up();
      if (!strangers.delete(endsOf(socket)) || !free.tryTake(name, 1, now)) return;
      budget.take(networkOf(socket.remoteAddress ?? ''), -1, now);
    },
  };
}

/** Identifies a connection by its addresses and ports, equal inside and outside TLS. */
function endsOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
