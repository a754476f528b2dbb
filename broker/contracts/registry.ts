/** The registry's snapshot: who may connect. Written and signed by `flows`, read by the broker (DESIGN, decision 12). */
import { createHash, generateKeyPairSync, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';
import * as v from 'valibot';
import { isPcPath } from './topics.ts';

const entry = v.object({
  pc: v.pipe(v.string(), v.check(isPcPath, 'a path state/site/pc')),
  /** SHA-256 of the PC's token, hexadecimal; null = no token opens. */
  tokenHash: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  /** Serial numbers of the certificates that open, hexadecimal without leading zeros. */
  certificates: v.optional(v.array(v.pipe(v.string(), v.regex(/^[1-9a-f][0-9a-f]{0,39}$/))), []),
  /** When each of them ends, milliseconds since 1970: what `flows` goes by when it takes one out. */
  ends: v.optional(v.record(v.string(), v.number())),
  revoked: v.boolean(),
});
const snapshot = v.object({
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  at: v.number(),
  pcs: v.array(entry),
  /** Certificates of the authorities that sign for PCs, PEM: one, or two while one takes over from the other. */
  roots: v.optional(v.array(v.string()), []),
});
const file = v.object({ payload: v.string(), signature: v.string() });

export type RegistryEntry = v.InferOutput<typeof entry>;
export type RegistrySnapshot = v.InferOutput<typeof snapshot>;

/** The text of a snapshot file: the payload as signed, and the Ed25519 signature over exactly these bytes. */
export function sealSnapshot(value: RegistrySnapshot, key: KeyObject): string {
  const payload = JSON.stringify(value);
  return JSON.stringify({ payload, signature: sign(null, Buffer.from(payload), key).toString('base64') });
}

/** Reads a snapshot file. Guarantee: nothing of a file with a wrong signature is ever used. */
export function openSnapshot(text: string, key: KeyObject): { ok: true; value: RegistrySnapshot } | { ok: false; reason: string } {
  try {
    const sealed = v.parse(file, JSON.parse(text));
    if (!verify(null, Buffer.from(sealed.payload), key, Buffer.from(sealed.signature, 'base64')))
      return { ok: false, reason: 'wrong signature' };
    return { ok: true, value: v.parse(snapshot, JSON.parse(sealed.payload)) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The hash of a token. A token is 32 random bytes, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** True where the token has this hash, which takes the same time either way; without a hash no token does. */
export function tokenMatches(token: string, tokenHash: string | null): boolean {
  return tokenHash !== null && timingSafeEqual(Buffer.from(hashToken(token), 'hex'), Buffer.from(tokenHash, 'hex'));
}

/** A key pair for signing snapshots, as PEM. */
export function makeRegistryKeys(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
