/** Keeps the last good configuration of this PC in a file, so that a cut-off room still knows what is expected of it. */
import { existsSync, readFileSync } from 'node:fs';
import { type Config, decode, encode, replaceFile } from '#contracts';

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
        replaceFile(file, encode('config', config));
        return null;
      } catch (error) {
        return `${file}: ${(error as Error).message}`;
      }
    },
  };
}
