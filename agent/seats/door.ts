/** The door between the seats: a unix socket, or a named pipe on Windows, at which anybody may knock. Who comes in stands in guests.ts. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** `isPipe`: the address is the name of a pipe and no file. `all`: users other than ours may knock. */
export type DoorOptions = { address: string; isPipe: boolean; all: boolean; onSocket(socket: Socket): void };

/**
 * Opens the door, in the place of one that a killed process left behind. Its folder must be ours: whoever can write there could stand in our
 * place. A pipe of SYSTEM can only be read by users without `writableAll`; a unix socket takes its mode from the two.
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
