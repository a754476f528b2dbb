/** Who this PC is: a key that never leaves it, its certificate, and whom it believes. One folder, replaced whole. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, commonNameOf, describeIssue, makePrivateKey, type PcPath, pathOfName, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';

/** The public key of the centre's commands, PEM; null where it gives none. */
export const centreKey = v.nullable(v.pipe(v.string(), v.check(isPublicKey, 'a public key')));
/** A port that somebody may listen on. */
export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const centre = v.object({
  /** Name or address of the centre: its certificate must be for it. */
  host: v.pipe(v.string(), v.minLength(1)),
  mqttPort: port,
  /** Where certificates are issued, over HTTPS. */
  enrolPort: port,
  centreKey,
  /** Names the time that this PC was let in by a code: the same over renewals, another one the next time; absent in identities of an older agent. */
  enrolment: v.optional(v.string()),
});

/** The centre as an enrolled PC knows it. */
export type Centre = v.InferOutput<typeof centre>;
/** Who this PC is, by whose word, and whom it believes. */
export type Identity = {
  pc: PcPath;
  centre: Centre;
  /** The private key, PEM. */
  key: string;
  /** The certificate and those between it and the root, PEM. */
  chain: string;
  certificate: X509Certificate;
  /** The only authorities that this PC believes, PEM. */
  roots: string[];
};
/**
 * What keeps a PC from a certificate that whoever sits there can do something about: the centre takes not this `code`, its `name` is not known, no
 * `network` leads there, it is in `silence`, the `clock` of the PC is not that of its certificate, it has not the `pin` of the code, or something `other`
 * that a later try may find gone.
 */
export type Cause = 'code' | 'name' | 'network' | 'silence' | 'clock' | 'pin' | 'other';
/** Why there is nothing, in one line; without a cause another try is of no use. */
export type Failed = { ok: false; line: string; cause?: Cause | undefined };
/** What was read, or one line that says why it cannot be used. */
export type Read<T> = { ok: true; value: T } | Failed;

/** More than an identity takes, with two authorities and a chain. */
const identityBytes = 32_768;
const files = { key: 'key.pem', chain: 'certificate.pem', roots: 'roots.pem', centre: 'centre.json' };

/** The folder of the identity in the agent's own folder. */
export function identityFolder(dataDir: string): string {
  return join(dataDir, 'identity');
}

/**
 * The identity in a folder, undefined where the PC was never enrolled; one line where it cannot be used.
 * Guarantee: it changes nothing, so that whoever only asks takes nothing away from an agent that just writes a new one.
 */
export function openIdentity(folder: string): Read<Identity | undefined> {
  try {
    const whole = wholeOf(folder);
    if (!isThere(whole)) return { ok: true, value: undefined };
    const text = (name: keyof typeof files) => readFileSync(join(whole, files[name]), 'utf8');
    return identityOf({ key: text('key'), chain: text('chain'), roots: text('roots'), centre: text('centre') }, folder);
  } catch (error) {
    return { ok: false, line: `${folder}: cannot be read: ${codeOf(error)}` };
  }
}

/**
 * Puts an identity in the place of the one before. Throws what the system says.
 * Guarantee: after a kill or a power cut the folder holds the old one or this one, whole.
 */
export function storeIdentity(folder: string, { key, chain, roots, centre }: Omit<Identity, 'pc' | 'certificate'>): void {
  settle(folder);
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
 * The key with which this PC asks for its first certificate, PEM: the same one until it has it, since the centre gives an answer that was
 * lost again to nobody else.
 */
export function enrolmentKey(folder: string): Read<string> {
  const file = `${folder}.key`;
  try {
    if (!existsSync(file)) replaceFile(file, makePrivateKey());
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, line: `${file}: cannot be written: ${codeOf(error)}` };
  }
}

/** Why an identity could not be stored there; null where it can. On a full disk a folder can be made, and nothing be written. */
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

/** The new one is whole once the old one has been set aside. */
function wholeOf(folder: string): string {
  return !isThere(folder) && isThere(`${folder}.old`) ? `${folder}.new` : folder;
}

/** Throws where nobody can tell: what is closed to us is not absent. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Ends what a kill left half done. */
function settle(folder: string): void {
  const whole = wholeOf(folder);
  if (whole !== folder) renameSync(whole, folder);
  for (const rest of [`${folder}.new`, `${folder}.old`]) rmSync(rest, { recursive: true, force: true });
}

function identityOf(texts: Record<keyof typeof files, string>, folder: string): Read<Identity> {
  const wrong = (name: keyof typeof files, what: string) => ({ ok: false as const, line: `${join(folder, files[name])}: ${what}` });
  const certificate = certificatesIn(texts.chain)[0];
  const pc = certificate && pathOfName(commonNameOf(certificate) ?? '');
  if (certificate === undefined || pc === undefined) return wrong('chain', 'not the certificate of a PC');
  if (!isKeyOf(texts.key, certificate)) return wrong('key', 'not the key of the certificate');
  const roots = certificatesIn(texts.roots).map(String);
  if (roots.length === 0) return wrong('roots', 'no certificate of an authority');
  const said = v.safeParse(v.pipe(v.string(), v.parseJson(), centre), texts.centre);
  if (!said.success) return wrong('centre', said.issues[0].type === 'parse_json' ? 'not JSON' : describeIssue(said.issues[0]));
  return { ok: true, value: { pc, centre: said.output, key: texts.key, chain: texts.chain, certificate, roots } };
}

/** All certificates of a PEM text; none where one of them cannot be read. */
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

/** True of a certificate that one of the roots signed (PEM), or somebody whom they signed. */
export function comesFrom(certificate: X509Certificate, roots: readonly string[]): boolean {
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
