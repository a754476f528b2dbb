/**
 * Versions of an installed agent: two folders, `a` and `b`, and a small file that names the one in use. The installed version in the
 * launcher's folder is never changed. It is used if its package is newer than the proven version.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, compareVersions, parseJsonAs, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';

const slotName = v.picklist(['a', 'b']);
const held = v.object({ slot: slotName, version: v.string(), sha256: v.string() });
const file = v.object({
  /** The proven version, which is in use; null = the installed version. */
  proven: v.nullable(held),
  /** The version on trial. `starts`: its starts so far, counted before each start. */
  trial: v.nullable(v.object({ ...held.entries, starts: v.number() })),
  /** Highest `minimum` of all manifests so far. Lower versions are refused. */
  minimum: v.string(),
  /** Last rejected version. `at`: ms since 1970. */
  rejected: v.nullable(v.object({ version: v.string(), at: v.number(), reason: v.string() })),
});

export type SlotsFile = v.InferOutput<typeof file>;
/** A version with its slot and the signed hash of its bundle. */
export type Bundle = v.InferOutput<typeof held>;

export const bundleName = 'agent.mjs';
/** Limit of starts of a version on trial. A power cut may end the first start, so one failed start does not reject a version. */
const startsLimit = 2;
const system: SlotsDisk = { read: readFileSync, replace: replaceFile };
const empty: SlotsFile = { proven: null, trial: null, minimum: '0.0.0', rejected: null };

export type Slots = ReturnType<typeof openSlots>;
/** The bundle to start. `file`: null = the installed bundle. `trial`: the version of the bundle if it is on trial. */
export type BundleChoice = { file: string | null; trial: string | null };
/** Disk access. Both functions throw the error of the system. */
export type SlotsDisk = { read(path: string): Buffer; replace(path: string, text: string): void };

/**
 * Opens the slots of a folder. A missing or invalid state file counts as empty, because the installed version always works. A state file
 * that cannot be read is kept, and the error is thrown.
 */
export function openSlots(folder: string, { installed = '0.0.0', disk = system }: { installed?: string; disk?: SlotsDisk } = {}) {
  const stateFile = join(folder, 'slots.json');
  const bundle = ({ slot }: Pick<Bundle, 'slot'>) => join(folder, slot, bundleName);
  const read = (): SlotsFile => parseJsonAs(file, contentOf(stateFile, disk.read)?.toString()) ?? empty;
  const write = (state: SlotsFile) => disk.replace(stateFile, JSON.stringify(state));
  const isStartable = (one: Bundle) => hasHash(bundle(one), one.sha256, disk.read);
  const rejectTrial = (version: string, reason: string, at: number) => {
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
    if (trial.starts >= startsLimit) return 'it started, but never reached the server';
    return isStartable(trial) ? null : 'its file is damaged';
  };

  return {
    read,
    /** Returns the proven bundle if it is newer than the installed one; null = the installed one. */
    inUse,
    /**
     * Returns the bundle to start now.
     * Guarantee: it never starts a bundle whose content differs from the signed hash. It starts a trial at most twice without a proof.
     * If the start cannot be counted on disk, it throws the error of the system.
     */
    choose(at: number): BundleChoice {
      const kept = read();
      const { trial } = kept;
      if (trial === null) return { file: inUse(), trial: null };
      const reason = whyNot(trial);
      if (reason === null) {
        write({ ...kept, trial: { ...trial, starts: trial.starts + 1 } });
        return { file: bundle(trial), trial: trial.version };
      }
      rejectTrial(trial.version, reason, at);
      return { file: inUse(), trial: null };
    },
    /** Returns the slot that is not in use, for the next version. */
    vacant(): { slot: 'a' | 'b'; file: string } {
      const slot = read().proven?.slot === 'a' ? 'b' : 'a';
      mkdirSync(join(folder, slot), { recursive: true, mode: 0o700 });
      return { slot, file: bundle({ slot }) };
    },
    /** Puts a version on trial from the next start. The lowest allowed version only rises. */
    tryNext(next: Bundle, minimum: string): void {
      const kept = read();
      const floor = compareVersions(minimum, kept.minimum) > 0 ? minimum : kept.minimum;
      write({ ...kept, trial: { ...next, starts: 0 }, minimum: floor });
    },
    /** Marks the version on trial as in use, because the server acknowledged its birth. */
    prove(): void {
      const kept = read();
      if (kept.trial === null) return;
      const { starts: _, ...proven } = kept.trial;
      write({ ...kept, proven, trial: null, rejected: null });
    },
    /** Rejects this version if it is on trial. The next start uses the previous version. */
    rejectTrial,
  };
}

export function hasHash(path: string, sha256: string, readFile: SlotsDisk['read'] = readFileSync): boolean {
  const content = contentOf(path, readFile);
  return content !== undefined && createHash('sha256').update(content).digest('hex') === sha256;
}

/** Returns the content of a file; undefined if the file is missing. Throws other errors: after them the content is unknown. */
function contentOf(path: string, read: SlotsDisk['read']): Buffer | undefined {
  try {
    return read(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
