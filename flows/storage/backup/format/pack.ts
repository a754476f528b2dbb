/** The files of a server in one stream: a manifest, which is one line with the name and size of each, then their contents in that order. */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

/** A file as it is packed: by its path within the data folder, with what is in it, or where that lies. */
export type Packed = { path: string; bytes: number; content: Uint8Array | { file: string } };

/** Room for some 100,000 files. */
const manifestMost = 16 * 1024 * 1024;
/** A plain path below a folder: nothing that leads out of it. */
const path = v.pipe(v.string(), v.check(isPackable));
const manifest = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(v.strictObject({ path, bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })),
);

/** Whether a file of that path comes out of a pack again, on every system. */
export function isPackable(text: string): boolean {
  return text.split('/').every((name) => /^[^\\:\p{Cc}]+$/u.test(name) && !/^\.+$/.test(name));
}

/** Rejects where a file is not as long as it was said to be. */
export async function* packed(files: readonly Packed[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(files.map((one) => ({ path: one.path, bytes: one.bytes })))}\n`);
  for (const one of files) {
    let left = one.bytes;
    for await (const chunk of 'file' in one.content ? createReadStream(one.content.file) : [one.content]) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new BackupError(`${one.path} changed while it was read`);
  }
}

/**
 * Reads a pack to its end, and answers the paths in it. With a folder its files are written there, for their owner alone and brought to the disk.
 * Undefined where it is no pack.
 */
export async function unpack(from: Bytes, folder: string | undefined): Promise<string[] | undefined> {
  const read = v.safeParse(manifest, await from.line(manifestMost));
  if (!read.success) return undefined;
  for (const { path: name, bytes } of read.output) if (!(await unpackOne(from, bytes, folder && join(folder, name)))) return undefined;
  // The proof stands at the end of the stream.
  return (await from.some()).length === 0 ? read.output.map((one) => one.path) : undefined;
}

async function unpackOne(from: Bytes, bytes: number, file: string | undefined): Promise<boolean> {
  if (file !== undefined) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = file === undefined ? undefined : await open(file, 'wx', 0o600);
  try {
    for (let left = bytes; left > 0; ) {
      const chunk = await from.some(left);
      if (chunk.length === 0) return false;
      await handle?.writeFile(chunk);
      left -= chunk.length;
    }
    await handle?.sync();
    return true;
  } finally {
    await handle?.close();
  }
}

/** Its message is one line for a person: what is wrong, and where. */
export class BackupError extends Error {
  override name = 'BackupError';
}

/** The ledger that a backup is made of, or holds, cannot be read: its message says how that shows. A thread passes on the name only. */
export class DamageError extends BackupError {
  override name = 'DamageError';
}

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
