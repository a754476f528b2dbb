/** How much of a server one network may hold, and how often it may come. */
import type { Socket } from 'node:net';
import { createBuckets, isLoopback, networkOf } from '@sabha/contracts';

/** `most` at once; so many new ones a second, after the first `most`. */
export type ShareLimits = { most: number; perSecond: number; up(): number };

/**
 * Ends a connection of a network that has its share already, or that opens them one after the other: the handshake is what a stranger makes
 * us compute. This machine is spared: a proxy on it speaks for everybody.
 */
export function createShare({ most, perSecond, up }: ShareLimits): (socket: Socket) => void {
  const open = new Map<string, number>();
  const buckets = createBuckets({ perSecond, burst: most });

  return (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (isLoopback(network)) return;
    const count = (open.get(network) ?? 0) + 1;
    if (count > most || !buckets.tryTake(network, 1, up())) return void socket.destroy();
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  };
}
