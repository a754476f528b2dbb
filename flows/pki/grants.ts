/** Rules for issuing certificates, as pure functions over the site table and the registry. */
import { pathOfName, type RegistryEntry, siteOf } from '@sabha/contracts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { IssuedCertificate } from './certificates.ts';

/**
 * Validity of the old certificate after a renewal, so that a PC that lost the response is not locked out. It exceeds the time that an
 * office is closed, or that a full disk stays unnoticed.
 */
const graceMs = 14 * 24 * 60 * 60_000;

type GrantContext = { sites: { table(): SiteTable; entry(pc: string): RegistryEntry | undefined }; now(): number };
/** `entry` = the registry entry of the PC now. `status` = HTTP status of the refusal. */
export type EnrolmentGrant = { ok: true; entry: RegistryEntry } | { ok: false; status: 400 | 401 | 403; line: string };
type SerialAndExpiry = Pick<IssuedCertificate, 'serial' | 'notAfter'>;

/**
 * Decides whether a PC may get its first certificate by a code for `site`.
 * Guarantee: refused for a PC of another site, for a revoked PC, and for a PC with a valid certificate.
 */
export function mayEnrol(held: GrantContext, asked: { name: string; site: string }): EnrolmentGrant {
  const grant = checkPlace(held, asked);
  return grant.ok && validSerials(grant.entry, held.now()).length > 0
    ? refusedGrant(`${grant.entry.pc} has a certificate already: ask the central team to replace it`)
    : grant;
}

/**
 * Decides whether a PC gets its first certificate again, by the same code and key, because the first response may have been lost.
 * Guarantee: only for the holder of that key, and not after a replacement, revocation or renewal.
 */
export function mayEnrolAgain(held: GrantContext, { serial, ...asked }: { name: string; site: string; serial: string }): EnrolmentGrant {
  const grant = checkPlace(held, asked);
  if (!grant.ok || validSerials(grant.entry, held.now()).join() === serial) return grant;
  return refusedGrant(`${grant.entry.pc} has another certificate by now: ask the central team to replace it`);
}

function checkPlace({ sites: { table, entry } }: GrantContext, { name, site }: { name: string; site: string }): EnrolmentGrant {
  const pc = pathOfName(name);
  if (pc === undefined) return { ok: false, status: 400, line: `"${name}" is no name of a PC: expected state.site.pc` };
  if (siteOf(pc) !== site) return refusedGrant(`this code is for ${site}, not for ${siteOf(pc)}`);
  if (table().node(pc) === undefined) return refusedGrant(`there is no PC ${pc} in the site table`);
  if (table().stageOf(site) === 'closed') return refusedGrant(`${site} is closed`);
  const held = entry(pc);
  if (held?.revoked) return refusedGrant(`${pc} is revoked: ask the central team to replace it`);
  return { ok: true, entry: held ?? { pc, tokenHash: null, certificates: [], revoked: false } };
}

/** Decides whether the holder of a certificate may get the next one, for the same name. */
export function mayRenew(
  { sites: { table, entry }, now }: GrantContext,
  wanted: { name: string; serial: string; asked: string },
): EnrolmentGrant {
  const { name, serial, asked } = wanted;
  const pc = pathOfName(name);
  const held = pc === undefined ? undefined : entry(pc);
  if (pc === undefined || held === undefined || table().node(pc) === undefined) return refusedGrant(`there is no PC "${name}"`);
  if (held.revoked || !validSerials(held, now()).includes(serial))
    return refusedGrant(`the certificate of ${pc} is no longer valid: enrol with a code`);
  if (asked !== name) return { ok: false, status: 400, line: `the certificate is that of ${name}, the request names "${asked}"` };
  return { ok: true, entry: held };
}

export function entryOfEnrolled(held: RegistryEntry, { serial, notAfter }: SerialAndExpiry): RegistryEntry {
  return { ...held, certificates: [serial], ends: { [serial]: notAfter } };
}

/** Returns the entry with the next certificate. The previous one stays valid for the grace period, and all others are removed. */
export function entryOfRenewed(held: RegistryEntry, { old, next }: { old: string; next: SerialAndExpiry }, now: number): RegistryEntry {
  const { serial, notAfter } = next;
  const oldEnds = Math.min(held.ends?.[old] ?? Number.POSITIVE_INFINITY, now + graceMs);
  return { ...held, certificates: [serial, old], ends: { [serial]: notAfter, [old]: oldEnds } };
}

/** Returns the entry without its expired certificates; undefined if none has expired. */
export function withoutExpired(held: RegistryEntry, now: number): RegistryEntry | undefined {
  const certificates = validSerials(held, now);
  if (certificates.length === held.certificates.length) return undefined;
  return {
    ...held,
    certificates,
    ends: Object.fromEntries(Object.entries(held.ends ?? {}).filter(([serial]) => certificates.includes(serial))),
  };
}

function validSerials({ certificates, ends }: RegistryEntry, now: number): string[] {
  return certificates.filter((serial) => (ends?.[serial] ?? Number.POSITIVE_INFINITY) > now);
}

function refusedGrant(line: string): EnrolmentGrant {
  return { ok: false, status: 403, line };
}
