/** How much of a server one network may hold, and how often it may come. */
import type { Socket } from 'node:net';
import { isLoopback, keepLatest, networkOf } from '#contracts';

/** `most` at once; so many new ones a second, after the first `most`. */
export type ShareLimits = { most: number; perSecond: number; up(): number };

const networksAtMost = 10_000;
type Purse = { left: number; at: number };

/**
 * Ends a connection of a network that has its share already, or that opens them one after the other: the handshake is what a stranger makes
 * us compute. This machine is spared: a proxy on it speaks for everybody.
 */
export function createShare({ most, perSecond, up }: ShareLimits): (socket: Socket) => void {
  const open = new Map<string, number>();
  const purses = new Map<string, Purse>();

  function pays(network: string): boolean {
    const now = up();
    const { left, at } = purses.get(network) ?? { left: most, at: now };
    const has = Math.min(most, left + ((now - at) * perSecond) / 1_000);
    keepLatest(purses, [network, { left: Math.max(0, has - 1), at: now }], networksAtMost);
    return has >= 1;
  }

  return (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (isLoopback(network)) return;
    const count = (open.get(network) ?? 0) + 1;
    if (count > most || !pays(network)) return void socket.destroy();
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  };
}
