/** Format of a backup file: a header that names the server and the time, then all files of the server, compressed and sealed. */
import { createCipheriv, createDecipheriv, createHash, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { codeOf } from '@sabha/contracts';
import * as v from 'valibot';
import { ledgerVersion } from '../../ledger/schema.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));

/** `centre`: SHA-256 of the key that its PCs trust; `commits`: commit count of the ledger; `bytes`: unpacked size. */
const about = v.object({ at: v.number(), centre: hex, ledger: count, commits: count, bytes: count });
export type BackupHead = v.InferOutput<typeof about>;

export type NewBackup = { files: readonly PackedFile[]; about: Omit<BackupHead, 'bytes' | 'ledger'>; passphrase: string | undefined };

/**
 * Writes a backup. Rejects with the error of the system.
 * Guarantee: after a kill or a power cut the file is complete under its name, or absent.
 */
export async function writeBackup(file: string, { files, about: said, passphrase }: NewBackup): Promise<void> {
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  const seal = await newSeal('backup', { about: { ...said, ledger: ledgerVersion, bytes } }, passphrase);
  const part = `${file}.part`;
  try {
    // The file is opened before anything can fail: a file that is opened after a failure would not be removed.
    const out = (await open(part, 'w', 0o600)).createWriteStream({ flush: true });
    await pipeline(packed(files), createZstdCompress(), (body: AsyncIterable<Uint8Array>) => sealed(body, seal), out);
    await rename(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Throws `BackupError` if the disk of a folder has fewer free bytes than this. */
export async function checkFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const mib = 1024 * 1024;
  if (bavail * bsize > bytes) return;
  throw new BackupError(`no room in ${folder}: ${Math.ceil(bytes / mib)} MiB are needed, ${Math.floor((bavail * bsize) / mib)} are free`);
}

/** Syncs a folder. Otherwise a power cut may lose a rename; Windows keeps the order itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads the header of a backup. Throws `BackupError` for another file or a newer version. */
export async function readAbout(file: string): Promise<BackupHead> {
  const source = createReadStream(file);
  try {
    return (await headOf(bytesFrom(source))).head.about;
  } catch (error) {
    throw readable(error);
  } finally {
    source.destroy();
  }
}

/** Reads a whole backup and returns its paths. With `folder` it unpacks the files there. Throws `BackupError`. */
export async function readBackup(file: string, { folder, passphrase }: { folder?: string; passphrase: string | undefined }) {
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

/** Converts an error of the system to a `BackupError` of one line. Returns any other error unchanged, because it is a bug. */
function readable(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  return /^E[A-Z0-9]+$/.test(code) ? new BackupError(`it cannot be read or unpacked: ${code}`) : error;
}

/** Copies a file into an existing folder, optionally under another name. Rejects with the error of the system. */
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

// Packs the files of a server into one stream: a manifest line with the name and size of each file, then the contents.

/** A packed file: path within the data folder, size, and its content or source file. */
export type PackedFile = { path: string; bytes: number; content: Uint8Array | { file: string } };

/** Maximum length of the manifest in bytes, for about 100,000 files. */
const manifestMost = 16 * 1024 * 1024;
/** Path below a folder that does not lead out of it. */
const path = v.pipe(v.string(), v.check(isPackable));
const manifest = v.pipe(v.string(), v.parseJson(), v.array(v.strictObject({ path, bytes: count })));

/** Returns true if a file with this path can be unpacked on every system. */
export function isPackable(text: string): boolean {
  return text.split('/').every((name) => /^[^\\:\p{Cc}]+$/u.test(name) && !/^\.+$/.test(name));
}

/** Yields the packed stream. Throws if the size of a file changed. */
async function* packed(files: readonly PackedFile[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(files.map((one) => ({ path: one.path, bytes: one.bytes })))}\n`);
  for (const one of files) {
    let left = one.bytes;
    for await (const chunk of 'file' in one.content ? createReadStream(one.content.file) : [one.content]) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new BackupError(`${one.path} changed while it was read`);
  }
}

/**
 * Reads a packed stream and returns its paths; undefined if the format is wrong. With `folder` it writes the files, readable by their owner
 * only, and syncs them.
 */
async function unpack(from: Bytes, folder: string | undefined): Promise<string[] | undefined> {
  const read = v.safeParse(manifest, await from.line(manifestMost));
  if (!read.success) return undefined;
  for (const { path: name, bytes } of read.output) if (!(await unpackOne(from, bytes, folder && join(folder, name)))) return undefined;
  // The proof follows at the end of the stream.
  return (await from.some()).length === 0 ? read.output.map((one) => one.path) : undefined;
}

async function unpackOne(from: Bytes, bytes: number, file: string | undefined): Promise<boolean> {
  if (file !== undefined) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = file === undefined ? undefined : await open(file, 'wx', 0o600);
  try {
    for (let left = bytes; left > 0; ) {
      const chunk = await from.some(left);
      if (chunk.length === 0) return false;
      await handle?.writeFile(chunk);
      left -= chunk.length;
    }
    await handle?.sync();
    return true;
  } finally {
    await handle?.close();
  }
}

/** Error of a backup. Its message is one line for a person. */
export class BackupError extends Error {
  override name = 'BackupError';
}

/** The ledger of a backup cannot be read. The message gives the symptom; a thread passes on only the name and the message. */
export class DamageError extends BackupError {
  override name = 'DamageError';
}

/** `some`: reads at most this many bytes; empty only at the end. `line`: reads a line without its end; undefined if there is none. */
export type Bytes = ReturnType<typeof bytesFrom>;

/** Reads parts of a stream. The stream can be read further afterwards. */
export function bytesFrom(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    held = held.length === 0 ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.concat([held, value]);
    return true;
  }

  function take(count: number): Buffer {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  }

  return {
    async some(most = Number.MAX_SAFE_INTEGER): Promise<Buffer> {
      while (held.length === 0) if (!(await more())) break;
      return take(Math.min(most, held.length));
    },
    async line(most: number): Promise<string | undefined> {
      for (;;) {
        const end = held.indexOf(10);
        if (end > most || (end < 0 && held.length > most)) return undefined;
        if (end >= 0) return take(end + 1).toString('utf8', 0, end);
        if (!(await more())) return undefined;
      }
    },
  };
}

// Seals a stream with one proof at its end. With a passphrase it is encrypted by AES-256-GCM (key by scrypt), and the tag is the proof;
// without one the proof is a SHA-256. The proof also covers the header. Content must not be used before the stream has ended.

const format = 2;
const headMost = 4_096;
/** Encryption fields of the header; `salt` in hex. */
const sealHead = v.union([
  v.strictObject({ cipher: v.literal('none') }),
  v.strictObject({
    cipher: v.literal('aes-256-gcm'),
    kdf: v.literal('scrypt'),
    cost: count,
    salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/)),
  }),
]);
/** `bound`: the header, which the proof covers, so that a body fits only its header. */
type FileSeal = { key: Buffer | undefined; bound: Buffer };
type SealedFileKind = 'backup' | 'archive';

const proofBytes = 16;
/** A constant nonce is safe, because the salt gives each file a separate key. */
const nonce = Buffer.alloc(12);
/** AES-GCM protects at most 64 GiB under one key and nonce. */
const encryptedMostBytes = 64 * 1024 ** 3;
const scryptCost = 2 ** 16;
const scryptMost = 2 ** 20;

/** Starts a file: returns its header, and with a passphrase its key. */
export async function newSeal(kind: SealedFileKind, fields: object, passphrase: string | undefined): Promise<FileSeal> {
  if (passphrase === '') throw new BackupError('the passphrase is empty: it would protect nothing');
  const salt = randomBytes(16);
  const encrypted = { cipher: 'aes-256-gcm', kdf: 'scrypt', cost: scryptCost, salt: salt.toString('hex') };
  const seal = passphrase === undefined ? { cipher: 'none' } : encrypted;
  const bound = Buffer.from(`sabha-${kind} ${JSON.stringify({ format, ...fields, seal })}\n`);
  return { bound, key: passphrase === undefined ? undefined : await keyOf(passphrase, salt, scryptCost) };
}

/** Parses the header of a file with the given schema of its fields. Throws `BackupError`. */
export async function readHead<S extends v.GenericSchema>(from: Bytes, kind: SealedFileKind, fields: S) {
  const magic = `sabha-${kind} `;
  const line = await from.line(headMost);
  if (line === undefined || !line.startsWith(magic)) throw new BackupError(`it is no ${kind} of Sabha`);
  const head = v.pipe(v.string(), v.parseJson(), v.intersect([v.object({ format: v.literal(format), seal: sealHead }), fields]));
  const read = v.safeParse(head, line.slice(magic.length));
  if (!read.success) throw new BackupError('its head is damaged, or another release of Sabha made it');
  return { head: read.output, bound: Buffer.from(`${line}\n`) };
}

/** Derives the key of a file. Throws `BackupError` if the passphrase is missing. */
export async function keyFor(head: v.InferOutput<typeof sealHead>, passphrase: string | undefined): Promise<Buffer | undefined> {
  if (head.cipher === 'none') return undefined;
  if (passphrase === undefined) throw new BackupError('it is encrypted: --passphrase-file names the file with its passphrase');
  if (head.cost > scryptMost) throw new BackupError('its head is damaged');
  return keyOf(passphrase, Buffer.from(head.salt, 'hex'), head.cost);
}

function keyOf(passphrase: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options: ScryptOptions = { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost };
  return promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)(passphrase, salt, 32, options);
}

/** Yields a file: header, body and proof. */
export async function* sealed(plain: AsyncIterable<Uint8Array>, { key, bound }: FileSeal): AsyncGenerator<Uint8Array> {
  const { update, proof } = key === undefined ? summed(bound) : encrypted(key, bound);
  let bytes = 0;
  yield bound;
  for await (const chunk of plain) {
    bytes += chunk.length;
    if (key !== undefined && bytes > encryptedMostBytes) throw new BackupError('more than 64 GiB cannot be encrypted as one file');
    yield update(chunk);
  }
  yield proof();
}

/** Yields the body. Throws `BackupError` at the end of the stream if the proof does not match. */
export async function* unsealed(from: Bytes, seal: FileSeal): AsyncGenerator<Uint8Array> {
  const { update, isProven } = opening(seal);
  let held: Buffer = Buffer.alloc(0);
  for (let chunk = await from.some(); chunk.length > 0; chunk = await from.some()) {
    held = Buffer.concat([held, chunk]);
    const body = held.subarray(0, -proofBytes);
    held = held.subarray(body.length);
    if (body.length > 0) yield update(body);
  }
  if (!isProven(held)) throw damaged(seal);
}

/** Returns the error for a failed proof. With a passphrase, damage and a wrong passphrase cannot be distinguished. */
function damaged({ key }: Pick<FileSeal, 'key'>): BackupError {
  return new BackupError(key === undefined ? 'it is damaged or cut' : 'the passphrase is wrong, or it is damaged or cut');
}

function opening({ key, bound }: FileSeal): { update(body: Uint8Array): Uint8Array; isProven(proof: Buffer): boolean } {
  if (key === undefined) {
    const { update, proof } = summed(bound);
    return { update, isProven: (found) => proof().equals(found) };
  }
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  const isProven = (proof: Buffer) => {
    try {
      decipher.setAuthTag(proof);
      decipher.final();
      return true;
    } catch {
      return false;
    }
  };
  return { update: (body) => decipher.update(body), isProven };
}

function summed(bound: Buffer) {
  const sum = createHash('sha256').update(bound);
  const update = (chunk: Uint8Array) => {
    sum.update(chunk);
    return chunk;
  };
  return { update, proof: () => sum.digest().subarray(0, proofBytes) };
}

function encrypted(key: Buffer, bound: Buffer) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  const proof = () => {
    cipher.final();
    return cipher.getAuthTag();
  };
  return { update: (chunk: Uint8Array) => cipher.update(chunk), proof };
}
