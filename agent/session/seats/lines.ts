/** Lines of JSON over a socket or a pipe. */
import type { Socket } from 'node:net';

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
