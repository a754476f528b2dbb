/**
 * The archive of a month as a file: segments one behind the other, each with a head of its own and, compressed and sealed as a backup is, a line
 * for each event. The ledger says which of its bytes count: what a kill left behind them is written over.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import * as v from 'valibot';
import { BackupError } from '../backup/format/backup-error.ts';
import { syncFolder } from '../backup/format/backup-file.ts';
import { bytesFrom } from '../backup/format/bytes.ts';
import { keyFor, newSeal, sealed, unsealed } from '../backup/format/seal.ts';
import type { LeavingEvent, Segment } from '../records/archives.ts';

const format = 1;
const magic = 'sabha-archive';
const headMost = 4_096;
const lineMost = 1024 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));
const ofLater = v.object({ format: v.pipe(v.number(), v.minValue(format + 1)) });
const head = v.object({
  format: v.literal(format),
  month: v.string(),
  at: count,
  seal: v.union([
    v.strictObject({ cipher: v.literal('none') }),
    v.strictObject({ cipher: v.literal('aes-256-gcm'), kdf: v.literal('scrypt'), cost: count, salt: hex }),
  ]),
});

/** Where a segment goes. */
export type SegmentPlace = { folder: string; month: string; at: number; passphrase: string | undefined };
/** The bytes of a segment that is whole on the disk. */
export type WrittenSegment = Pick<Segment, 'bytes' | 'sha256'>;

/** The file of a month. */
export function archiveFile(folder: string, month: string): string {
  return join(folder, `${month}.archive`);
}

/** An event as a line of an archive, without its end: PC, spool, number, then what it says. */
export function lineOf({ pc, name, seq, mark, received, boot, at, grade, kind, body }: LeavingEvent): string {
  return JSON.stringify([pc, name, seq, mark, received, boot, at, grade, kind, body]);
}

/**
 * Writes a segment of lines. Rejects with what the system says.
 * Guarantee: what stands before it is not touched; when this resolves the segment is on the disk.
 */
export async function writeSegment({ folder, month, at, passphrase }: SegmentPlace, lines: AsyncIterable<string>): Promise<WrittenSegment> {
  const { head: seal, key } = await newSeal(passphrase);
  const bound = Buffer.from(`${magic} ${JSON.stringify({ format, month, at, seal })}\n`);
  const file = archiveFile(folder, month);
  const handle = await opened(file);
  const hash = createHash('sha256');
  let bytes = 0;
  const put = async (chunk: Uint8Array) => {
    hash.update(chunk);
    await writeAll(handle, chunk, at + bytes);
    bytes += chunk.length;
  };
  try {
    // A file that was cut is as long again, with a hole in it that no proof takes for what was written.
    await handle.truncate(at);
    await put(bound);
    const frames = (chunks: AsyncIterable<Uint8Array>) => sealed(chunks, { key, bound });
    await pipeline(lines, encoded, createZstdCompress(), frames, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await put(chunk);
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
  return { bytes, sha256: hash.digest('hex') };
}

/** The lines of a segment. Throws `BackupError` where it is not as it was written, or the passphrase is another. */
export async function* readSegment({ folder, month, at, passphrase }: SegmentPlace, bytes: number): AsyncGenerator<string> {
  const from = bytesFrom(createReadStream(archiveFile(folder, month), { start: at, end: at + bytes - 1 }));
  const line = await from.line(headMost);
  if (line === undefined) throw new BackupError('half of it is missing');
  const said = parsed(line.startsWith(`${magic} `) ? line.slice(magic.length + 1) : '');
  if (v.is(ofLater, said)) throw new BackupError('it is of a newer Sabha');
  const read = v.safeParse(head, said);
  if (!read.success) throw new BackupError('it is no segment of an archive');
  const key = await keyFor(read.output.seal, passphrase);
  const plain = createZstdDecompress();
  const done = pipeline(unsealed(from, { key, bound: Buffer.from(`${line}\n`) }), plain);
  done.catch(() => undefined);
  const lines = bytesFrom(plain);
  for (let one = await lines.line(lineMost); one !== undefined; one = await lines.line(lineMost)) yield one;
  await done;
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r+');
  } catch {
    return open(file, 'w', 0o600);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(`${line}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
