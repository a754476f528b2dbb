/** Gives the broker its list of who may connect: a signed snapshot beside the ledger (DESIGN, decision 12). */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { modes, openSnapshot, type RegistrySnapshot, replaceFile, sealSnapshot } from '@sabha/contracts';
import { registryVersionKey } from '../engine/records/meta-keys.ts';
import type { Contents, Ledger } from '../engine/records/ops.ts';

/** `registry` is what `load` gave now, `roots` and `reflectorKey` as in the snapshot, `at` the time in milliseconds, `file` the snapshot's path. */
export type Publication = {
  ledger: Ledger;
  registry: Contents['registry'];
  roots: readonly string[];
  reflectorKey?: string | undefined;
  file: string;
  key: KeyObject;
  at: number;
};

/**
 * Writes the snapshot where its content changed, and answers its version. Rejects where ledger or file cannot be written.
 * Guarantee: readers see the old file or the new one, never a part; a version never stands for two contents, and none is lower than
 * one that ledger or file had before.
 */
export async function publishRegistry({ ledger, registry, roots, reflectorKey, file, key, at }: Publication): Promise<number> {
  const published = await readSnapshot(file, key);
  const fresh = { at, pcs: registry.entries, roots: [...roots], ...(reflectorKey !== undefined && { reflectorKey }) };
  const same = published !== undefined && published.version >= registry.version && contentOf(published) === contentOf(fresh);
  const version = same ? published.version : Math.max(registry.version, published?.version ?? 0) + 1;
  if (version !== registry.version) await ledger.commit([{ op: 'meta', key: registryVersionKey, value: String(version) }]);
  if (!same) replaceFile(file, sealSnapshot({ version, ...fresh }, key), modes.shared);
  return version;
}

/** What the file says, where it is there and signed by us. A file that is not says nothing, its version included. */
export async function readSnapshot(file: string, key: KeyObject): Promise<RegistrySnapshot | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const opened = openSnapshot(text, createPublicKey(key));
  return opened.ok ? opened.value : undefined;
}

function contentOf({ pcs, roots, reflectorKey }: Pick<RegistrySnapshot, 'pcs' | 'roots' | 'reflectorKey'>): string {
  return JSON.stringify([roots, reflectorKey, pcs.map((one) => [one.pc, one.tokenHash, one.certificates, one.ends, one.revoked])]);
}
