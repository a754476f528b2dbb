/** Bytes of a stream, taken in the pieces that are wanted. */

/** `some` answers at most so many, none only at the end; `line` without its end, undefined where it has none. */
export type Bytes = ReturnType<typeof bytesFrom>;

/** Reads from a stream, which is left where the last byte was taken. */
export function bytesFrom(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    held = held.length === 0 ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.concat([held, value]);
    return true;
  }

  function take(count: number): Buffer {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  }

  return {
    async some(most = Number.MAX_SAFE_INTEGER): Promise<Buffer> {
      while (held.length === 0) if (!(await more())) break;
      return take(Math.min(most, held.length));
    },
    async line(most: number): Promise<string | undefined> {
      for (;;) {
        const end = held.indexOf(10);
        if (end > most || (end < 0 && held.length > most)) return undefined;
        if (end >= 0) return take(end + 1).toString('utf8', 0, end);
        if (!(await more())) return undefined;
      }
    },
  };
}
