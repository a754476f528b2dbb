/**
 * A stream in frames, each proven by itself: with a passphrase encrypted (AES-256-GCM by a key that scrypt makes of it), without one only summed.
 * The number of the frame and whether it is the last are proven too, so that a file that is cut, shuffled or lengthened is known.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { BackupError } from './backup-error.ts';
import type { Bytes } from './bytes.ts';

/** What the head of a file says of its frames; `salt` in hex. */
export type SealHead = { cipher: 'none' } | { cipher: 'aes-256-gcm'; kdf: 'scrypt'; cost: number; salt: string };
/** By what frames are written and read; `bound` = the head, so that no frame fits another file. */
export type Seal = { key: Buffer | undefined; bound: Buffer };

const frameBytes = 256 * 1024;
const proofBytes = 16;
/** Length of a frame and whether it is the last. */
const prefixBytes = 5;
const scryptCost = 2 ** 16;
const scryptMost = 2 ** 20;
const memory = (cost: number) => 2 * 128 * 8 * cost;

/** A head for a new file, and the key where there is a passphrase. */
export async function newSeal(passphrase: string | undefined): Promise<{ head: SealHead; key: Buffer | undefined }> {
  if (passphrase === undefined) return { head: { cipher: 'none' }, key: undefined };
  if (passphrase === '') throw new BackupError('the passphrase is empty: it would protect nothing');
  const salt = randomBytes(16);
  const head = { cipher: 'aes-256-gcm', kdf: 'scrypt', cost: scryptCost, salt: salt.toString('hex') } as const;
  return { head, key: await keyOf(passphrase, salt, scryptCost) };
}

/** The key of a file. Throws `BackupError` where a passphrase is missing. */
export async function keyFor(head: SealHead, passphrase: string | undefined): Promise<Buffer | undefined> {
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

/** Frames of a stream. */
export async function* sealed(plain: AsyncIterable<Uint8Array>, seal: Seal): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of plain) {
    held = Buffer.concat([held, chunk]);
    while (held.length > frameBytes) {
      yield frame(held.subarray(0, frameBytes), { number, isLast: false }, seal);
      held = held.subarray(frameBytes);
      number += 1;
    }
  }
  yield frame(held, { number, isLast: true }, seal);
}

/** What was sealed. Throws `BackupError` at the first frame that is not as it was written, and where the last one is missing. */
export async function* unsealed(from: Bytes, seal: Seal): AsyncGenerator<Buffer> {
  for (let number = 0, isLast = false; !isLast; number += 1) {
    const prefix = await from.exactly(prefixBytes);
    const length = prefix?.readUInt32BE(0) ?? 0;
    if (prefix === undefined) throw new BackupError('half of it is missing');
    if (length > frameBytes || (prefix[4] ?? 0) > 1) throw damaged(number, seal);
    isLast = prefix[4] === 1;
    const body = await from.exactly(length + proofBytes);
    if (body === undefined) throw new BackupError('half of it is missing');
    yield opened(body, { number, isLast }, seal);
  }
  if ((await from.some(1)).length > 0) throw new BackupError('something stands behind its end');
}

type Place = { number: number; isLast: boolean };

function frame(plain: Buffer, at: Place, { key, bound }: Seal): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(plain.length, 0);
  prefix[4] = at.isLast ? 1 : 0;
  if (key === undefined) return Buffer.concat([prefix, plain, sumOf(plain, at, bound)]);
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(at));
  cipher.setAAD(bound);
  return Buffer.concat([prefix, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function opened(body: Buffer, at: Place, seal: Seal): Buffer {
  const [content, proof] = [body.subarray(0, -proofBytes), body.subarray(-proofBytes)];
  if (seal.key === undefined) {
    if (!sumOf(content, at, seal.bound).equals(proof)) throw damaged(at.number, seal);
    return content;
  }
  const decipher = createDecipheriv('aes-256-gcm', seal.key, nonceOf(at));
  decipher.setAAD(seal.bound);
  decipher.setAuthTag(proof);
  try {
    return Buffer.concat([decipher.update(content), decipher.final()]);
  } catch {
    throw damaged(at.number, seal);
  }
}

/** A wrong passphrase shows in the first frame, where nothing tells it from damage. */
function damaged(number: number, { key }: Seal): BackupError {
  if (number === 0 && key !== undefined) return new BackupError('the passphrase is wrong, or the file is damaged at its beginning');
  return new BackupError(`it is damaged, ${Math.round((number * frameBytes) / 1024)} KiB behind its head`);
}

/** The key is of one file only, so the number of a frame is a nonce that never comes again. */
function nonceOf({ number, isLast }: Place): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function sumOf(plain: Buffer, at: Place, bound: Buffer): Buffer {
  return createHash('sha256').update(nonceOf(at)).update(bound).update(plain).digest().subarray(0, proofBytes);
}
