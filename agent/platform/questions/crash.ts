/** When the system last wrote down a crash of its own: the last words of the kernel, or its memory. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';
import { lastDump } from '../windows/attempt.ts';

/** Milliseconds since 1970, null for never. Not known where no place for it is open to us. */
export const lastCrash: Question<number | null> = {
  linux: ({ root }) => readLastCrash(root),
  windows: async ({ root }) => lastDump(root),
};

/** Programs that crash are put beside the kernel's dumps, which lie in folders named by their time. */
const places = [
  ['sys/fs/pstore', /^dmesg-/],
  ['var/lib/systemd/pstore', /./],
  ['var/crash', /^\d{12}$/],
] as const;

async function readLastCrash(root: string): Promise<Answer<number | null>> {
  const found = await Promise.all(
    places.map(async ([place, pattern]) => {
      const names = await readNames(join(root, place)).catch(() => undefined);
      return names?.filter((name) => pattern.test(name)).map((name) => join(root, place, name));
    }),
  );
  const open = found.filter((paths) => paths !== undefined);
  if (open.length === 0) return { known: false, reason: 'the marks of crashes are closed to us' };
  const times = await Promise.all(open.flat().map(async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0));
  const newest = Math.max(0, ...times);
  return { known: true, value: newest === 0 ? null : newest };
}
