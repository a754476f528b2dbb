/** Web Push: encrypts a message for one browser (RFC 8291 over RFC 8188), and authenticates the server to the push service (RFC 8292). */
import { createCipheriv, createECDH, createPrivateKey, hkdfSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Device } from '../../../../engine/records/notices.ts';

const curve = 'prime256v1';
/** Record size: one record holds the whole message, and every push service accepts a body of this size. */
const recordBytes = 4_096;
const tagBytes = 16;
/** Header of a record: salt, record size, and our public key with its length. */
const headBytes = 16 + 4 + 1 + 65;
/** Longest text in bytes; one byte ends the record. */
export const payloadLimitBytes = recordBytes - headBytes - tagBytes - 1;

/** Lifetime of the authorization in seconds; RFC 8292 allows at most a day. */
const tokenLifeS = 12 * 60 * 60;

export type EncryptionInput = { secret: Buffer; salt: Buffer };

/** Creates a key pair and a salt for one message. */
export function newEncryptionInput(): EncryptionInput {
  const pair = createECDH(curve);
  pair.generateKeys();
  return { secret: pair.getPrivateKey(), salt: randomBytes(16) };
}

/** Body of a push message. Throws if the text is longer than `payloadLimitBytes` bytes, or the keys of the device are invalid. */
export function encrypt(
  text: string,
  { p256dh, auth }: Pick<Device, 'p256dh' | 'auth'>,
  { secret, salt }: EncryptionInput = newEncryptionInput(),
): Buffer {
  const plain = Buffer.from(text);
  if (plain.length > payloadLimitBytes) throw new RangeError(`a push message holds ${payloadLimitBytes} bytes, not ${plain.length}`);
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
  // The last record ends with the delimiter byte 2, and the authentication tag follows (RFC 8188).
  return Buffer.concat([head, cipher.update(plain), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]);
}

function hkdf(secret: Buffer, salt: Buffer, { info, bytes }: { info: Buffer; bytes: number }): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}

/** The key pair that identifies the server to push services. */
export type PushKey = { sign: KeyObject /** The public key in base64url, as a browser expects it. */; public: string };

/**
 * Derives the key pair from a secret of 32 bytes. Throws if it is no valid key of the curve, which happens for one random secret in four
 * billion.
 */
export function pushKeyOf(secret: Buffer): PushKey {
  const pair = createECDH(curve);
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: secret.toString('base64url'), x: part(1), y: part(33) };
  return { sign: createPrivateKey({ key: jwk, format: 'jwk' }), public: point.toString('base64url') };
}

/** Authorization header for the push service of an endpoint. `contact`: address for its operator. */
export function authorizationFor(endpoint: string, key: PushKey, { contact, now }: { contact: string; now: number }): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const claims = { aud: new URL(endpoint).origin, exp: Math.floor(now / 1_000) + tokenLifeS, sub: contact };
  const said = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const mark = sign('sha256', Buffer.from(said), { key: key.sign, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return `vapid t=${said}.${mark}, k=${key.public}`;
}

/** True if these are valid keys of a browser: a point on the curve, and 16 bytes. */
export function areDeviceKeys({ p256dh, auth }: Pick<Device, 'p256dh' | 'auth'>): boolean {
  try {
    const pair = createECDH(curve);
    pair.generateKeys();
    pair.computeSecret(Buffer.from(p256dh, 'base64url'));
    return Buffer.from(auth, 'base64url').length === 16;
  } catch {
    return false;
  }
}
