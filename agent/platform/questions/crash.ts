/** When the system last wrote down a crash of its own: the last words of the kernel, or its whole memory. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

/** Milliseconds since 1970, null for never. Not known where no place for it is open to us. */
export const lastCrash: Question<number | null> = { linux: ({ root }) => readLastCrash(root) };

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
  const times = await Promise.all(
    open.flat().map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return { known: true, value: times.length === 0 ? null : Math.max(...times) };
}
