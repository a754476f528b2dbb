/**
 * Limits new connections before anything is read from them, so that unauthenticated clients cannot use up the places of admitted clients.
 */
import type { Socket } from 'node:net';
import { type Clock, createBuckets, isLoopback, networkOf } from '@sabha/contracts';
import type { Limits } from './limits.ts';
import type { Refuse } from './refusals.ts';

/**
 * Reconnects of one PC that do not count for the rate of its address. Beyond this rate each reconnect counts, because each is a handshake.
 */
const freeReconnects = { perSecond: 0.1, burst: 5 };

export type ConnectionLimiter = ReturnType<typeof createConnectionLimiter>;

/**
 * Guarantee: at most `strangers` connections are unauthenticated; beyond it the oldest one is closed, not the newest.
 * The rate of an address applies to unauthenticated connections only: a thousand PCs behind one gateway share it only until they are
 * admitted.
 */
export function createConnectionLimiter({ strangers: most, connects, exemptLoopback }: Limits, clock: Clock, refuse: Refuse) {
  const strangers = new Map<string, Socket>();
  const addressBudget = createBuckets(connects);
  const reconnectBudget = createBuckets(freeReconnects);

  function isOverRate(address: string): boolean {
    const network = networkOf(address);
    if (exemptLoopback && isLoopback(network)) return false;
    return !addressBudget.tryTake(network, 1, clock.up());
  }
  function reject(socket: Socket, reason: 'rate' | 'crowd'): void {
    refuse({ action: 'connect', reason, who: socket.remoteAddress ?? '' });
    socket.destroy();
  }

  return {
    /** Registers a new connection. Closes it and returns false if it exceeds the rate. */
    register(socket: Socket): boolean {
      if (isOverRate(socket.remoteAddress ?? '')) {
        reject(socket, 'rate');
        return false;
      }
      const key = connectionKey(socket);
      strangers.set(key, socket);
      socket.once('close', () => {
        if (strangers.get(key) === socket) strangers.delete(key);
      });
      const [oldest] = strangers;
      if (oldest && strangers.size > most) {
        strangers.delete(oldest[0]);
        reject(oldest[1], 'crowd');
      }
      return true;
    },
    /** Records that a connection is authenticated. Over TLS the socket is the inner one. */
    markAdmitted(socket: Socket, name: string): void {
      const now = clock.up();
      if (!strangers.delete(connectionKey(socket)) || !reconnectBudget.tryTake(name, 1, now)) return;
      addressBudget.take(networkOf(socket.remoteAddress ?? ''), -1, now);
    },
  };
}

/** Returns the key of a connection: its addresses and ports, which are equal inside and outside TLS. */
function connectionKey({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
