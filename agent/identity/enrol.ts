/** How a PC becomes known: by a code that people give it, and later anew by the certificate that it has. */
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import { clientAuth, codeOf, commonNameOf, makePrivateKey, makeRequest, nameOf, type PcPath, pinOf, readEnrolCode } from '@sabha/contracts';
import type { Used } from '../link/net/meter.ts';
import { nextOf } from './call.ts';
import { type CodePc, type Door, fetchCertificate, fetchPcs, fetchPlace, fetchRoots } from './est.ts';
import { type Centre, enrolmentKey, type Identity, openIdentity, problemOfFolder, type Read, storeIdentity } from './identity.ts';

/** What a person gives to make a PC known; `again` replaces a key that it has already. */
export type Enrolment = { code: string; centre: { host: string; port: number }; pc: PcPath; folder: string; again: boolean };

/**
 * Makes a key, has it certified, and stores both with the roots and the place of the centre.
 * Guarantee: only the centre from which the code comes is believed; the key leaves this PC never; all is stored, or nothing but the key, by
 * which the next try is known as the same PC.
 */
export async function enrol({ code, centre, pc, folder, again }: Enrolment): Promise<Read<Identity>> {
  const opened = readEnrolCode(code);
  if (!opened.ok) return opened;
  const problem = problemOfPc({ folder, again });
  if (problem !== null) return { ok: false, line: problem };
  const trusted = await provenDoor(centre, opened.value.pin);
  if (!trusted.ok) return trusted;
  const place = await fetchPlace(trusted.value);
  if (!place.ok) return place;
  const kept = { host: centre.host, enrolPort: centre.port, ...place.value };
  return obtain({ door: trusted.value, pc, folder, centre: kept, password: opened.value.secret });
}

/** Why this PC cannot be enrolled, whatever the centre says. Asked first: a certificate that cannot be kept costs a use of the code, and a person the typing of it. */
export function problemOfPc({ folder, again }: Pick<Enrolment, 'folder' | 'again'>): string | null {
  const held = openIdentity(folder);
  if (!again && !(held.ok && held.value === undefined)) return held.ok ? alreadyLine(held.value?.pc, folder) : held.line;
  return problemOfFolder(folder);
}

/** The PCs that a code is for, as the centre says that gave it; none where that one is older than this question. The same guarantee: only that one is believed. */
export async function pcsOfCode({ code, centre }: Pick<Enrolment, 'code' | 'centre'>): Promise<Read<CodePc[]>> {
  const opened = readEnrolCode(code);
  if (!opened.ok) return opened;
  const trusted = await provenDoor(centre, opened.value.pin);
  if (!trusted.ok) return trusted;
  const pcs = await fetchPcs(trusted.value, opened.value.secret);
  return pcs.ok || !/ answered 404: /.test(pcs.line) ? pcs : { ok: true, value: [] };
}

/** It says who it is and what comes next: a second enrolment takes nobody further, and a new key is given only where the centre has let go of the old one. */
function alreadyLine(pc = '', folder: string): string {
  return `this PC is enrolled already as ${pc} (${folder}); next: ${nextOf(dirname(folder))} (a new key only after "pcs replace ${pc}" at the centre: then with --again)`;
}

/**
 * A new key and a new certificate in the place of those that this PC has. The same guarantee; and nothing is asked for that could not be kept,
 * since from the answer on the certificate of today is good for some days only.
 */
export async function renew(identity: Identity, folder: string, used?: Used): Promise<Read<Identity>> {
  const problem = problemOfFolder(folder);
  if (problem !== null) return { ok: false, line: problem };
  const { pc, centre, roots, key, chain } = identity;
  return obtain({ door: { host: centre.host, port: centre.enrolPort, trust: { roots, key, chain }, used }, pc, folder, centre });
}

/** Asks for the roots again, so that another authority may take over from the one of today. */
export async function refreshRoots(identity: Identity, folder: string, used?: Used): Promise<Read<Identity>> {
  const { host, enrolPort } = identity.centre;
  const roots = await fetchRoots({ host, port: enrolPort, trust: { roots: identity.roots }, used });
  if (!roots.ok) return roots;
  const fresh = { ...identity, roots: roots.value.map(String) };
  return fresh.roots.join() === identity.roots.join() ? { ok: true, value: identity } : kept(fresh, folder);
}

/** The centre, believed by the pin of one of its roots. Whoever else answers cannot have that root. */
async function provenDoor({ host, port }: { host: string; port: number }, pin: string): Promise<Read<Door>> {
  const roots = await fetchRoots({ host, port, trust: {} });
  if (!roots.ok) return roots;
  const root = roots.value.find(({ raw }) => pinOf(raw) === pin);
  if (root === undefined) return { ok: false, line: `${host}:${port} is not the centre that gave this code`, cause: 'pin' };
  return { ok: true, value: { host, port, trust: { roots: [String(root)] } } };
}

type Wanted = { door: Door; pc: PcPath; folder: string; centre: Centre; password?: string };

async function obtain({ door, pc, folder, centre, password }: Wanted): Promise<Read<Identity>> {
  // Once more, now that the answer can be believed: during a change of authority there are two.
  const roots = await fetchRoots(door);
  if (!roots.ok) return roots;
  const made: Read<string> = password === undefined ? { ok: true, value: makePrivateKey() } : enrolmentKey(folder);
  if (!made.ok) return made;
  const key = made.value;
  const { der } = makeRequest(key, nameOf(pc));
  const issued = await fetchCertificate(door, { request: der, ...(password !== undefined && { password }) });
  if (!issued.ok) return issued;
  const certificate = issued.value.find((one) => one.checkPrivateKey(createPrivateKey(key)));
  const wrong = whatIsWrong(certificate, pc);
  if (certificate === undefined || wrong !== null) return { ok: false, line: `${door.host}:${door.port} answered ${wrong}` };
  const known = [certificate, ...roots.value];
  const between = issued.value.filter(({ raw }) => !known.some((one) => one.raw.equals(raw)));
  const chain = [certificate, ...between].map(String).join('');
  const at = password === undefined ? centre : { ...centre, enrolment: pinOf(der) };
  return kept({ pc, centre: at, key, chain, certificate, roots: roots.value.map(String) }, folder);
}

function whatIsWrong(certificate: X509Certificate | undefined, pc: PcPath): string | null {
  if (certificate === undefined) return 'no certificate for the key of this PC';
  if (commonNameOf(certificate) !== nameOf(pc)) return 'a certificate for another PC';
  return certificate.keyUsage?.includes(clientAuth) ? null : 'a certificate that opens no broker';
}

function kept(identity: Identity, folder: string): Read<Identity> {
  try {
    storeIdentity(folder, identity);
    return { ok: true, value: identity };
  } catch (error) {
    return { ok: false, line: `${folder}: cannot be written: ${codeOf(error)}` };
  }
}
