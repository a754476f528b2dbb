/**
 * Restores a server from its backup, onto its machine or an empty one. Unpacks and verifies the backup beside the old data, then replaces
 * it by a rename.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, replaceFile } from '@sabha/contracts';
import { archiveFile } from '../archive/retention.ts';
import { serverIdentity } from './backup.ts';
import { BackupError, type BackupHead, checkFreeSpace, readAbout, readBackup } from './format/backup-file.ts';
import { type CopyProof, proofOf } from './proof.ts';

/** `data`: the data folder of the server; `settings`: its sabha.json; `check`: verify only. */
export type RestoreOptions = {
  file: string;
  data: string;
  settings: string;
  passphrase: string | undefined;
  check: boolean;
  now(): number;
};

/** Result of a restore or check. `aside`: old data, which nothing deletes; `left`: why older archives were not moved. */
export type Restored = { about: BackupHead; audit: CopyProof['audit']; aside: string[]; left?: string };

/** File in the data folder of `flows` that reports the restore at the next start. */
export const restoredNote = 'restored.json';

/**
 * Restores a server. Rejects with a `BackupError` of one line: running server, other server, wrong passphrase, truncated file, newer
 * version, or no space.
 * Guarantee: a refusal changes nothing. After a kill the old or the new server is in place. Between the two renames there is neither, and
 * no server starts until the restore is repeated.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { file, data } = options;
  try {
    const about = await readAbout(file);
    checkSameServer(about, join(data, 'flows'));
    // A check may run beside a running server.
    if (!options.check) checkStopped(join(data, 'flows'));
    await mkdir(data, { recursive: true, mode: 0o700 });
    await checkFreeSpace(data, about.bytes * 1.1);
    return await unpackAndSwap(about, options);
  } catch (error) {
    throw new BackupError(`${file}: ${messageOf(error)}; nothing is changed`);
  }
}

async function unpackAndSwap(about: BackupHead, options: RestoreOptions): Promise<Restored> {
  const { file, data, passphrase, check } = options;
  const fresh = join(data, check ? 'check.restoring' : 'unpacked.restoring');
  await rm(fresh, { recursive: true, force: true });
  try {
    await readBackup(file, { folder: fresh, passphrase });
    // The public key verifies the signed heads of the audit log. Without the key file the signatures are not checked.
    const centreKey = join(fresh, 'flows', 'centre.key');
    const key = existsSync(centreKey) ? createPublicKey(readFileSync(centreKey, 'utf8')) : undefined;
    const { audit, damage } = proofOf(join(fresh, 'flows', 'ledger.db'), { key });
    if (damage !== null) throw new BackupError(`its ledger is damaged: ${damage}`);
    return { about, audit, ...(check ? { aside: [] } : await swapInPlace(fresh, about, options)) };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function swapInPlace(
  fresh: string,
  about: BackupHead,
  { data, settings, file, now }: RestoreOptions,
): Promise<Pick<Restored, 'aside' | 'left'>> {
  const stamp = new Date(now()).toISOString().slice(0, 19).replace(/[-:]/g, '');
  // The server does not start if only the second folder exists, so both programs must use the same name.
  const [flows, restoring] = [join(data, 'flows'), join(data, 'flows.restoring')];
  const note = { file, at: about.at, restoredAt: now() };
  replaceFile(join(fresh, 'flows', restoredNote), `${JSON.stringify(note)}\n`);
  await rm(restoring, { recursive: true, force: true });
  await rename(join(fresh, 'flows'), restoring);
  const before = `${flows}.before-${stamp}`;
  const aside: string[] = [];
  let isAside = false;
  try {
    // The server may have been started during the unpacking, so this is checked again.
    checkStopped(flows);
    if (existsSync(flows)) {
      await rename(flows, before);
      isAside = true;
    }
    await fillBroker(fresh, data);
    aside.push(...swapSettings(join(fresh, 'sabha.json'), settings, stamp));
    await rename(restoring, flows);
  } catch (error) {
    if (isAside) await rename(before, flows);
    await rm(restoring, { recursive: true, force: true });
    throw error;
  }
  if (!isAside) return { aside };
  aside.push(before);
  // The restored server is in place, even if the archives cannot be moved.
  return keepArchives(before, flows).then(
    () => ({ aside }),
    (error) => ({ aside, left: `${join(before, 'archives')}: ${messageOf(error)}` }),
  );
}

/**
 * Moves the archives that the restored ledger knows, because no backup contains them. A longer file is copied: the server overwrites
 * its end, and that end exists nowhere else. After a kill the archives stay in the old folder, and the audit reports them missing.
 */
async function keepArchives(before: string, flows: string): Promise<void> {
  const [from, to] = [join(before, 'archives'), join(flows, 'archives')];
  const known = existsSync(from) ? archivesKnown(join(flows, 'ledger.db')) : [];
  if (known.length > 0) await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { month, bytes } of known) {
    const [file, kept] = [archiveFile(from, month), archiveFile(to, month)];
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size !== undefined) await (size > bytes ? copyFile(file, kept) : rename(file, kept));
  }
}

function archivesKnown(ledger: string): { month: string; bytes: number }[] {
  const db = new DatabaseSync(ledger);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON');
    return db.prepare('SELECT month, bytes FROM archives WHERE expired = 0').all() as { month: string; bytes: number }[];
  } finally {
    db.close();
  }
}

/** Keeps an existing registry snapshot of the broker. It is newer than any backup and knows PCs that were revoked since. */
async function fillBroker(fresh: string, data: string): Promise<void> {
  const folder = join(data, 'broker');
  if (existsSync(join(folder, 'registry.json'))) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Written, not copied: a copy keeps the old group, and the broker may read only files with the group of this folder.
  for (const name of await readdir(join(fresh, 'broker')))
    await writeFile(join(folder, name), await readFile(join(fresh, 'broker', name)), { mode: 0o600 });
}

function swapSettings(restored: string, settings: string, stamp: string): string[] {
  if (!existsSync(restored)) return [];
  const wanted = readFileSync(restored);
  if (!existsSync(settings)) {
    replaceFile(settings, wanted);
    return [];
  }
  const held = readFileSync(settings);
  if (held.equals(wanted)) return [];
  replaceFile(`${settings}.before-${stamp}`, held);
  replaceFile(settings, wanted);
  return [`${settings}.before-${stamp}`];
}

function checkSameServer({ centre }: BackupHead, flows: string): void {
  const key = join(flows, 'centre.key');
  if (existsSync(key) && ![undefined, centre].includes(identityOfKey(readFileSync(key))))
    throw new BackupError(`the backup is from another server than ${flows}: set SABHA_DATA to a separate data folder`);
}

function checkStopped(flows: string): void {
  if (isLocked(join(flows, 'ledger.db'))) throw new BackupError(`the server in ${flows} runs: stop it first`);
}

/** Returns the identity of a server by its key file. Undefined for a file without a key, which counts as missing in a restore. */
function identityOfKey(pem: Buffer): string | undefined {
  try {
    return serverIdentity(createPrivateKey(pem));
  } catch {
    return undefined;
  }
}

/** Returns true if a process holds the lock of the ledger. A ledger that cannot be opened for another reason counts as free. */
function isLocked(ledger: string): boolean {
  if (!existsSync(ledger)) return false;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(ledger);
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch (error) {
    return error instanceof Error && /locked|busy/.test(error.message);
  } finally {
    db?.close();
  }
}
