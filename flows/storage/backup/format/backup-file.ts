/** A backup as one file: a head that says whose and of when it is, and behind it all files of a centre, compressed and sealed. */
import { createReadStream } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { codeOf } from '@sabha/contracts';
import * as v from 'valibot';
import { ledgerVersion } from '../../ledger/schema.ts';
import { BackupError } from './backup-error.ts';
import { bytesFrom } from './bytes.ts';
import { type Packed, packed, unpack } from './pack.ts';
import { damaged, keyFor, newSeal, sealed, sealHead, unsealed } from './seal.ts';

const format = 2;
const magic = 'sabha-backup';
const headMost = 4_096;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));

/** `centre` = SHA-256 of the key that its PCs obey; `commits` = how far its ledger was; `bytes` = what it takes when unpacked. */
const about = v.object({ at: v.number(), centre: hex, ledger: count, commits: count, bytes: count });
export type About = v.InferOutput<typeof about>;

const head = v.pipe(v.string(), v.parseJson(), v.object({ format: v.literal(format), about, seal: sealHead }));
type Head = v.InferOutput<typeof head>;

/** What a backup is made of. */
export type NewBackup = { files: readonly Packed[]; about: Omit<About, 'bytes' | 'ledger'>; passphrase: string | undefined };

/**
 * Writes a backup. Rejects with what the system says.
 * Guarantee: after a kill or a power cut there is the whole file under its name, or none.
 */
export async function writeBackup(file: string, { files, about: said, passphrase }: NewBackup): Promise<void> {
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  const { head: seal, key } = await newSeal(passphrase);
  const bound = Buffer.from(`${magic} ${JSON.stringify({ format, about: { ...said, ledger: ledgerVersion, bytes }, seal })}\n`);
  const part = `${file}.part`;
  const body = (chunks: AsyncIterable<Uint8Array>) => sealed(chunks, { key, bound });
  try {
    // It is there before anything can fail: what is opened after the failure would stay.
    const out = (await open(part, 'w', 0o600)).createWriteStream({ flush: true });
    out.write(bound);
    await pipeline(packed(files), createZstdCompress(), body, out);
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
  const source = createReadStream(file, { end: headMost + magic.length });
  try {
    return headOf(await bytesFrom(source).line(headMost)).head.about;
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
    const { head: read, bound } = headOf(await from.line(headMost));
    const key = await keyFor(read.seal, passphrase);
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

function headOf(line: string | undefined): { head: Head; bound: Buffer } {
  if (line === undefined || !line.startsWith(`${magic} `)) throw new BackupError('it is no backup of Sabha');
  const read = v.safeParse(head, line.slice(magic.length + 1));
  if (!read.success) throw new BackupError('its head is damaged, or another release of Sabha made it');
  const { ledger } = read.output.about;
  if (ledger !== ledgerVersion)
    throw new BackupError(
      `its ledger has version ${ledger}, this release reads version ${ledgerVersion} only: use the release that made it`,
    );
  return { head: read.output, bound: Buffer.from(`${line}\n`) };
}

/** What the system says of the file, in one line; a bug stays what it is. */
function readable(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  return /^E[A-Z0-9]+$/.test(code) ? new BackupError(`it cannot be read or unpacked: ${code}`) : error;
}
