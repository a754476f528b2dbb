/** The server's certificate authority. Its key stays in a folder that only `flows` can read. */
import { createPrivateKey, createPublicKey, hash, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, loadText, makeFolder, makeKey, replaceFile, StartError } from '@sabha/contracts';
import { fingerprintsKey, type Ledger } from '../engine/records/ops.ts';
import type { CertificateTools, Subject } from './certificates.ts';

const rootsAtMost = 2;
const blocks = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The server's own authority. It signs, and its key cannot be read from outside. */
export type Authority = Awaited<ReturnType<typeof openAuthority>>;

/** Imported on first use, because it loads a large library. */
const certificates = () => import('./certificates.ts');

/**
 * Opens the authority in a folder, or creates one. An organisation's own key and certificate there are used unchanged.
 * Throws `StartError` with one line if they do not match. Guarantee: an existing key or root is never replaced.
 */
export async function openAuthority(folder: string, means: CertificateTools) {
  makeFolder(folder);
  const [keyFile, rootsFile] = [join(folder, 'ca.key'), join(folder, 'roots.pem')];
  if (!existsSync(keyFile)) {
    if (existsSync(rootsFile))
      throw new StartError(`${keyFile} is missing, but ${rootsFile} is there: put the key back, or move the roots to another folder`);
    write(keyFile, makeKey());
  }
  const key = readKey(keyFile);
  if (!existsSync(rootsFile)) {
    write(rootsFile, await (await certificates()).issueRoot(key, means));
  }
  const roots = readRoots(rootsFile, key);
  const [issuer] = roots;
  return {
    /** The trusted certificates (PEM): first the one that issues, and during a change of authority also the other one. */
    roots: roots.map((root) => root.toString()),
    /** The certificate that issues, DER. */
    rootDer: issuer.raw,
    issue: async (subject: Subject, publicKey: KeyObject) =>
      (await certificates()).issueCertificate({ certificate: issuer.toString(), key, ...means }, subject, publicKey),
    /** Parses a PKCS#10 request, PEM or base64. */
    readRequest: async (text: string) => (await certificates()).readRequest(text),
    /** Returns certificates (PEM) in the form of EST: PKCS#7 in base64. */
    pkcs7: async (list: readonly string[]) => (await certificates()).pkcs7Of(list),
  };
}

function readKey(file: string): KeyObject {
  const text = loadText(file);
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ec' || key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // An unreadable key gets the same error as a key of the wrong type, below.
  }
  throw new StartError(`${file}: not a private key of the kind EC or RSA, as PEM`);
}

/** Guarantee: the first root belongs to the key, and each may sign certificates. */
function readRoots(file: string, key: KeyObject): [X509Certificate, ...X509Certificate[]] {
  const wrong = (what: string) => new StartError(`${file}: ${what}`);
  const [first, ...others] = (loadText(file).match(blocks) ?? []).map((pem, at) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw wrong(`certificate ${at + 1} cannot be read`);
    }
  });
  if (first === undefined || others.length >= rootsAtMost)
    throw wrong(`${others.length + Number(first !== undefined)} certificates, expected one or two`);
  const noAuthority = [first, ...others].findIndex(({ ca }) => !ca);
  if (noAuthority >= 0) throw wrong(`certificate ${noAuthority + 1} is not that of an authority`);
  if (!first.publicKey.equals(createPublicKey(key))) throw wrong('the first certificate does not belong to ca.key');
  if (![first, ...others].some((one) => first.checkIssued(one)))
    throw wrong('the certificate that signed the first one is not in the file');
  return [first, ...others];
}

function write(file: string, text: string): void {
  try {
    replaceFile(file, text);
  } catch (error) {
    throw new StartError(`${file}: cannot be written: ${codeOf(error)}`);
  }
}

/** The signing key with its file, and the folder of the certificate authority. */
type AuthorityKeys = { centreKey: KeyObject; keyFile: string; folder: string };

/**
 * Opens the certificate authority. Records the fingerprints of the signing key and of each certificate in `roots.pem` in the ledger.
 * A change of the authority keeps the old certificate in `roots.pem` for a time. One certificate in common with the ledger is therefore
 * enough.
 * Guarantee: rejects with a `StartError` of one line if the ledger knows another key or authority, before a new authority is created.
 */
export async function openKnownAuthority(
  ledger: Ledger,
  { centreKey, keyFile, folder }: AuthorityKeys,
  means: CertificateTools,
): Promise<Authority> {
  const { fingerprints: text } = await ledger.registry();
  const held = text === null ? undefined : (JSON.parse(text) as { centreKey: string; ca: string[] });
  const hint = 'no PC would obey this server. Put the old file back from a copy, or restore a backup with "sabha restore FILE"';
  const refuse = (problem: string) => new StartError(`${problem}: ${hint}`);
  const fingerprint = hash('sha256', createPublicKey(centreKey).export({ type: 'spki', format: 'der' }));
  if (held !== undefined && held.centreKey !== fingerprint)
    throw refuse(`${keyFile} is not the signing key that the ledger knows: move it to another folder`);
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

/** Returns the text of a file; undefined if it does not exist. */
export function readTextFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
