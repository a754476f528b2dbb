/** When the system last wrote down a crash of its own: the last words of the kernel, or its memory. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

/** Milliseconds since 1970, null for never. Not known where no place for it is open to us. */
export const lastCrash: Question<number | null> = {
  linux: ({ root }) => readLastCrash(root),
  windows: ({ root }) => readDumps(root),
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
  return newestOf(open.flat());
}

/** Windows writes what it kept of a blue screen after the next start. Only administrators may look. */
async function readDumps(root: string): Promise<Answer<number | null>> {
  const folder = join(root, 'Minidump');
  const names = await readNames(folder).catch(() => 'closed' as const);
  if (names === 'closed') return { known: false, reason: 'the marks of crashes are closed to us' };
  const small = (names ?? []).filter((name) => /\.dmp$/i.test(name)).map((name) => join(folder, name));
  return newestOf([...small, join(root, 'MEMORY.DMP')]);
}

async function newestOf(paths: readonly string[]): Promise<Answer<number | null>> {
  const times = await Promise.all(paths.map(async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0));
  const newest = Math.max(0, ...times);
  return { known: true, value: newest === 0 ? null : newest };
}
