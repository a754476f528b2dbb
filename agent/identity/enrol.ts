/** Enrols a PC with a code that a person types, and later renews its certificate. */
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import { clientAuth, codeOf, commonNameOf, makeCertRequest, makeKey, nameOf, type PcPath, pinOf, readEnrolCode } from '@sabha/contracts';
import type { CountBytes } from '../link/net/meter.ts';
import { nextCommand } from './call.ts';
import { type CodePc, fetchBrokerAddress, fetchCertificate, fetchPcs, fetchRoots, type HttpsServer } from './est.ts';
import { enrolmentKey, type Identity, openIdentity, problemOfFolder, type Result, type StoredServer, storeIdentity } from './identity.ts';

/** Input of an enrolment. `again`: replace an existing identity. */
export type Enrolment = { code: string; centre: { host: string; port: number }; pc: PcPath; folder: string; again: boolean };

/**
 * Creates a key, obtains its certificate, and stores both with the roots and the address of the server.
 * Guarantee: it trusts only the server that issued the code. The private key never leaves this PC. It stores either the complete identity,
 * or only the key, by which the server recognises a retry.
 */
export async function enrol({ code, centre, pc, folder, again }: Enrolment): Promise<Result<Identity>> {
  const opened = readEnrolCode(code);
  if (!opened.ok) return opened;
  const problem = problemOfPc({ folder, again });
  if (problem !== null) return { ok: false, line: problem };
  const trusted = await verifiedEndpoint(centre, opened.value.pin);
  if (!trusted.ok) return trusted;
  const place = await fetchBrokerAddress(trusted.value);
  if (!place.ok) return place;
  const serverRecord = { host: centre.host, enrolPort: centre.port, ...place.value };
  return requestCertificate({ server: trusted.value, pc, folder, centre: serverRecord, password: opened.value.secret });
}

/**
 * Returns why this PC cannot be enrolled; null if it can. Checked before any request: a certificate that cannot be stored would use up the
 * code.
 */
export function problemOfPc({ folder, again }: Pick<Enrolment, 'folder' | 'again'>): string | null {
  const held = openIdentity(folder);
  if (!again && !(held.ok && held.value === undefined)) return held.ok ? alreadyEnrolledLine(held.value?.pc, folder) : held.line;
  return problemOfFolder(folder);
}

/** Returns the PCs of a code from the server that issued it; an empty list if an older server does not know this request. */
export async function pcsOfCode({ code, centre }: Pick<Enrolment, 'code' | 'centre'>): Promise<Result<CodePc[]>> {
  const opened = readEnrolCode(code);
  if (!opened.ok) return opened;
  const trusted = await verifiedEndpoint(centre, opened.value.pin);
  if (!trusted.ok) return trusted;
  const pcs = await fetchPcs(trusted.value, opened.value.secret);
  return pcs.ok || !/ answered 404: /.test(pcs.line) ? pcs : { ok: true, value: [] };
}

/** Names the PC and the next command. The server issues a new key only after `pcs replace` released the old one. */
function alreadyEnrolledLine(pc = '', folder: string): string {
  return `this PC is enrolled already as ${pc} (${folder}); next: ${nextCommand(dirname(folder))} (a new key only after "pcs replace ${pc}" at the server: then with --again)`;
}

/**
 * Replaces key and certificate, with the guarantee of `enrol`. Checks the disk first: after the response, the old certificate is valid for
 * only a few days.
 */
export async function renew(identity: Identity, folder: string, used?: CountBytes): Promise<Result<Identity>> {
  const problem = problemOfFolder(folder);
  if (problem !== null) return { ok: false, line: problem };
  const { pc, centre, roots, key, chain } = identity;
  return requestCertificate({
    server: { host: centre.host, port: centre.enrolPort, trust: { roots, key, chain }, used },
    pc,
    folder,
    centre,
  });
}

/** Fetches the trusted roots again, so that another authority can replace the present one. */
export async function refreshRoots(identity: Identity, folder: string, used?: CountBytes): Promise<Result<Identity>> {
  const { host, enrolPort } = identity.centre;
  const roots = await fetchRoots({ host, port: enrolPort, trust: { roots: identity.roots }, used });
  if (!roots.ok) return roots;
  const fresh = { ...identity, roots: roots.value.map(String) };
  return fresh.roots.join() === identity.roots.join() ? { ok: true, value: identity } : storeIdentityOrFail(fresh, folder);
}

/** Returns connection data of the server. The fingerprint in the code must match one of its roots; no other server can prove that root. */
async function verifiedEndpoint({ host, port }: { host: string; port: number }, pin: string): Promise<Result<HttpsServer>> {
  const roots = await fetchRoots({ host, port, trust: {} });
  if (!roots.ok) return roots;
  const root = roots.value.find(({ raw }) => pinOf(raw) === pin);
  if (root === undefined) return { ok: false, line: `${host}:${port} is not the server that gave this code`, cause: 'pin' };
  return { ok: true, value: { host, port, trust: { roots: [String(root)] } } };
}

type CertificateRequest = { server: HttpsServer; pc: PcPath; folder: string; centre: StoredServer; password?: string };

async function requestCertificate({ server, pc, folder, centre, password }: CertificateRequest): Promise<Result<Identity>> {
  // Fetches the roots again over the verified connection. While the authority changes, there are two roots.
  const roots = await fetchRoots(server);
  if (!roots.ok) return roots;
  const made: Result<string> = password === undefined ? { ok: true, value: makeKey() } : enrolmentKey(folder);
  if (!made.ok) return made;
  const key = made.value;
  const { der } = makeCertRequest(key, nameOf(pc));
  const issued = await fetchCertificate(server, { request: der, ...(password !== undefined && { password }) });
  if (!issued.ok) return issued;
  const certificate = issued.value.find((one) => one.checkPrivateKey(createPrivateKey(key)));
  const wrong = certificateProblem(certificate, pc);
  if (certificate === undefined || wrong !== null) return { ok: false, line: `${server.host}:${server.port} answered ${wrong}` };
  const known = [certificate, ...roots.value];
  const between = issued.value.filter(({ raw }) => !known.some((one) => one.raw.equals(raw)));
  const chain = [certificate, ...between].map(String).join('');
  const at = password === undefined ? centre : { ...centre, enrolment: pinOf(der) };
  return storeIdentityOrFail({ pc, centre: at, key, chain, certificate, roots: roots.value.map(String) }, folder);
}

function certificateProblem(certificate: X509Certificate | undefined, pc: PcPath): string | null {
  if (certificate === undefined) return 'no certificate for the key of this PC';
  if (commonNameOf(certificate) !== nameOf(pc)) return 'a certificate for another PC';
  return certificate.keyUsage?.includes(clientAuth) ? null : 'a certificate that is not for the broker';
}

function storeIdentityOrFail(identity: Identity, folder: string): Result<Identity> {
  try {
    storeIdentity(folder, identity);
    return { ok: true, value: identity };
  } catch (error) {
    return { ok: false, line: `${folder}: cannot be written: ${codeOf(error)}` };
  }
}
