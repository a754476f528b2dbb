/** A file copied whole: under its name stands all of it, or nothing. */
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from './backup-file.ts';

/** Copies a file into a folder that is there, or to a name of its own. Rejects with what the system says. */
export async function copyInto(file: string, folder: string, name = basename(file)): Promise<void> {
  const to = join(folder, name);
  const part = `${to}.part`;
  try {
    await copyFile(file, part);
    const handle = await open(part, 'r+');
    try {
      await handle.chmod(0o600);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
