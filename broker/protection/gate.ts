/** Who may open a connection at all, before anything is read from it. Strangers cannot take the places of those who are admitted. */
import type { Socket } from 'node:net';
import { type Clock, createBuckets, isLoopback, networkOf } from '@sabha/contracts';
import type { Limits } from './limits.ts';
import type { Refuse } from './refusals.ts';

/** What one PC may come back without being counted: more often it costs its address as much as a stranger, for each return is a handshake. */
const freeReturns = { perSecond: 0.1, burst: 5 };

/** The door of both listeners. */
export type Gate = ReturnType<typeof createGate>;

/**
 * Guarantee: at most `strangers` connections are not admitted; where more come, the one that has waited longest goes, not the newest.
 * The rate of an address is for those who are not admitted: a thousand PCs behind one gateway share it only while they say who they are.
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
    /** A new connection; where it is not let in, it is closed, and the answer is false. */
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
    /** It has said who it is, and is believed. Over TLS this is the socket within the one that entered. */
    admitted(socket: Socket, name: string): void {
      const now = clock.up();
      if (!strangers.delete(endsOf(socket)) || !free.tryTake(name, 1, now)) return;
      budget.take(networkOf(socket.remoteAddress ?? ''), -1, now);
    },
  };
}

/** Tells a connection from all others, whether it is seen within TLS or from outside. */
function endsOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
