/** What a link carries by TCP, told by a short transfer: where UDP does not get through, better than nothing. */

/** In each direction. */
export const transferBytes = 256_000;
/** Where a PC sends them to, and gets them from; at the door where it enrolled. The right to: the reflector's token. */
export const transferPath = '/link-test';
/** With headers, acknowledgements and the handshake: what a data budget counts for both directions. */
export const transferWireBytes = Math.ceil(2 * transferBytes * 1.08) + 20_000;

/** How much had come by then. */
export type Progress = { ms: number; bytes: number };

const shortestMs = 20;

/**
 * The rate of the second half, bits/s: TCP begins slowly. It tells what the link carries at least; null where it was over too soon to tell.
 */
export function transferRate(progress: readonly Progress[]): number | null {
  const last = progress.at(-1);
  const half = progress.find(({ bytes }) => last !== undefined && bytes >= last.bytes / 2);
  if (last === undefined || half === undefined || last.ms - half.ms < shortestMs) return null;
  return ((last.bytes - half.bytes) * 8_000) / (last.ms - half.ms);
}
