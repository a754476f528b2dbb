/**
 * Removes old data from the ledger every six hours, in slices between commits. Events move to the sealed archive of their month. Older data
 * is deleted, and the file shrinks.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { type Cancel, type Clock, codeOf, messageOf, type Settings } from '@sabha/contracts';
import * as v from 'valibot';
import type { Ledger, PagePlace, Retention, Segment, SegmentSpool } from '../../engine/records/ops.ts';
import { BackupError, bytesFrom, keyFor, newSeal, readHead, sealed, syncFolder, unsealed } from '../backup/format/backup-file.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/**
 * Interval of the retention in ms. A shorter interval leaves the pages of the ledger half full. A longer interval makes the ledger larger
 * by the events that wait.
 */
const everyMs = 6 * hourMs;
/** Delay of the first run, because the server has more urgent work after its start. */
const firstAfterMs = 10 * 60_000;
/** Pause between two slices, as long as the longest slice, so that commits get half of the time. */
const restMs = 10;
/** Limits of a segment, so that the commit that records a segment takes only some milliseconds. `runs`: ranges of event numbers. */
const segmentMost = { runs: 512, events: 65_536 };

export type RetentionOptions = {
  ledger: Pick<Ledger, keyof Retention>;
  settings: Settings['retention'];
  /** File of the ledger. If it is missing, the data folder was moved and must not be created again. */
  ledgerFile: string;
  folder: string;
  /** Reads the passphrase of the archives from its file. Throws if the file cannot be read. */
  passphrase(): string | undefined;
  clock: Clock;
  /** `now`: time of the server. `settledAt`: confirmed time for deletions, 0 if unknown. */
  now(): number;
  settledAt(): number;
  log: Record<'info' | 'error', (fields: object, line: string) => void>;
};

/** Runs the retention ten minutes after the start, then every six hours. Returns a function that stops it. */
export function startRetention(options: RetentionOptions): Cancel {
  const { clock, log } = options;
  const closed = new AbortController();
  const run = async (): Promise<void> => {
    let nextMs = everyMs;
    try {
      const { archived } = await runRetention(options, closed.signal);
      if (archived > 0) log.info({ archived }, 'events went into the archive');
    } catch (error) {
      nextMs = hourMs;
      if (!closed.signal.aborted) log.error({}, `old events stay in the ledger for now: ${messageOf(error)}`);
    }
    if (!closed.signal.aborted) cancel = clock.after(nextMs, () => void run());
  };
  let cancel = clock.after(firstAfterMs, () => void run());
  return () => {
    closed.abort();
    cancel();
  };
}

/**
 * Runs the retention once. Rejects with the error of the ledger or disk, and between two slices when the signal aborts. The completed
 * slices are consistent, and the next run continues.
 */
export async function runRetention(options: RetentionOptions, signal?: AbortSignal): Promise<{ archived: number }> {
  const { ledger, settings, folder, ledgerFile, settledAt, clock } = options;
  const pauseBetween = (): Promise<void> => {
    signal?.throwIfAborted();
    return new Promise((resolve) => void clock.after(restMs, resolve));
  };
  await stat(ledgerFile);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Deletes events that an earlier run sealed but did not delete.
  await runSlices(ledger.leave, pauseBetween);
  let archived = 0;
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const done = await archiveSome(options, after, pauseBetween);
    archived += done.archived;
    after = done.next;
    await runSlices(ledger.leave, pauseBetween);
  }
  for (const month of await ledger.expire(settings.archiveMonths)) await rm(archiveFile(folder, month), { force: true });
  const before = settledAt() - settings.historyDays * dayMs;
  await runSlices(() => ledger.forgetBefore(before), pauseBetween);
  await runSlices(ledger.shrink, pauseBetween);
  return { archived };
}

async function runSlices(slice: () => Promise<boolean>, rest: () => Promise<void>): Promise<void> {
  while (await slice()) await rest();
}

