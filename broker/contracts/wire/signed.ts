/** A JSON text with an Ed25519 signature over exactly its bytes. A text without a valid signature is never parsed. */
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import * as v from 'valibot';
import { issueText } from '../kit/one-line.ts';
import type { Signed } from './messages.ts';

export type Opened<T> = { ok: true; value: T } | { ok: false; reason: string };

export function sealSigned(value: unknown, key: KeyObject): Signed {
  const signed = JSON.stringify(value);
  return { signed, signature: sign(null, Buffer.from(signed), key).toString('base64') };
}

/** Guarantee: no content of a text with a wrong signature is ever used, not even for the error line. */
export function openSigned<S extends v.GenericSchema>(schema: S, { signed, signature }: Signed, key: KeyObject): Opened<v.InferOutput<S>> {
  // A lone surrogate becomes another character in UTF-8, so it could change under a valid signature.
  const isWhole = signed.isWellFormed() && verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'));
  if (!isWhole) return { ok: false, reason: 'wrong signature' };
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), signed);
  return read.success ? { ok: true, value: read.output } : { ok: false, reason: issueText(read.issues[0]) };
}

export function makeSigningKeys(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
