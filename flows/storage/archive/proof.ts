/** The proof of archives: that each file is there and as long as it was written, and that its bytes are those. It needs no passphrase. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { codeOf } from '@sabha/contracts';
import { archiveFile, isIntact, type SegmentSum } from './segment.ts';

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
