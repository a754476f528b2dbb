/** The registry snapshot: admitted PCs. `flows` writes and signs it, and the broker reads it. */
import { createHash, createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { signed } from './messages.ts';
import { type Opened, openSigned, sealSigned } from './signed.ts';
import { isPcPath } from './topics.ts';

const entry = v.object({
  pc: v.pipe(v.string(), v.check(isPcPath, 'a path state/site/pc')),
  /** SHA-256 of the PC's token, hexadecimal; null = no token is accepted. */
  tokenHash: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  /** Serial numbers of accepted certificates, hexadecimal without leading zeros. */
  certificates: v.optional(v.array(v.pipe(v.string(), v.regex(/^[1-9a-f][0-9a-f]{0,39}$/))), []),
  /** Expiry of each certificate, milliseconds since 1970. `flows` removes expired ones. */
  ends: v.optional(v.record(v.string(), v.number())),
  revoked: v.boolean(),
});
const snapshot = v.object({
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  at: v.number(),
  pcs: v.array(entry),
  /** Certificates of the authorities that sign for PCs, PEM: one, or two during a change. */
  roots: v.optional(v.array(v.string()), []),
  /** Key by which the reflector verifies tokens (reflector.ts): 32 bytes, base64url. It has no other use. */
  reflectorKey: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))),
});
const file = v.pipe(v.string(), v.parseJson(), signed);

export type RegistryEntry = v.InferOutput<typeof entry>;
export type RegistrySnapshot = v.InferOutput<typeof snapshot>;

export function sealSnapshot(value: RegistrySnapshot, key: KeyObject): string {
  return JSON.stringify(sealSigned(value, key));
}

/** Opens a snapshot file. Guarantee: no content of a file with a wrong signature is ever used. */
export function openSnapshot(text: string, key: KeyObject): Opened<RegistrySnapshot> {
  const read = v.safeParse(file, text);
  return read.success ? openSigned(snapshot, read.output, key) : { ok: false, reason: read.issues[0].message };
}

/** Returns the hash of a token. A token is 32 random bytes, so one round of SHA-256 is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Returns true if the token has this hash, compared in constant time. Without a hash no token matches. */
export function tokenMatches(token: string, tokenHash: string | null): boolean {
  return tokenHash !== null && timingSafeEqual(Buffer.from(hashToken(token), 'hex'), Buffer.from(tokenHash, 'hex'));
}

/**
 * Returns the response to a challenge `NAME:NONCE`, by a server that keeps the hash of the token NAME. It is an HMAC-SHA256 with the
 * hexadecimal hash as key.
 */
export const proofFor = (challenge: string, hash: string): string => createHmac('sha256', hash).update(challenge).digest('base64url');

/**
 * Resolves if the API at this address keeps the hash of the token, else rejects with one line. Without a response it rejects as `fetch`
 * does. A client calls it before it sends a token on loopback: while the server is down, any local user can listen on its port.
 */
export async function proveServer(api: string, token: { name: string; text: string }, signal: AbortSignal | null = null): Promise<void> {
  const challenge = `${token.name}:${randomBytes(32).toString('base64url')}`;
  const request = { headers: { 'sabha-challenge': challenge }, redirect: 'error', signal } as const;
  const { headers, body } = await fetch(new URL('/healthz', api), request);
  await body?.cancel();
  if (headers.get('sabha-proof') === proofFor(challenge, hashToken(token.text))) return;
  throw new Error(`another program listens on ${new URL(api).host}, the token was not sent`);
}
