/** Web Push: a message sealed so that one browser alone reads it (RFC 8291 over RFC 8188), and the word by which a push service knows who sends (RFC 8292). */
import { createCipheriv, createECDH, createPrivateKey, hkdfSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Device } from '../../../../engine/records/notices.ts';

const curve = 'prime256v1';
/** One record holds all of a message: so large a body each push service takes. */
const recordBytes = 4_096;
const tagBytes = 16;
/** The header of a record: salt, its size, and our public key with its length. */
const headBytes = 16 + 4 + 1 + 65;
/** Longest text that can be sealed; one byte ends it. */
export const sealedAtMost = recordBytes - headBytes - tagBytes - 1;

/** How long a push service believes our word; a day at most. */
const wordLifeS = 12 * 60 * 60;

/** By what a message is sealed; fresh for each message. */
export type Seal = { secret: Buffer; salt: Buffer };

/** A key pair for one message, and its salt. */
export function freshSeal(): Seal {
  const pair = createECDH(curve);
  pair.generateKeys();
  return { secret: pair.getPrivateKey(), salt: randomBytes(16) };
}

/** The body of a push message. Throws where the text is longer than `sealedAtMost` bytes, or the keys of the device are none. */
export function sealed(text: string, { p256dh, auth }: Pick<Device, 'p256dh' | 'auth'>, { secret, salt }: Seal = freshSeal()): Buffer {
  const plain = Buffer.from(text);
  if (plain.length > sealedAtMost) throw new RangeError(`a push message holds ${sealedAtMost} bytes, not ${plain.length}`);
  const theirs = Buffer.from(p256dh, 'base64url');
  const pair = createECDH(curve);
  pair.setPrivateKey(secret);
  const ours = pair.getPublicKey();
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]);
  const shared = hkdf(pair.computeSecret(theirs), Buffer.from(auth, 'base64url'), { info, bytes: 32 });
  const key = hkdf(shared, salt, { info: Buffer.from('Content-Encoding: aes128gcm\0'), bytes: 16 });
  const nonce = hkdf(shared, salt, { info: Buffer.from('Content-Encoding: nonce\0'), bytes: 12 });
  const head = Buffer.alloc(headBytes);
  salt.copy(head);
  head.writeUInt32BE(recordBytes, 16);
  head.writeUInt8(ours.length, 20);
  ours.copy(head, 21);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  // The last record of a message ends with a 2, and its mark stands behind it.
  return Buffer.concat([head, cipher.update(plain), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]);
}

function hkdf(secret: Buffer, salt: Buffer, { info, bytes }: { info: Buffer; bytes: number }): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}

/** By what push services know us. */
export type PushKey = { sign: KeyObject /** In base64url, as a browser wants it. */; public: string };

/** The key of a secret of 32 bytes. Throws where that is none of the curve, which of random ones one in four billions is not. */
export function pushKeyOf(secret: Buffer): PushKey {
  const pair = createECDH(curve);
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: secret.toString('base64url'), x: part(1), y: part(33) };
  return { sign: createPrivateKey({ key: jwk, format: 'jwk' }), public: point.toString('base64url') };
}

/** The header that says to the push service of an address who sends; `contact` is whom it may write to. */
export function authorizationFor(endpoint: string, key: PushKey, { contact, now }: { contact: string; now: number }): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const claims = { aud: new URL(endpoint).origin, exp: Math.floor(now / 1_000) + wordLifeS, sub: contact };
  const said = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const mark = sign('sha256', Buffer.from(said), { key: key.sign, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return `vapid t=${said}.${mark}, k=${key.public}`;
}

/** Whether these are keys of a browser: a point of the curve, and 16 bytes. */
export function areKeys({ p256dh, auth }: Pick<Device, 'p256dh' | 'auth'>): boolean {
  try {
    const pair = createECDH(curve);
    pair.generateKeys();
    pair.computeSecret(Buffer.from(p256dh, 'base64url'));
    return Buffer.from(auth, 'base64url').length === 16;
  } catch {
    return false;
  }
}
