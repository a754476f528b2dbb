/** The address at which the two seats meet: a unix socket, or a named pipe on Windows. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** `isPipe`: the address is that of a pipe and no file. */
export type SeatAddress = { address: string; isPipe: boolean };
/** `all`: other users may connect too. */
export type DoorOptions = SeatAddress & { all: boolean; onSocket(socket: Socket): void };

/** Connections at the same time; more are closed at once. */
const connectionsLimit = 64;

/** The pipe that the room seat of one Windows session opens. */
export function pipeOf({ address }: SeatAddress, session: number): string {
  return `${address}-${session}`;
}

/**
 * Listens at the address, and replaces a socket that a killed process left behind. Only we may write to the folder of the socket: another user
 * could replace it. A pipe is never open to all: the right to write to a pipe includes the right to make another one of its name.
 */
export async function openDoor({ address, isPipe, all, onSocket }: DoorOptions): Promise<Server> {
  if (!isPipe) rmSync(address, { force: true });
  const server = createServer(onSocket);
  server.maxConnections = connectionsLimit;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, readableAll: all, writableAll: all }, resolve);
  });
  // A connection that cannot be accepted, because too many files are open, is lost without an error of the server.
  server.on('error', () => undefined);
  return server;
}

/** Limit for one received line, and for what a peer that does not read leaves in our memory. */
const lineLimitChars = 262_144;
const unsentLimitBytes = 1_048_576;

/** Calls back with each whole line, and with undefined for a line above the limit: the callback then ends the connection. */
export function readLines(socket: Socket, onLine: (text: string | undefined) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (!socket.destroyed) onLine(line);
    if (rest.length <= lineLimitChars || socket.destroyed) return;
    rest = '';
    onLine(undefined);
  });
}

/** Sends one message as a line. Ends the connection where the other end does not read. */
export function sendLine(socket: Socket, message: object): void {
  if (socket.writableLength > unsentLimitBytes) socket.destroy();
  else if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}
