/** Small readings of /proc and /sys. What is absent is `undefined`; everything else is thrown. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Not there, or gone while we looked. */
const gone = ['ENOENT', 'ENOTDIR', 'ESRCH'];
/** A sensor or attribute that is there and has nothing to say now, or not to us. */
const silent = [...gone, 'ENODEV', 'ENXIO', 'EIO', 'EINVAL', 'EAGAIN', 'ENODATA', 'ETIMEDOUT', 'EACCES', 'EPERM'];

/** The text of a file without its line end; undefined where there is none to be had. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    return ignore(error, silent);
  }
}

/** The number that a file holds; undefined where it holds none. */
export async function readNumber(path: string): Promise<number | undefined> {
  const text = await readText(path);
  const value = text ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The names in a folder, sorted; undefined where there is no such folder. Throws where it is closed to us: that is no answer. */
export async function readNames(path: string): Promise<string[] | undefined> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    return ignore(error, gone);
  }
}

/** The text of a file without which nothing can be said. */
export async function required(root: string, path: string): Promise<string> {
  const text = await readText(join(root, path));
  if (!text) throw new Error(`/${path} cannot be read`);
  return text;
}

function ignore(error: unknown, codes: string[]): undefined {
  if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  throw error;
}