/** Writes one segment, if there are events for it. */
async function archiveSome(options: RetentionOptions, from: PagePlace, rest: () => Promise<void>) {
  const { ledger, settings, folder, passphrase, now } = options;
  const before = now() - settings.eventDays * dayMs;
  const ahead = now() + dayMs;
  const spools = new Map<number, SegmentSpool>();
  let next: PagePlace | null = from;
  let [runs, archived] = [0, 0];

  async function* lines(): AsyncGenerator<string> {
    for (; next !== null && runs < segmentMost.runs && archived < segmentMost.events; await rest()) {
      const page = await ledger.page({ before, ahead, after: next });
      next = page.next;
      for (const event of page.events) {
        const { spool, pc, name, seq, mark, received, boot, at, grade, kind, body } = event;
        const held = spools.getOrInsert(spool, { spool, runs: [], newest: received });
        held.newest = Math.max(held.newest, received);
        const last = held.runs.at(-1);
        if (last?.b === seq - 1) last.b = seq;
        else {
          held.runs.push({ a: seq, b: seq });
          runs += 1;
        }
        archived += 1;
        // One line per event: PC, spool, number, then the content.
        yield `${JSON.stringify([pc, name, seq, mark, received, boot, at, grade, kind, body])}\n`;
      }
    }
  }

  const others = lines();
  const first = await others.next();
  if (first.done === true) return { archived: 0, next: null };
  const all = async function* () {
    yield first.value;
    yield* others;
  };
  const month = new Date(before).toISOString().slice(0, 7);
  const at = await ledger.end(month);
  const written = await writeSegment({ folder, month, at, passphrase: passphrase() }, all());
  await ledger.seal({ month, at, ...written, spools: [...spools.values()] });
  return { archived, next };
}

// The file of a month is a sequence of segments. Each has a separate header and one line per event, compressed and sealed like a backup.
// The ledger records how many bytes are valid; bytes behind them, left by a crash, are overwritten.

const lineMost = 1024 * 1024;
const chunkBytes = 1024 * 1024;

export type SegmentPlace = { folder: string; month: string; at: number; passphrase: string | undefined };
export type WrittenSegment = Pick<Segment, 'bytes' | 'sha256'>;

export function archiveFile(folder: string, month: string): string {
  return join(folder, `${month}.archive`);
}

/**
 * Writes a segment of lines, each with its line end. Rejects with the error of the system.
 * Guarantee: the bytes before the segment are not changed; when this resolves, the segment is on disk.
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
    // Restores the length of a truncated file. The missing bytes become zeros, and fail the hash check later.
    await handle.truncate(at);
    const out = handle.createWriteStream({ start: at, flush: true });
    await pipeline(lines, createZstdCompress(), (body: AsyncIterable<Uint8Array>) => sealed(body, seal), counted, out);
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
  return { bytes, sha256: hash.digest('hex') };
}

/** Position of a segment in its file, with the hash that the ledger records. */
export type SegmentSum = Pick<Segment, 'at' | 'bytes' | 'sha256'>;

/** Returns true if the bytes of a segment match its hash. Throws the error of the system. */
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
 * Yields the lines of a segment after a check of its hash. Throws `BackupError` for a damaged segment or a wrong passphrase, and the
 * error of the system. Reads synchronously, so it may block.
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
    // The hash matched, so only the passphrase can be wrong.
    throw key === undefined ? error : new BackupError('the passphrase is wrong');
  }
}

/**
 * Returns one line per faulty archive of the ledger. Reads every byte of the months for which `isRead` is true; checks only the length of
 * the others.
 */
export function faultyArchives(db: DatabaseSync, folder: string, isRead: (month: string) => boolean): string[] {
  const months = db.prepare('SELECT month, bytes FROM archives WHERE expired = 0 ORDER BY month').all();
  const segments = db.prepare('SELECT at, bytes, sha256 FROM archive_segments WHERE month = ? ORDER BY at');
  return months.flatMap(({ month, bytes }) => {
    const file = archiveFile(folder, String(month));
    const read = isRead(String(month)) ? (segments.all(String(month)) as SegmentSum[]) : [];
    const found = faultOfArchive(file, Number(bytes), read);
    return found === undefined ? [] : [`${basename(file)} ${found}`];
  });
}

function faultOfArchive(file: string, bytes: number, segments: readonly SegmentSum[]): string | undefined {
  try {
    const { size } = statSync(file);
    if (size < bytes) return `is cut: ${size} bytes are there of ${bytes}`;
    const bad = segments.filter((one) => !isIntact(file, one));
    return bad.length === 0 ? undefined : `is damaged: ${bad.length} of ${segments.length} segments, the first at byte ${bad[0]?.at}`;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read: ${codeOf(error)}`;
  }
}
