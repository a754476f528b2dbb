/** Local address at which service and session helper connect: a Unix socket, or a named pipe on Windows. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

export type LocalAddress = { address: string; isPipe: boolean };
/** `all`: every user of the PC may connect. */
export type ListenOptions = LocalAddress & { all: boolean; onSocket(socket: Socket): void };

/** Limit of simultaneous connections. Further ones are closed at once. */
const connectionsLimit = 64;

/** Returns the pipe that the helper of one Windows session opens. */
export function sessionPipeAddress({ address }: LocalAddress, session: number): string {
  return `${address}-${session}`;
}

/**
 * Listens at the address, and replaces a socket that a killed process left. Only this process may write to the folder of the socket, or
 * another user could replace the socket. A pipe is never open to all users, because write access to a pipe includes the right to create a
 * second pipe of its name.
 */
export async function listenLocally({ address, isPipe, all, onSocket }: ListenOptions): Promise<Server> {
  if (!isPipe) rmSync(address, { force: true });
  const server = createServer(onSocket);
  server.maxConnections = connectionsLimit;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, readableAll: all, writableAll: all }, resolve);
  });
  // If the process has too many open files, a connection is lost. This error must not end the process.
  server.on('error', () => undefined);
  return server;
}

/** Limits for one received line, and for unsent data to a peer that does not read. */
const lineLimitChars = 262_144;
const unsentLimitBytes = 1_048_576;

/** Calls back with each complete line, and with undefined for a line above the limit: the callback then ends the connection. */
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

/** Sends one message as a line. Ends the connection if the peer does not read. */
export function sendLine(socket: Socket, message: object): void {
  if (socket.writableLength > unsentLimitBytes) socket.destroy();
  else if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}
