/** The ledger keeps the fingerprints of the signing key and of the certificate authority. A start with other ones is refused. */
import { createPublicKey, hash, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '@sabha/contracts';
import type { Ledger } from '../engine/records/ops.ts';
import { fingerprintsKey } from '../engine/records/ops.ts';
import { type Authority, openAuthority } from './authority.ts';
import type { Means } from './certificates.ts';

/** `ca`: one fingerprint per certificate in `roots.pem`. */
type Fingerprints = { centreKey: string; ca: string[] };

/** The signing key with its file, and the folder of the certificate authority. */
export type KeptKeys = { centreKey: KeyObject; keyFile: string; folder: string };

/**
 * Opens the certificate authority and records both fingerprints in a ledger that has none.
 * A change of the authority keeps the old certificate in `roots.pem` for a time. One certificate in common with the ledger is therefore enough.
 * Guarantee: rejects with a `StartError` of one line where the ledger knows another key or authority, before a new authority is made.
 */
export async function openKnownAuthority(ledger: Ledger, { centreKey, keyFile, folder }: KeptKeys, means: Means): Promise<Authority> {
  const { fingerprints: text } = await ledger.registry();
  const held = text === null ? undefined : (JSON.parse(text) as Fingerprints);
  const hint = 'no PC would obey this server. Put the old file back from a copy, or restore a backup with "sabha restore FILE"';
  const refuse = (problem: string) => new StartError(`${problem}: ${hint}`);
  const fingerprint = hash('sha256', createPublicKey(centreKey).export({ type: 'spki', format: 'der' }));
  if (held !== undefined && held.centreKey !== fingerprint)
    throw refuse(`${keyFile} is not the signing key that the ledger knows, move it away`);
  const missing = ['ca.key', 'roots.pem'].map((name) => join(folder, name)).find((file) => !existsSync(file));
  if (held !== undefined && missing !== undefined) throw refuse(`${missing} is missing`);
  const authority = await openAuthority(folder, means).catch((error) => {
    throw held !== undefined && error instanceof StartError ? refuse(error.message) : error;
  });
  const ca = authority.roots.map((root) => new X509Certificate(root).fingerprint256);
  if (held !== undefined && !ca.some((one) => held.ca.includes(one)))
    throw refuse(`${join(folder, 'roots.pem')} has no certificate that the ledger knows`);
  const value = JSON.stringify({ centreKey: fingerprint, ca });
  if (value !== text) await ledger.commit([{ op: 'meta', key: fingerprintsKey, value }]);
  return authority;
}
