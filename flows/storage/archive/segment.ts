/**
 * The archive of a month as a file: segments one behind the other, each with a head of its own and, compressed and sealed as a backup is, a line
 * for each event. The ledger says which of its bytes count: what a kill left behind them is written over.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { codeOf } from '@sabha/contracts';
import * as v from 'valibot';
import type { LeavingEvent, Segment } from '../../engine/records/ops.ts';
import { syncFolder } from '../backup/format/backup-file.ts';
import { BackupError, bytesFrom } from '../backup/format/pack.ts';
import { keyFor, newSeal, readHead, sealed, unsealed } from '../backup/format/seal.ts';

const lineMost = 1024 * 1024;
const chunkBytes = 1024 * 1024;

/** Where a segment goes. */
export type SegmentPlace = { folder: string; month: string; at: number; passphrase: string | undefined };
/** The bytes of a segment that is whole on the disk. */
export type WrittenSegment = Pick<Segment, 'bytes' | 'sha256'>;

/** The file of a month. */
export function archiveFile(folder: string, month: string): string {
  return join(folder, `${month}.archive`);
}

/** An event as a line of an archive: PC, spool, number, then what it says. */
export function lineOf({ pc, name, seq, mark, received, boot, at, grade, kind, body }: LeavingEvent): string {
  return `${JSON.stringify([pc, name, seq, mark, received, boot, at, grade, kind, body])}\n`;
}

/**
 * Writes a segment of lines, each with its end. Rejects with what the system says.
 * Guarantee: what stands before it is not touched; when this resolves the segment is on the disk.
 */
export async function writeSegment({ folder, month, at, passphrase }: SegmentPlace, lines: AsyncIterable<string>): Promise<WrittenSegment> {
  const seal = await newSeal('archive', { month, at }, passphrase);
  const file = archiveFile(folder, month);
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    // A file that was cut is as long again, with a hole in it that no proof takes for what was written.
    await handle.truncate(at);
    const out = handle.createWriteStream({ start: at, flush: true });
    await pipeline(lines, createZstdCompress(), (body: AsyncIterable<Uint8Array>) => sealed(body, seal), counted, out);
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
  return { bytes, sha256: hash.digest('hex') };
}

/** Where a segment stands in its file, and the sum that the ledger has of it. */
export type SegmentSum = Pick<Segment, 'at' | 'bytes' | 'sha256'>;

/** Whether the bytes of a segment are those that were written. Throws what the system says. */
function isIntact(file: string, { at, bytes, sha256 }: SegmentSum): boolean {
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
  const { head, bound } = await readHead(from, 'archive', v.object({}));
  const key = await keyFor(head.seal, passphrase);
  const plain = createZstdDecompress();
  const done = pipeline(unsealed(from, { key, bound }), plain);
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

/**
 * What is wrong with the archives that a ledger names, a line each. `isRead` says of which months every byte is read; of the others only length.
 */
export function wrongArchives(db: DatabaseSync, folder: string, isRead: (month: string) => boolean): string[] {
  const months = db.prepare('SELECT month, bytes FROM archives WHERE expired = 0 ORDER BY month').all();
  const segments = db.prepare('SELECT at, bytes, sha256 FROM archive_segments WHERE month = ? ORDER BY at');
  return months.flatMap(({ month, bytes }) => {
    const file = archiveFile(folder, String(month));
    const read = isRead(String(month)) ? (segments.all(String(month)) as SegmentSum[]) : [];
    const found = wrongIn(file, Number(bytes), read);
    return found === undefined ? [] : [`${basename(file)} ${found}`];
  });
}

function wrongIn(file: string, bytes: number, segments: readonly SegmentSum[]): string | undefined {
  try {
    const { size } = statSync(file);
    if (size < bytes) return `is cut: ${size} bytes are there of ${bytes}`;
    const bad = segments.filter((one) => !isIntact(file, one));
    return bad.length === 0 ? undefined : `is damaged: ${bad.length} of ${segments.length} segments, the first at byte ${bad[0]?.at}`;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read: ${codeOf(error)}`;
  }
}
