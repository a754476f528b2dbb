/** The files of a server in one stream: a manifest, which is one line with the name and size of each, then their contents in that order. */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { BackupError } from './backup-error.ts';
import type { Bytes } from './bytes.ts';

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
