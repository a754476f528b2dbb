/** Rules for issuing certificates, as pure functions over the site table and the registry. */
import { pathOfName, type RegistryEntry, siteOf } from '@sabha/contracts';
import type { SiteTable } from '../engine/records/sites.ts';
import type { Issued } from './certificates.ts';

/**
 * Validity of the old certificate after a renewal, so that a PC which lost the response is not locked out. Longer than an office is closed,
 * and than a full disk stays unnoticed.
 */
const graceMs = 14 * 24 * 60 * 60_000;

type Held = { sites: { table(): SiteTable; entry(pc: string): RegistryEntry | undefined }; now(): number };
/** `entry` = the registry entry of the PC now. `status` = HTTP status of the refusal. */
export type Grant = { ok: true; entry: RegistryEntry } | { ok: false; status: 400 | 401 | 403; line: string };
type Serial = Pick<Issued, 'serial' | 'notAfter'>;

/**
 * Decides whether a PC may get its first certificate by a code for `site`.
 * Guarantee: refused for a PC of another site, for a revoked PC, and for a PC with a valid certificate.
 */
export function mayEnrol(held: Held, asked: { name: string; site: string }): Grant {
  const grant = hasPlace(held, asked);
  return grant.ok && openSerials(grant.entry, held.now()).length > 0
    ? refused(`${grant.entry.pc} has a certificate already: ask the centre to replace it`)
    : grant;
}

/**
 * Decides whether a PC gets its first certificate again, by the same code and key, because the first response may have been lost.
 * Guarantee: only for the holder of that key, and not after a replacement, revocation or renewal.
 */
export function mayEnrolAgain(held: Held, { serial, ...asked }: { name: string; site: string; serial: string }): Grant {
  const grant = hasPlace(held, asked);
  if (!grant.ok || openSerials(grant.entry, held.now()).join() === serial) return grant;
  return refused(`${grant.entry.pc} has another certificate by now: ask the centre to replace it`);
}

function hasPlace({ sites: { table, entry } }: Held, { name, site }: { name: string; site: string }): Grant {
  const pc = pathOfName(name);
  if (pc === undefined) return { ok: false, status: 400, line: `"${name}" is no name of a PC: expected state.site.pc` };
  if (siteOf(pc) !== site) return refused(`this code is for ${site}, not for ${siteOf(pc)}`);
  if (table().node(pc) === undefined) return refused(`there is no PC ${pc} in the site table`);
  if (table().stageOf(site) === 'closed') return refused(`${site} is closed`);
  const held = entry(pc);
  if (held?.revoked) return refused(`${pc} is revoked: ask the centre to replace it`);
  return { ok: true, entry: held ?? { pc, tokenHash: null, certificates: [], revoked: false } };
}

/** Decides whether the holder of a certificate may get the next one, for the same name. */
export function mayRenew({ sites: { table, entry }, now }: Held, wanted: { name: string; serial: string; asked: string }): Grant {
  const { name, serial, asked } = wanted;
  const pc = pathOfName(name);
  const held = pc === undefined ? undefined : entry(pc);
  if (pc === undefined || held === undefined || table().node(pc) === undefined) return refused(`there is no PC "${name}"`);
  if (held.revoked || !openSerials(held, now()).includes(serial))
    return refused(`the certificate of ${pc} is not valid any more: enrol with a code`);
  if (asked !== name) return { ok: false, status: 400, line: `the certificate is that of ${name}, the request names "${asked}"` };
  return { ok: true, entry: held };
}

export function enrolled(held: RegistryEntry, { serial, notAfter }: Serial): RegistryEntry {
  return { ...held, certificates: [serial], ends: { [serial]: notAfter } };
}

/** Returns the entry with the next certificate. The previous one stays valid for the grace period, and all others are removed. */
export function renewed(held: RegistryEntry, { old, next }: { old: string; next: Serial }, now: number): RegistryEntry {
  const { serial, notAfter } = next;
  const oldEnds = Math.min(held.ends?.[old] ?? Number.POSITIVE_INFINITY, now + graceMs);
  return { ...held, certificates: [serial, old], ends: { [serial]: notAfter, [old]: oldEnds } };
}

/** Returns the entry without its expired certificates; undefined if none has expired. */
export function swept(held: RegistryEntry, now: number): RegistryEntry | undefined {
  const certificates = openSerials(held, now);
  if (certificates.length === held.certificates.length) return undefined;
  return {
    ...held,
    certificates,
    ends: Object.fromEntries(Object.entries(held.ends ?? {}).filter(([serial]) => certificates.includes(serial))),
  };
}

function openSerials({ certificates, ends }: RegistryEntry, now: number): string[] {
  return certificates.filter((serial) => (ends?.[serial] ?? Number.POSITIVE_INFINITY) > now);
}

function refused(line: string): Grant {
  return { ok: false, status: 403, line };
}
