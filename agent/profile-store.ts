/** Keeps the last good configuration of this PC in a file, so that a cut-off room still knows what is expected of it. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, decode, encode } from '#contracts';

export type ProfileStore = {
  /** The last good one; a reason where what is stored cannot be used. */
  load(): { config: Config | undefined; problem: string | null };
  /** Guarantee: after a kill or a power cut the file holds the old one or this one, whole. Answers the reason where it could not be written. */
  save(config: Config): string | null;
};

export function createProfileStore(file: string): ProfileStore {
  return {
    load: () => {
      if (!existsSync(file)) return { config: undefined, problem: null };
      try {
        const read = decode('config', readFileSync(file));
        return read.ok ? { config: read.value, problem: null } : { config: undefined, problem: `${file}: ${read.detail}` };
      } catch (error) {
        return { config: undefined, problem: `${file}: ${(error as Error).message}` };
      }
    },
    save: (config) => {
      try {
        writeWhole(`${file}.new`, encode('config', config));
        renameSync(`${file}.new`, file);
        syncFolder(dirname(file));
        return null;
      } catch (error) {
        return `${file}: ${(error as Error).message}`;
      }
    },
  };
}

function writeWhole(file: string, content: Buffer): void {
  const handle = openSync(file, 'w', 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Without it the rename itself may be lost in a power cut; Windows has no such call and keeps the order by itself. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
