/**
 * Where an installed agent keeps its versions: two folders, `a` and `b`, and one small file that says which is in use. The version that was
 * installed stands beside the launcher and is never touched.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '#contracts';

const slotName = v.picklist(['a', 'b']);
const held = v.object({ slot: slotName, version: v.string(), sha256: v.string() });
const file = v.object({
  /** In use and proven; null = the one that was installed. */
  proven: v.nullable(held),
  /** To be proven: each of its starts is counted before it is made. */
  trial: v.nullable(v.object({ ...held.entries, starts: v.number() })),
  /** Lowest version that a manifest ever allowed. */
  minimum: v.string(),
  /** The last one that had to be taken back, and when (wall clock, ms). */
  rejected: v.nullable(v.object({ version: v.string(), at: v.number(), reason: v.string() })),
});

export type SlotsFile = v.InferOutput<typeof file>;
export type Bundle = v.InferOutput<typeof held>;

export const bundleName = 'agent.mjs';
/** A power cut in the first minutes is no fault of the new version, a second one may be. */
const startsLimit = 2;
const empty: SlotsFile = { proven: null, trial: null, minimum: '0.0.0', rejected: null };

export type Slots = ReturnType<typeof openSlots>;

/** The slots of a folder, which is made where it is not there. A state that cannot be read counts as none: the installed version always works. */
export function openSlots(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stateFile = join(folder, 'slots.json');
  const bundle = ({ slot }: Pick<Bundle, 'slot'>) => join(folder, slot, bundleName);
  const read = () => readState(stateFile);
  const write = (state: SlotsFile) => replaceFile(stateFile, JSON.stringify(state));
  const takeBack = (reason: string, at: number) => {
    const state = read();
    if (state.trial === null) return;
    write({ ...state, trial: null, rejected: { version: state.trial.version, at, reason } });
  };

  const inUse = () => {
    const { proven } = read();
    return proven !== null && isWhole(bundle(proven), proven.sha256) ? bundle(proven) : null;
  };

  return {
    read,
    /** The bundle that is proven; null = the installed one. */
    inUse,

    /**
     * The bundle to start now; null = the installed one.
     * Guarantee: a bundle whose content is not what was proven by signature is never started, and a trial at most twice without a proof.
     */
    choose(at: number): string | null {
      const state = read();
      const { trial } = state;
      if (trial !== null && trial.starts < startsLimit && isWhole(bundle(trial), trial.sha256)) {
        write({ ...state, trial: { ...trial, starts: trial.starts + 1 } });
        return bundle(trial);
      }
      if (trial !== null) takeBack(trial.starts < startsLimit ? 'its file is damaged' : 'it started and was never heard by the centre', at);
      return inUse();
    },

    /** Where the next version is put: the slot that is not in use. */
    vacant(): { slot: 'a' | 'b'; file: string } {
      const slot = read().proven?.slot === 'a' ? 'b' : 'a';
      mkdirSync(join(folder, slot), { recursive: true, mode: 0o700 });
      return { slot, file: bundle({ slot }) };
    },

    /** The next start tries this one. */
    tryNext(next: Bundle, minimum: string): void {
      write({ ...read(), trial: { ...next, starts: 0 }, minimum });
    },

    /** The centre has heard the version that is on trial: from now on it is the one in use. */
    prove(): void {
      const state = read();
      if (state.trial === null) return;
      const { starts: _, ...proven } = state.trial;
      write({ ...state, proven, trial: null, rejected: null });
    },

    /** The version on trial does not do: the next start takes the one before it. */
    takeBack,
  };
}

/** True where the file is there and its content has this hash. */
export function isWhole(path: string, sha256: string): boolean {
  return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === sha256;
}

function readState(path: string): SlotsFile {
  try {
    return v.parse(file, JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    rmSync(path, { force: true });
    return empty;
  }
}
