/** What of a centre goes into a backup beside its ledger: keys, authority, registry, settings, tabs. */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { codeOf } from '@sabha/contracts';
import { BackupError, isPackable, type Packed } from './format/pack.ts';

/** Where they lie: `flows` = its data folder, `registry` = the broker's snapshot, `settings` = sabha.json. */
export type CentrePlaces = { flows: string; registry: string; settings: string; registryKey: KeyObject };

/** Of the data folder of `flows` what is not packed: the ledger, whose copy is, archives, which are as large as all of the rest, what is made anew, and what is handed out to PCs. */
const leftOut = /^(ledger\.db|backups|archives|compiled|updates|first-secret|told-|restored\.json|service\.env)/;

/** Reads them. A file that goes meanwhile, as in a Deploy, is left out. */
export async function centreFiles({ flows, registry, settings, registryKey }: CentrePlaces): Promise<Packed[]> {
  const publicKey = createPublicKey(registryKey).export({ type: 'spki', format: 'pem' });
  const own = (await filesBelow(flows)).filter((file) => !leftOut.test(relative(flows, file)));
  const all = await Promise.all([
    ...own.toSorted().map((file) => read(file, `flows/${relative(flows, file).split(sep).join('/')}`)),
    read(registry, 'broker/registry.json'),
    read(settings, 'sabha.json'),
  ]);
  return [...all.flatMap((one) => one ?? []), { path: 'broker/registry.pub', bytes: publicKey.length, content: Buffer.from(publicKey) }];
}

/** Whose backup it is: a hash of the key that the PCs of a centre obey. */
export function centreMark(centreKey: KeyObject): string {
  return hash('sha256', createPublicKey(centreKey).export({ type: 'spki', format: 'der' }));
}

/** A link counts as what it leads to, since keys may lie elsewhere; one that leads back to where it lies ends there. */
async function filesBelow(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (one): Promise<string[]> => {
    const path = join(folder, one.name);
    const kind = one.isSymbolicLink() ? await stat(path).catch(() => one) : one;
    if (kind.isDirectory()) return filesBelow(path, [...above, real]);
    return kind.isFile() ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

async function read(file: string, path: string): Promise<Packed | undefined> {
  if (!isPackable(path)) throw new BackupError(`${file}: a file of that name cannot be packed: give it another one`);
  try {
    const content = await readFile(file);
    return { path, bytes: content.length, content };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
