/** Do the disks of the PC fail? What file system, array, kernel and the disk itself say of it; no disk is read for it. */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '@sabha/contracts';
import * as v from 'valibot';
import { type Output, runCommand } from '../child.ts';
import { readNames, readNumber, readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';
import { shortText } from '../text.ts';

/** Each trouble in words that stay the same; none where all that could be asked is well. Not known where nothing could. */
export const diskTroubles: Question<string[]> = {
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

const foretold = 'foretells its own failure';
const unknown: Answer<never> = { known: false, reason: 'nothing here tells of the disks' };
/** UDisks looks at them every ten minutes; it is not started for us. */
const objects = ['--system', '--auto-start=no', '--json=short', 'call', 'org.freedesktop.UDisks2', '/org/freedesktop/UDisks2'].concat(
  'org.freedesktop.DBus.ObjectManager',
  'GetManagedObjects',
);
/** What hangs there keeps nothing else from being told. */
const limitMs = 2_000;
const dayMs = 86_400_000;
/** One alone can be a cable that was touched. */
const errorsLeast = 3;

async function fileSystems(root: string): Promise<string[] | undefined> {
  const folder = join(root, 'sys/fs/ext4');
  const names = await readNames(folder);
  if (names === undefined) return undefined;
  const counts = await Promise.all(names.map((name) => readNumber(join(folder, name, 'errors_count'))));
  return names.filter((_, at) => (counts[at] ?? 0) > 0).map((name) => shortText(`${name}: errors in the file system`));
}

/** `[U_]`: one of two is away. */
async function arrays(root: string): Promise<string[] | undefined> {
  const text = await readText(join(root, 'proc/mdstat'));
  const found = text?.matchAll(/^(md\S+) : active.*\n.*\[U*_[U_]*\]/gm);
  return found && [...found].map(([, name]) => shortText(`${name}: a disk of the array is away`));
}

/** Only of disks that are still there and built in: whoever pulls out a stick makes such errors too. */
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

/** By its own counters (SMART), as UDisks last read them. */
function byItself(output: Output): string[] | undefined {
  const read = output.ok ? readJson(drives, output.text) : undefined;
  if (read === undefined) return undefined;
  return Object.values(read.data[0]).flatMap((faces) => {
    const isFailing = faces[`${drive}.Ata`]?.['SmartFailing']?.data === true;
    const warnings = faces['org.freedesktop.UDisks2.NVMe.Controller']?.['SmartCriticalWarning']?.data;
    if (!isFailing && !(Array.isArray(warnings) && warnings.some((one) => one !== 'temperature'))) return [];
    return [shortText(`${faces[drive]?.['Model']?.data ?? 'a disk'}: ${foretold}`)];
  });
}

/** `ageMs`: how long ago; what lies before a sleep of the PC counts as older than it is. */
export type KernelLine = { ageMs: number; text: string };

/** Some thousand reads of memory: to be asked once a minute at most. */
export const kernelLog: Question<KernelLine[]> = { linux: ({ root }) => readKernelLog(root) };

/** The kernel gives one record a read, and none is longer. */
const recordBytes = 8_192;
const recordsLimit = 20_000;
/** Priority, number, microseconds since the boot, flags; the lines that follow a record begin with a blank. */
const record = /^\d+,\d+,(\d+),[^;]*;(.*)$/;

async function readKernelLog(root: string): Promise<Answer<KernelLine[]>> {
  const uptimeMs = Number.parseFloat((await readText(join(root, 'proc/uptime'))) ?? '') * 1_000;
  const text = textOf(join(root, 'dev/kmsg'));
  if (text === undefined || Number.isNaN(uptimeMs)) return { known: false, reason: 'the kernel log is closed to us' };
  const value = text.split('\n').flatMap((line) => {
    const [, micros, said] = record.exec(line) ?? [];
    return said === undefined ? [] : [{ ageMs: uptimeMs - Number(micros) / 1_000, text: said }];
  });
  return { known: true, value };
}

/** Read to its end, which a device has only for who does not want to wait. */
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
      // A record that was overwritten before we came to it.
      if (code !== 'EPIPE') throw error;
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
