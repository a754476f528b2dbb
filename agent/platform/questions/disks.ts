/** Detects failing disks from the file system, the RAID arrays, the kernel log and SMART. It does not read the disks themselves. */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJsonAs } from '@sabha/contracts';
import * as v from 'valibot';
import { type Output, runCommand } from '../child.ts';
import { readNames, readNumber, readText } from '../linux/files.ts';
import type { Answer, Query } from '../platform.ts';
import { shortText } from '../text.ts';

/** Returns a fixed text for each fault; empty if all readable sources show none. Unknown if no source is readable. */
export const diskTroubles: Query<string[]> = {
  linux: async (system, signal) => {
    const { root, env } = system;
    const log = (await kernelLog.linux?.(system, signal)) ?? unknown;
    const said = await runCommand({ program: 'busctl', args: objects, env }, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
    const found = [await fileSystems(root), await arrays(root), log.known ? await errorsIn(root, log.value) : undefined, byItself(said)];
    const known = found.filter((one) => one !== undefined);
    return known.length === 0 ? unknown : { known: true, value: known.flat().sort() };
  },
  windows: async ({ disks }) => {
    const seen = disks();
    if (!seen.known) return seen;
    if (!seen.value.some(({ isFailing }) => isFailing !== null)) return unknown;
    const failing = seen.value.filter(({ isFailing }) => isFailing === true);
    return { known: true, value: failing.map(({ name }) => shortText(`${name}: ${foretold}`)).sort() };
  },
};

const foretold = 'predicts its own failure';
const unknown: Answer<never> = { known: false, reason: 'this system does not report the state of its disks' };
/** Arguments of busctl that request the disk data of the service UDisks, without starting that service. */
const objects = ['--system', '--auto-start=no', '--json=short', 'call', 'org.freedesktop.UDisks2', '/org/freedesktop/UDisks2'].concat(
  'org.freedesktop.DBus.ObjectManager',
  'GetManagedObjects',
);
/** Time limit of the request to UDisks. Without it a hanging UDisks would block the other sources. */
const limitMs = 2_000;
const dayMs = 86_400_000;
/** Least number of disk errors that count as a fault. A single error may come from a touched cable. */
const errorsLeast = 3;

async function fileSystems(root: string): Promise<string[] | undefined> {
  const folder = join(root, 'sys/fs/ext4');
  const names = await readNames(folder);
  if (names === undefined) return undefined;
  const counts = await Promise.all(names.map((name) => readNumber(join(folder, name, 'errors_count'))));
  return names.filter((_, at) => (counts[at] ?? 0) > 0).map((name) => shortText(`${name}: errors in the file system`));
}

/** Returns the RAID arrays with a missing disk: `[U_]` in /proc/mdstat means that one of two disks is missing. */
async function arrays(root: string): Promise<string[] | undefined> {
  const text = await readText(join(root, 'proc/mdstat'));
  const found = text?.matchAll(/^(md\S+) : active.*\n.*\[U*_[U_]*\]/gm);
  return found && [...found].map(([, name]) => shortText(`${name}: a disk of the array is missing`));
}

/** Returns the built-in disks with too many errors. Other disks are ignored: unplugging a USB stick causes such errors too. */
async function errorsIn(root: string, log: readonly KernelLine[]): Promise<string[]> {
  const young = log.filter(({ ageMs }) => ageMs < dayMs);
  const named = young.flatMap(({ text }) => /(?:I\/O|critical medium) error, dev ([a-z]+\w*)/.exec(text)?.[1] ?? []);
  const failing: string[] = [];
  for (const disk of (await readNames(join(root, 'sys/block'))) ?? []) {
    const place = await realpath(join(root, 'sys/block', disk)).catch(() => '');
    if (/\/usb\d|\/virtual\//.test(place) || (await readNumber(join(root, 'sys/block', disk, 'removable'))) === 1) continue;
    const ofDisk = named.filter((name) => name === disk || (name.startsWith(disk) && /^p?\d+$/.test(name.slice(disk.length))));
    if (ofDisk.length >= errorsLeast) failing.push(shortText(`${disk}: cannot be read or written at places`));
  }
  return failing;
}

const property = v.object({ data: v.unknown() });
const drives = v.object({ data: v.tuple([v.record(v.string(), v.record(v.string(), v.record(v.string(), property)))]) });
const drive = 'org.freedesktop.UDisks2.Drive';

/** Returns disks that predict their failure by their counters (SMART), as last read by UDisks. */
function byItself(output: Output): string[] | undefined {
  const read = output.ok ? parseJsonAs(drives, output.text) : undefined;
  if (read === undefined) return undefined;
  return Object.values(read.data[0]).flatMap((faces) => {
    const isFailing = faces[`${drive}.Ata`]?.['SmartFailing']?.data === true;
    const warnings = faces['org.freedesktop.UDisks2.NVMe.Controller']?.['SmartCriticalWarning']?.data;
    if (!isFailing && !(Array.isArray(warnings) && warnings.some((one) => one !== 'temperature'))) return [];
    return [shortText(`${faces[drive]?.['Model']?.data ?? 'a disk'}: ${foretold}`)];
  });
}

/** `ageMs`: age of the line. Sleep of the PC makes earlier lines count as older. */
export type KernelLine = { ageMs: number; text: string };

/** Reads the kernel log. One call makes some thousand reads, so call it at most once a minute. */
export const kernelLog: Query<KernelLine[]> = { linux: ({ root }) => readKernelLog(root) };

/** Maximum length of a record. The kernel returns one record per read. */
const recordBytes = 8_192;
const recordsLimit = 20_000;
/** A record of the kernel log: priority, sequence number, microseconds since boot, flags, text. Continuation lines begin with a blank. */
const record = /^\d+,\d+,(\d+),[^;]*;(.*)$/;

async function readKernelLog(root: string): Promise<Answer<KernelLine[]>> {
  const uptimeMs = Number.parseFloat((await readText(join(root, 'proc/uptime'))) ?? '') * 1_000;
  const text = textOf(join(root, 'dev/kmsg'));
  if (text === undefined || Number.isNaN(uptimeMs)) return { known: false, reason: 'the agent may not read the kernel log' };
  const value = text.split('\n').flatMap((line) => {
    const [, micros, said] = record.exec(line) ?? [];
    return said === undefined ? [] : [{ ageMs: uptimeMs - Number(micros) / 1_000, text: said }];
  });
  return { known: true, value };
}

/** Reads the kernel log device to its end. Without O_NONBLOCK the last read would wait for new records. */
function textOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return allOf(file);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function allOf(file: number): string {
  const buffer = Buffer.alloc(recordBytes);
  const chunks: Buffer[] = [];
  for (let read = 0; read < recordsLimit; read += 1) {
    try {
      const bytes = readSync(file, buffer);
      if (bytes === 0) break;
      chunks.push(Buffer.from(buffer.subarray(0, bytes)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') break;
      // EPIPE: the kernel overwrote the next log record before it was read. The next read continues with a newer one.
      if (code !== 'EPIPE') throw error;
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
