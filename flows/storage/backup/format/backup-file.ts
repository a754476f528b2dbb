/** A backup as one file: a head that says whose and of when it is, and behind it all files of a centre, compressed and sealed. */
import { createReadStream } from 'node:fs';
import { copyFile, open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { codeOf } from '@sabha/contracts';
import * as v from 'valibot';
import { ledgerVersion } from '../../ledger/schema.ts';
import { BackupError, type Bytes, bytesFrom, type Packed, packed, unpack } from './pack.ts';
import { damaged, keyFor, newSeal, readHead, sealed, unsealed } from './seal.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));

/** `centre` = SHA-256 of the key that its PCs obey; `commits` = how far its ledger was; `bytes` = what it takes when unpacked. */
const about = v.object({ at: v.number(), centre: hex, ledger: count, commits: count, bytes: count });
export type About = v.InferOutput<typeof about>;

/** What a backup is made of. */
export type NewBackup = { files: readonly Packed[]; about: Omit<About, 'bytes' | 'ledger'>; passphrase: string | undefined };

/**
 * Writes a backup. Rejects with what the system says.
 * Guarantee: after a kill or a power cut there is the whole file under its name, or none.
 */
export async function writeBackup(file: string, { files, about: said, passphrase }: NewBackup): Promise<void> {
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  const seal = await newSeal('backup', { about: { ...said, ledger: ledgerVersion, bytes } }, passphrase);
  const part = `${file}.part`;
  try {
    // It is there before anything can fail: what is opened after the failure would stay.
    const out = (await open(part, 'w', 0o600)).createWriteStream({ flush: true });
    await pipeline(packed(files), createZstdCompress(), (body: AsyncIterable<Uint8Array>) => sealed(body, seal), out);
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Throws `BackupError` where a folder has no room for so many bytes. */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const mib = 1024 * 1024;
  if (bavail * bsize > bytes) return;
  throw new BackupError(`no room in ${folder}: ${Math.ceil(bytes / mib)} MiB are needed, ${Math.floor((bavail * bsize) / mib)} are free`);
}

/** Without it a rename may be lost in a power cut; Windows keeps the order by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a backup says of itself. Throws `BackupError` where it is none, or of a newer version. */
export async function readAbout(file: string): Promise<About> {
  const source = createReadStream(file);
  try {
    return (await headOf(bytesFrom(source))).head.about;
  } catch (error) {
    throw readable(error);
  } finally {
    source.destroy();
  }
}

/** Reads a backup from end to end, and answers the paths in it; with a folder its files are written there. Throws `BackupError`. */
export async function readBackup(
  file: string,
  { folder, passphrase }: { folder?: string; passphrase: string | undefined },
): Promise<string[]> {
  const source = createReadStream(file);
  try {
    const from = bytesFrom(source);
    const { head, bound } = await headOf(from);
    const key = await keyFor(head.seal, passphrase);
    let found: string[] | undefined;
    await pipeline(unsealed(from, { key, bound }), createZstdDecompress(), async (plain: AsyncIterable<Uint8Array>) => {
      found = await unpack(bytesFrom(plain), folder);
      if (found === undefined) throw damaged({ key });
    }).catch((error: unknown) => {
      throw /^(ERR_)?ZSTD|^Z_/.test(codeOf(error)) ? damaged({ key }) : error;
    });
    return found ?? [];
  } catch (error) {
    throw readable(error);
  } finally {
    source.destroy();
  }
}

async function headOf(from: Bytes) {
  const read = await readHead(from, 'backup', v.object({ about }));
  const { ledger } = read.head.about;
  if (ledger === ledgerVersion) return read;
  throw new BackupError(`its ledger has version ${ledger}, this release reads version ${ledgerVersion} only: use the release that made it`);
}

/** What the system says of the file, in one line; a bug stays what it is. */
function readable(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  return /^E[A-Z0-9]+$/.test(code) ? new BackupError(`it cannot be read or unpacked: ${code}`) : error;
}

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
