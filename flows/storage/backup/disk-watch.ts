/** Watches how full the data disk is, and how much of its size limit in `sabha.json` the ledger uses. Reports both before writes fail. */
import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { type Cancel, type Clock, messageOf } from '@sabha/contracts';

const everyMs = 10_000;
/** Used part of the disk, or of the size limit, at which each fault is raised. Beyond 0.9 the space may end within a day. */
const levels = { 'centre.disk': 0.8, 'centre.disk_full': 0.9 } as const;
/** A fault is cleared only this far below its limit. Otherwise a temporary backup would raise and clear the fault repeatedly. */
const slack = 0.02;
const mib = 1024 * 1024;
/** Free bytes below which commits are refused: a small commit might pass, but the next one would fail. */
const leastBytes = mib;

type DiskFault = keyof typeof levels;

/** Used part of a disk or limit, its description, and the bytes left. */
export type FillLevel = { part: number; line: string; leftBytes: number };
/** `limitMiB`: maximum size of the ledger, 0 = no limit except the disk. */
export type DiskOptions = {
  folder: string;
  ledgerFile: string;
  limitMiB: number;
  clock: Clock;
  say(fault: DiskFault, reason: string | null): void;
  /** Called at each check with the reason why a write would fail, or with null if it would succeed. */
  full(reason: string | null): void;
  log: { warn(fields: object, line: string): void };
};

/** Checks every ten seconds. Returns a function that stops it. */
export function watchDisk(options: DiskOptions): Cancel {
  const { clock, say, full, log } = options;
  const judge = createDiskCheck();
  let cancel: Cancel = () => undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    try {
      const fills = await fillLevels(options);
      full(fills.find(({ leftBytes }) => leftBytes < leastBytes)?.line ?? null);
      for (const { fault, reason } of judge(fills)) say(fault, reason);
    } catch (error) {
      log.warn({}, `the free space of the disk cannot be read: ${messageOf(error)}`);
    }
    if (!closed) cancel = clock.after(everyMs, () => void look());
  };
  void look();
  return () => {
    closed = true;
    cancel();
  };
}

async function fillLevels({ folder, ledgerFile, limitMiB }: DiskOptions): Promise<FillLevel[]> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  const used = blocks - bfree;
  // Computes the used part as `df` does: blocks reserved for root do not count.
  const part = used / Math.max(1, used + bavail);
  const leftBytes = bavail * bsize;
  const disk = { part, leftBytes, line: `the disk of ${folder} is ${percent(part)} full, ${Math.floor(leftBytes / mib)} MiB are free` };
  if (limitMiB === 0) return [disk];
  const size = statSync(ledgerFile, { throwIfNoEntry: false })?.size ?? 0;
  const had = size / mib / limitMiB;
  const line = `the ledger has ${percent(had)} of the ${limitMiB} MiB that ledgerLimitMiB allows`;
  return [disk, { part: had, leftBytes: limitMiB * mib - size, line }];
}

/** Returns a function that judges the fill levels. It returns each fault whose state changed; the first call returns both. */
export function createDiskCheck(): (fills: readonly FillLevel[]) => { fault: DiskFault; reason: string | null }[] {
  const standing = new Map<DiskFault, boolean>();
  return (fills) => {
    const worst = fills.reduce((most, one) => (one.part > most.part ? one : most), { part: 0, line: '', leftBytes: 0 });
    return (Object.keys(levels) as DiskFault[]).flatMap((fault) => {
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
