/** How much of a server one network may hold. */
import type { Socket } from 'node:net';
import { isLoopback, networkOf } from '#contracts';

/** Ends a connection of a network that has `most` already. This machine is spared: a proxy on it speaks for everybody. */
export function createShare(most: number): (socket: Socket) => void {
  const open = new Map<string, number>();
  return (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (isLoopback(network)) return;
    const count = (open.get(network) ?? 0) + 1;
    if (count > most) return void socket.destroy();
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  };
}
