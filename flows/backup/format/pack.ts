/** The files of a centre in one stream: before each its name and size, at the end the SHA-256 of all. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { BackupError } from './backup-error.ts';
import type { Bytes } from './bytes.ts';

/** A file as it is packed: by its path within the data folder, with what is in it, or where that lies. */
export type Packed = { path: string; bytes: number; content: Uint8Array | { file: string } };
/** SHA-256 in hex by path. */
export type Sums = Record<string, string>;

const lineMost = 1024 * 1024;
/** A plain path below a folder: nothing that leads out of it. */
const path = v.pipe(v.string(), v.check(isPackable));
const head = v.union([
  v.strictObject({ path, bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  v.strictObject({ sums: v.record(v.string(), v.string()) }),
]);

/** Whether a file of that path comes out of a pack again, on every system. */
export function isPackable(text: string): boolean {
  return text.split('/').every((name) => /^[^\\:\p{Cc}]+$/u.test(name) && !/^\.+$/.test(name));
}

/** Rejects where a file is not as long as it was said to be. */
export async function* packed(files: readonly Packed[]): AsyncGenerator<Uint8Array> {
  const sums: Sums = {};
  for (const one of files) {
    const hash = createHash('sha256');
    let bytes = 0;
    yield line({ path: one.path, bytes: one.bytes });
    for await (const chunk of 'file' in one.content ? createReadStream(one.content.file) : [one.content]) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== one.bytes) throw new BackupError(`${one.path} changed while it was read`);
    sums[one.path] = hash.digest('hex');
  }
  yield line({ sums });
}

/** Reads a pack to its end; with a folder its files are written there, for their owner alone and brought to the disk. Throws `BackupError`. */
export async function unpack(from: Bytes, folder: string | undefined): Promise<Sums> {
  const found: Sums = {};
  for (;;) {
    const read = v.safeParse(head, parsed(await from.line(lineMost)));
    if (!read.success) throw new BackupError('it is damaged: what should name a file does not');
    if ('sums' in read.output) {
      proveSums(found, read.output.sums);
      return found;
    }
    const { path: name, bytes } = read.output;
    if (Object.hasOwn(found, name)) throw new BackupError(`it is damaged: ${name} stands twice`);
    found[name] = await unpackOne(from, bytes, folder && join(folder, name));
  }
}

async function unpackOne(from: Bytes, bytes: number, file: string | undefined): Promise<string> {
  if (file !== undefined) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = file === undefined ? undefined : await open(file, 'wx', 0o600);
  const hash = createHash('sha256');
  try {
    for (let left = bytes; left > 0; ) {
      const chunk = await from.some(left);
      if (chunk.length === 0) throw new BackupError('half of it is missing');
      hash.update(chunk);
      await handle?.writeFile(chunk);
      left -= chunk.length;
    }
    await handle?.sync();
  } finally {
    await handle?.close();
  }
  return hash.digest('hex');
}

function proveSums(found: Sums, told: Sums): void {
  const names = new Set([...Object.keys(found), ...Object.keys(told)]);
  for (const name of names) if (found[name] !== told[name]) throw new BackupError(`it is damaged: ${name} is not what was packed`);
}

function line(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
