/** Readers for /proc and /sys. Absent data is `undefined`; other errors are thrown. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Error codes of a missing file. A file that is removed during the read gives `ESRCH`. */
const gone = ['ENOENT', 'ENOTDIR', 'ESRCH'];
/** Error codes of a file that has no value now, or that the agent is not allowed to read. */
const silent = [...gone, 'ENODEV', 'ENXIO', 'EIO', 'EINVAL', 'EAGAIN', 'ENODATA', 'ETIMEDOUT', 'EACCES', 'EPERM'];

/** Returns the text of a file without its line end; undefined if the file is not readable. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    return ignore(error, silent);
  }
}

/** Returns the number in a file; undefined if there is none. */
export async function readNumber(path: string): Promise<number | undefined> {
  const text = await readText(path);
  const value = text ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Returns the sorted names in a folder; undefined if it is missing. Throws if access is denied, because the content is then unknown. */
export async function readNames(path: string): Promise<string[] | undefined> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    return ignore(error, gone);
  }
}

/** Returns the text of a file that must be readable. Throws otherwise. */
export async function required(root: string, path: string): Promise<string> {
  const text = await readText(join(root, path));
  if (!text) throw new Error(`/${path} cannot be read`);
  return text;
}

function ignore(error: unknown, codes: string[]): undefined {
  if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  throw error;
}
