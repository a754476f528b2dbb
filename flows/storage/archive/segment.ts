/**
 * The archive of a month as a file: segments one behind the other, each with a head of its own and, compressed and sealed as a backup is, a line
 * for each event. The ledger says which of its bytes count: what a kill left behind them is written over.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import * as v from 'valibot';
import type { LeavingEvent, Segment } from '../../engine/records/ops.ts';
import { BackupError } from '../backup/format/backup-error.ts';
import { syncFolder } from '../backup/format/backup-file.ts';
import { bytesFrom } from '../backup/format/bytes.ts';
import { keyFor, newSeal, sealed, sealHead, unsealed } from '../backup/format/seal.ts';

const format = 2;
const magic = 'sabha-archive';
const headMost = 4_096;
const lineMost = 1024 * 1024;
const chunkBytes = 1024 * 1024;

const head = v.pipe(v.string(), v.parseJson(), v.object({ format: v.literal(format), seal: sealHead }));

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
    const body = (chunks: AsyncIterable<Uint8Array>) => sealed(chunks, { key, bound });
    await pipeline(lines, encoded, createZstdCompress(), body, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await put(chunk);
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
  return { bytes, sha256: hash.digest('hex') };
}

/** Where a segment stands in its file, and the sum that the ledger has of it. */
export type SegmentSum = Pick<Segment, 'at' | 'bytes' | 'sha256'>;

/** Whether the bytes of a segment are those that were written. Throws what the system says. */
export function isIntact(file: string, { at, bytes, sha256 }: SegmentSum): boolean {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(Math.min(bytes, chunkBytes));
  const handle = openSync(file, 'r');
  try {
    for (let done = 0; done < bytes; ) {
      const read = readSync(handle, chunk, 0, Math.min(chunk.length, bytes - done), at + done);
      if (read === 0) break;
      hash.update(chunk.subarray(0, read));
      done += read;
    }
    return hash.digest('hex') === sha256;
  } finally {
    closeSync(handle);
  }
}

/**
 * The lines of a segment, whose sum is compared first. Throws `BackupError` where it is not as it was written, or the passphrase is another;
 * throws what the system says. To be called where reading may block.
 */
export async function* readSegment({ folder, month, at, passphrase }: SegmentPlace, sum: WrittenSegment): AsyncGenerator<string> {
  const file = archiveFile(folder, month);
  if (!isIntact(file, { at, ...sum })) throw new BackupError('it is damaged or cut');
  const from = bytesFrom(createReadStream(file, { start: at, end: at + sum.bytes - 1 }));
  const line = (await from.line(headMost)) ?? '';
  const read = v.safeParse(head, line.startsWith(`${magic} `) ? line.slice(magic.length + 1) : '');
  if (!read.success) throw new BackupError('another release of Sabha wrote it');
  const key = await keyFor(read.output.seal, passphrase);
  const plain = createZstdDecompress();
  const done = pipeline(unsealed(from, { key, bound: Buffer.from(`${line}\n`) }), plain);
  done.catch(() => undefined);
  const lines = bytesFrom(plain);
  try {
    for (let one = await lines.line(lineMost); one !== undefined; one = await lines.line(lineMost)) yield one;
    await done;
  } catch (error) {
    // Its bytes are those that were written.
    throw key === undefined ? error : new BackupError('the passphrase is wrong');
  }
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
