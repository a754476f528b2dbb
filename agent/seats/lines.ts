/** Lines of JSON over a socket or a pipe, none longer than a limit. */
import type { Socket } from 'node:net';

/** Who hears of what comes. */
export type Heard = {
  /** The most bytes that a line may have now. */
  limitBytes(): number;
  line(text: string): void;
  /** Nothing more is told afterwards. */
  tooLong(): void;
};

/** Of chunks that wait for their line end; more are put together, so that a byte at a time costs no more than a line. */
const looseChunks = 256;
/** What a peer that does not read may leave with us. */
const unreadLimitBytes = 1_048_576;
const lineEnd = 0x0a;

/** Tells each whole line. Guarantee: it holds at most the limit and one chunk, and a line that is longer is never told. */
export function hearLines(socket: Socket, { limitBytes, line, tooLong }: Heard): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;

  function take(part: Buffer): boolean {
    bytes += part.length;
    if (bytes > limitBytes()) {
      isOver = true;
      chunks = [];
      tooLong();
      return false;
    }
    chunks.push(part);
    if (chunks.length > looseChunks) chunks = [Buffer.concat(chunks)];
    return true;
  }

  socket.on('data', (chunk: Buffer) => {
    for (let from = 0; !isOver && !socket.destroyed && from < chunk.length; ) {
      const end = chunk.indexOf(lineEnd, from);
      if (!take(chunk.subarray(from, end < 0 ? chunk.length : end)) || end < 0) return;
      const text = Buffer.concat(chunks).toString();
      [chunks, bytes, from] = [[], 0, end + 1];
      line(text);
    }
  });
}

/** Sends one message as a line. False where the other side no longer reads. */
export function sendLine(socket: Socket, message: object): boolean {
  if (socket.destroyed || socket.writableLength > unreadLimitBytes) return false;
  socket.write(`${JSON.stringify(message)}\n`);
  return true;
}
