/** The door of a seat: a unix socket, or a named pipe on Windows. Who comes in stands in guests.ts. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** Where the seats find each other. `isPipe`: the address is that of a pipe and no file; `name`: the last word of it. */
export type SeatAddress = { address: string; isPipe: boolean; name: string };
/** `all`: users other than ours may knock. */
export type DoorOptions = Pick<SeatAddress, 'address' | 'isPipe'> & { all: boolean; onSocket(socket: Socket): void };

/** The pipe of one seat among all that come to this address. */
export function pipeOf({ address }: SeatAddress, word: string): string {
  return `${address}-${word}`;
}

/**
 * Opens the door, in the place of one that a killed process left behind. Its folder must be ours: whoever can write there could stand in our
 * place. A pipe is never for all: whoever may write to it could make another of its name beside ours.
 */
export async function openDoor({ address, isPipe, all, onSocket }: DoorOptions): Promise<Server> {
  if (!isPipe) rmSync(address, { force: true });
  const server = createServer(onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, readableAll: all, writableAll: all }, resolve);
  });
  // A socket that cannot be taken, since there are too many files open, is one that did not come.
  server.on('error', () => undefined);
  return server;
}
