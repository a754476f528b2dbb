/** What the kernel said since the boot, by /dev/kmsg. Often only root may read it. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

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
