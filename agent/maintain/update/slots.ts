/**
 * Where an installed agent keeps its versions: two folders, `a` and `b`, and one small file that says which is in use. The version that was
 * installed stands beside the launcher and is never touched; where a package brings a newer one than was proven, that is the one in use.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, compareVersions, readJson, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';

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

/** What the file of the slots says. */
export type SlotsFile = v.InferOutput<typeof file>;
/** A bundle in its slot, and the hash by which it was proven. */
export type Bundle = v.InferOutput<typeof held>;

/** What the file of a bundle is called in its slot. */
export const bundleName = 'agent.mjs';
/** A power cut in the first minutes is no fault of the new version, a second one may be. */
const startsLimit = 2;
const system: SlotsDisk = { read: readFileSync, replace: replaceFile };
const empty: SlotsFile = { proven: null, trial: null, minimum: '0.0.0', rejected: null };

/** The slots of a folder, opened. */
export type Slots = ReturnType<typeof openSlots>;
/** What to start: null = the installed bundle. `trial` = its version where it is on trial. */
export type Chosen = { file: string | null; trial: string | null };
/** The disk under the slots; each throws what the system says. */
export type SlotsDisk = { read(path: string): Buffer; replace(path: string, text: string): void };

/**
 * The slots of a folder. A state that is not there or holds nonsense counts as none, for the installed version always works; one that cannot be
 * read now is left as it is, and whoever asked hears of it by what is thrown.
 */
export function openSlots(folder: string, { installed = '0.0.0', disk = system }: { installed?: string; disk?: SlotsDisk } = {}) {
  const stateFile = join(folder, 'slots.json');
  const bundle = ({ slot }: Pick<Bundle, 'slot'>) => join(folder, slot, bundleName);
  const read = (): SlotsFile => readJson(file, contentOf(stateFile, disk.read)?.toString()) ?? empty;
  const write = (state: SlotsFile) => disk.replace(stateFile, JSON.stringify(state));
  const isStartable = (one: Bundle) => isWhole(bundle(one), one.sha256, disk.read);
  const takeBack = (version: string, reason: string, at: number) => {
    const kept = read();
    if (kept.trial?.version === version) write({ ...kept, trial: null, rejected: { version, at, reason } });
  };
  const isNewer = ({ version }: Bundle) => compareVersions(version, installed) > 0;
  const inUse = () => {
    const { proven } = read();
    return proven !== null && isNewer(proven) && isStartable(proven) ? bundle(proven) : null;
  };
  const whyNot = (trial: Bundle & { starts: number }) => {
    if (!isNewer(trial)) return 'it is not newer than the one installed';
    if (trial.starts >= startsLimit) return 'it started and was never heard by the centre';
    return isStartable(trial) ? null : 'its file is damaged';
  };

  return {
    read,
    /** The bundle that is proven and newer than the installed one; null = that one. */
    inUse,
    /**
     * The bundle to start now.
     * Guarantee: a bundle whose content is not what was proven by signature is never started, and a trial at most twice without a proof: where
     * its start cannot be written down, nothing is answered and the system's error is thrown.
     */
    choose(at: number): Chosen {
      const kept = read();
      const { trial } = kept;
      if (trial === null) return { file: inUse(), trial: null };
      const reason = whyNot(trial);
      if (reason === null) {
        write({ ...kept, trial: { ...trial, starts: trial.starts + 1 } });
        return { file: bundle(trial), trial: trial.version };
      }
      takeBack(trial.version, reason, at);
      return { file: inUse(), trial: null };
    },
    /** Where the next version is put: the slot that is not in use. */
    vacant(): { slot: 'a' | 'b'; file: string } {
      const slot = read().proven?.slot === 'a' ? 'b' : 'a';
      mkdirSync(join(folder, slot), { recursive: true, mode: 0o700 });
      return { slot, file: bundle({ slot }) };
    },
    /** The next start tries this one. The lowest version that is allowed only rises. */
    tryNext(next: Bundle, minimum: string): void {
      const kept = read();
      const floor = compareVersions(minimum, kept.minimum) > 0 ? minimum : kept.minimum;
      write({ ...kept, trial: { ...next, starts: 0 }, minimum: floor });
    },
    /** The centre has heard the version that is on trial: from now on it is the one in use. */
    prove(): void {
      const kept = read();
      if (kept.trial === null) return;
      const { starts: _, ...proven } = kept.trial;
      write({ ...kept, proven, trial: null, rejected: null });
    },
    /** This version does not do: where it is the one on trial, the next start takes the one before it. */
    takeBack,
  };
}

/** True where the file is there and its content has this hash. */
export function isWhole(path: string, sha256: string, readFile: SlotsDisk['read'] = readFileSync): boolean {
  const content = contentOf(path, readFile);
  return content !== undefined && createHash('sha256').update(content).digest('hex') === sha256;
}

/** Undefined where there is no such file; what a disk or its rights refuse is thrown, since it says nothing about what is there. */
function contentOf(path: string, read: SlotsDisk['read']): Buffer | undefined {
  try {
    return read(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
