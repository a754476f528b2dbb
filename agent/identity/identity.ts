/** Identity of this PC: private key, certificate and trusted roots. One folder holds them and is replaced as a whole. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, commonNameOf, issueText, makeKey, type PcPath, pathOfName, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';

/** Public key that verifies commands of the server, PEM; null if the server has none. */
export const centreKey = v.nullable(v.pipe(v.string(), v.check(isPublicKey, 'a public key')));
export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const centre = v.object({
  /** Host name or IP address of the server, as in its certificate. */
  host: v.pipe(v.string(), v.minLength(1)),
  mqttPort: port,
  /** HTTPS port of the server, where it issues certificates. */
  enrolPort: port,
  centreKey,
  /** Id of the enrolment. It stays the same over renewals, and a new enrolment changes it. Absent in identities of an older agent. */
  enrolment: v.optional(v.string()),
});

export type StoredServer = v.InferOutput<typeof centre>;
export type Identity = {
  pc: PcPath;
  centre: StoredServer;
  /** The private key, PEM. */
  key: string;
  /** The certificate and its intermediates, PEM. */
  chain: string;
  certificate: X509Certificate;
  /** The only authorities that this PC trusts, PEM. */
  roots: string[];
};
/**
 * Cause of a failed enrolment, for advice to the person at the PC:
 * - `code`: the server refuses the code
 * - `name`: the server name cannot be resolved
 * - `network`: no route to the server
 * - `silence`: no response
 * - `clock`: the server certificate is not valid at the time of this PC
 * - `pin`: the server is not the one that issued the code
 * - `other`: something that a retry may solve
 */
export type FailureCause = 'code' | 'name' | 'network' | 'silence' | 'clock' | 'pin' | 'other';
/** Failure as one line of text; without a `cause` a retry is useless. */
export type Failed = { ok: false; line: string; cause?: FailureCause | undefined };
/** The value, or one line of text with the reason for the failure. */
export type Result<T> = { ok: true; value: T } | Failed;

/** Upper limit for the size of an identity with two authorities and a certificate chain. */
const identityBytes = 32_768;
const files = { key: 'key.pem', chain: 'certificate.pem', roots: 'roots.pem', centre: 'centre.json' };

export function identityFolder(dataDir: string): string {
  return join(dataDir, 'identity');
}

/**
 * Reads the identity in a folder. Undefined if the PC was never enrolled; one line of text if the identity is unusable.
 * Guarantee: it changes nothing, so that it cannot disturb an agent that is storing a new identity.
 */
export function openIdentity(folder: string): Result<Identity | undefined> {
  try {
    const whole = completeFolder(folder);
    if (!isThere(whole)) return { ok: true, value: undefined };
    const text = (name: keyof typeof files) => readFileSync(join(whole, files[name]), 'utf8');
    return identityOf({ key: text('key'), chain: text('chain'), roots: text('roots'), centre: text('centre') }, folder);
  } catch (error) {
    return { ok: false, line: `${folder}: cannot be read: ${codeOf(error)}` };
  }
}

/**
 * Replaces the identity. Throws the error of the operating system.
 * Guarantee: after a kill or a power cut the folder holds a complete identity, the old one or the new one.
 */
export function storeIdentity(folder: string, { key, chain, roots, centre }: Omit<Identity, 'pc' | 'certificate'>): void {
  completeInterruptedStore(folder);
  const fresh = `${folder}.new`;
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  const texts = { key, chain, roots: roots.join(''), centre: `${JSON.stringify(centre, null, 2)}\n` };
  for (const [name, text] of Object.entries(texts)) replaceFile(join(fresh, files[name as keyof typeof files]), text);
  if (existsSync(folder)) renameSync(folder, `${folder}.old`);
  renameSync(fresh, folder);
  rmSync(`${folder}.old`, { recursive: true, force: true });
  rmSync(`${folder}.key`, { force: true });
}

/**
 * Returns the key for the first certificate, PEM. The key stays the same until that certificate arrives: the server repeats a lost response
 * only for the same key.
 */
export function enrolmentKey(folder: string): Result<string> {
  const file = `${folder}.key`;
  try {
    if (!existsSync(file)) replaceFile(file, makeKey());
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, line: `${file}: cannot be written: ${codeOf(error)}` };
  }
}

/** Returns why the folder cannot store an identity; null if it can. Writes real data, because a full disk may still create folders. */
export function problemOfFolder(folder: string): string | null {
  const fresh = `${folder}.new`;
  try {
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    replaceFile(join(fresh, 'trial'), Buffer.alloc(identityBytes));
    rmSync(fresh, { recursive: true });
    return null;
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    return `${folder}: cannot be written: ${codeOf(error)}`;
  }
}

/** Returns the folder that holds a complete identity. `.new` is complete once the old folder has become `.old`. */
function completeFolder(folder: string): string {
  return !isThere(folder) && isThere(`${folder}.old`) ? `${folder}.new` : folder;
}

/** Returns whether the path exists. Throws if it cannot be read, because an unreadable path may exist. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Completes or removes a store that a kill interrupted. */
function completeInterruptedStore(folder: string): void {
  const whole = completeFolder(folder);
  if (whole !== folder) renameSync(whole, folder);
  for (const rest of [`${folder}.new`, `${folder}.old`]) rmSync(rest, { recursive: true, force: true });
}

function identityOf(texts: Record<keyof typeof files, string>, folder: string): Result<Identity> {
  const wrong = (name: keyof typeof files, what: string) => ({ ok: false as const, line: `${join(folder, files[name])}: ${what}` });
  const certificate = certificatesIn(texts.chain)[0];
  const pc = certificate && pathOfName(commonNameOf(certificate) ?? '');
  if (certificate === undefined || pc === undefined) return wrong('chain', 'not the certificate of a PC');
  if (!isKeyOf(texts.key, certificate)) return wrong('key', 'not the key of the certificate');
  const roots = certificatesIn(texts.roots).map(String);
  if (roots.length === 0) return wrong('roots', 'no certificate of an authority');
  const said = v.safeParse(v.pipe(v.string(), v.parseJson(), centre), texts.centre);
  if (!said.success) return wrong('centre', said.issues[0].type === 'parse_json' ? 'not JSON' : issueText(said.issues[0]));
  return { ok: true, value: { pc, centre: said.output, key: texts.key, chain: texts.chain, certificate, roots } };
}

/** Parses all certificates of a PEM text; returns an empty list if one is invalid. */
function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

function isKeyOf(key: string, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).type === 'public';
  } catch {
    return false;
  }
}

const longestChain = 4;

/** Returns true if one of the roots (PEM) signed the certificate, directly or through intermediates. */
export function isSignedByRoot(certificate: X509Certificate, roots: readonly string[]): boolean {
  return isFromOne(
    certificate,
    roots.map((pem) => new X509Certificate(pem)),
    longestChain,
  );
}

function isFromOne(certificate: X509Certificate, roots: readonly X509Certificate[], links: number): boolean {
  if (roots.some((root) => isIssuer(root, certificate))) return true;
  const next = certificate.issuerCertificate;
  return links > 1 && next !== undefined && isIssuer(next, certificate) && isFromOne(next, roots, links - 1);
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
