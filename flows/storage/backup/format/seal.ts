/**
 * A stream with one proof behind it: with a passphrase encrypted (AES-256-GCM, key by scrypt) and proven by its tag, without one proven by its
 * SHA-256. The proof covers the head of the file too. What is read before the proof must not be used until the stream has ended.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import * as v from 'valibot';
import type { Bytes } from './pack.ts';
import { BackupError } from './pack.ts';

const format = 2;
const headMost = 4_096;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What the head of a file says of its body; `salt` in hex. */
const sealHead = v.union([
  v.strictObject({ cipher: v.literal('none') }),
  v.strictObject({
    cipher: v.literal('aes-256-gcm'),
    kdf: v.literal('scrypt'),
    cost: count,
    salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/)),
  }),
]);
/** `bound` = the head of the file, so that its body fits no other. */
type Seal = { key: Buffer | undefined; bound: Buffer };
type Kind = 'backup' | 'archive';

const proofBytes = 16;
/** Each file has a key of its own, by its salt. */
const nonce = Buffer.alloc(12);
/** AES-GCM protects at most 64 GiB under one key and nonce. */
const encryptedMostBytes = 64 * 1024 ** 3;
const scryptCost = 2 ** 16;
const scryptMost = 2 ** 20;
const memory = (cost: number) => 2 * 128 * 8 * cost;

/** Begins a file: makes its head, and the key where there is a passphrase. */
export async function newSeal(kind: Kind, fields: object, passphrase: string | undefined): Promise<Seal> {
  if (passphrase === '') throw new BackupError('the passphrase is empty: it would protect nothing');
  const salt = randomBytes(16);
  const encrypted = { cipher: 'aes-256-gcm', kdf: 'scrypt', cost: scryptCost, salt: salt.toString('hex') };
  const seal = passphrase === undefined ? { cipher: 'none' } : encrypted;
  const bound = Buffer.from(`sabha-${kind} ${JSON.stringify({ format, ...fields, seal })}\n`);
  return { bound, key: passphrase === undefined ? undefined : await keyOf(passphrase, salt, scryptCost) };
}

/** Reads the head of a file, whose fields a schema names. Throws `BackupError`. */
export async function readHead<S extends v.GenericSchema>(from: Bytes, kind: Kind, fields: S) {
  const magic = `sabha-${kind} `;
  const line = await from.line(headMost);
  if (line === undefined || !line.startsWith(magic)) throw new BackupError(`it is no ${kind} of Sabha`);
  const head = v.pipe(v.string(), v.parseJson(), v.intersect([v.object({ format: v.literal(format), seal: sealHead }), fields]));
  const read = v.safeParse(head, line.slice(magic.length));
  if (!read.success) throw new BackupError('its head is damaged, or another release of Sabha made it');
  return { head: read.output, bound: Buffer.from(`${line}\n`) };
}

/** The key of a file. Throws `BackupError` where a passphrase is missing. */
export async function keyFor(head: v.InferOutput<typeof sealHead>, passphrase: string | undefined): Promise<Buffer | undefined> {
  if (head.cipher === 'none') return undefined;
  if (passphrase === undefined) throw new BackupError('it is encrypted: --passphrase-file names the file with its passphrase');
  if (head.cost > scryptMost) throw new BackupError('its head is damaged');
  return keyOf(passphrase, Buffer.from(head.salt, 'hex'), head.cost);
}

function keyOf(passphrase: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase, salt, 32, { N: cost, r: 8, p: 1, maxmem: memory(cost) }, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

/** A file: its head, its body and the proof of both. */
export async function* sealed(plain: AsyncIterable<Uint8Array>, { key, bound }: Seal): AsyncGenerator<Uint8Array> {
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

/** What was sealed. Throws `BackupError` at the end of a stream that is not as it was written. */
export async function* unsealed(from: Bytes, seal: Seal): AsyncGenerator<Uint8Array> {
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

/** With a passphrase, a wrong one cannot be told from damage. */
export function damaged({ key }: Pick<Seal, 'key'>): BackupError {
  return new BackupError(key === undefined ? 'it is damaged or cut' : 'the passphrase is wrong, or it is damaged or cut');
}

function opening({ key, bound }: Seal): { update(body: Uint8Array): Uint8Array; isProven(proof: Buffer): boolean } {
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
