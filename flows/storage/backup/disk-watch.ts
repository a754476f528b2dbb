/** How full the disk of the data is, and how much of what `sabha.json` allows the ledger has: told before nothing can be written any more. */
import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { type Cancel, type Clock, messageOf } from '@sabha/contracts';

const everyMs = 10_000;
/** At the second a day of a nation may be all that is left. */
const levels = { 'centre.disk': 0.8, 'centre.disk_full': 0.9 } as const;
/** It is told once, and not each time that a backup comes and goes. */
const slack = 0.02;
const mib = 1024 * 1024;
/** With less a small commit may still pass, and the next one does not. */
const leastBytes = mib;

type Fault = keyof typeof levels;

/** A part of something that is used, how that is said, and what is left of it. */
export type Fill = { part: number; line: string; leftBytes: number };
/** `limitMiB`: size that the ledger may reach, 0 = as large as the disk. */
export type DiskOptions = {
  folder: string;
  ledgerFile: string;
  limitMiB: number;
  clock: Clock;
  say(fault: Fault, reason: string | null): void;
  /** Why nothing more can be written, at each look; null where there is room. */
  full(reason: string | null): void;
  log: { warn(fields: object, line: string): void };
};

/** Looks every few seconds, until the result ends it. */
export function watchDisk(options: DiskOptions): Cancel {
  const { clock, say, full, log } = options;
  const judge = createDiskJudge();
  let cancel: Cancel = () => undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    try {
      const fills = await fillsOf(options);
      full(fills.find(({ leftBytes }) => leftBytes < leastBytes)?.line ?? null);
      for (const { fault, reason } of judge(fills)) say(fault, reason);
    } catch (error) {
      log.warn({}, `how full the disk is cannot be read: ${messageOf(error)}`);
    }
    if (!closed) cancel = clock.after(everyMs, () => void look());
  };
  void look();
  return () => {
    closed = true;
    cancel();
  };
}

async function fillsOf({ folder, ledgerFile, limitMiB }: DiskOptions): Promise<Fill[]> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  const used = blocks - bfree;
  // As df counts: what is kept for root is nobody's.
  const part = used / Math.max(1, used + bavail);
  const leftBytes = bavail * bsize;
  const disk = { part, leftBytes, line: `the disk of ${folder} is ${percent(part)} full, ${Math.floor(leftBytes / mib)} MiB are free` };
  if (limitMiB === 0) return [disk];
  const size = statSync(ledgerFile, { throwIfNoEntry: false })?.size ?? 0;
  const had = size / mib / limitMiB;
  const line = `the ledger has ${percent(had)} of the ${limitMiB} MiB that ledgerLimitMiB allows`;
  return [disk, { part: had, leftBytes: limitMiB * mib - size, line }];
}

/** To be asked now and then; answers each fault that stands now or no more, the first time both. */
export function createDiskJudge(): (fills: readonly Fill[]) => { fault: Fault; reason: string | null }[] {
  const standing = new Map<Fault, boolean>();
  return (fills) => {
    const worst = fills.reduce((most, one) => (one.part > most.part ? one : most), { part: 0, line: '', leftBytes: 0 });
    return (Object.keys(levels) as Fault[]).flatMap((fault) => {
      const stands = worst.part >= levels[fault] - (standing.get(fault) === true ? slack : 0);
      if (standing.get(fault) === stands) return [];
      standing.set(fault, stands);
      return [{ fault, reason: stands ? worst.line : null }];
    });
  };
}

function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}
