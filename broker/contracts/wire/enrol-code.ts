/** The enrolment code: a secret that opens once for a site, and a pin by which a PC knows the centre before it trusts it. */
import { createHash } from 'node:crypto';

/** Digits of Crockford's base32: without I, L, O and U, which people misread. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const partBits = 100;
const partLength = partBits / 5;

/** `secret` and `pin` are twenty digits each, as this file writes them. */
export type EnrolCode = { secret: string; pin: string };

/** The code as people see it: eight groups of five. `secret` = 13 random bytes, of which it takes 100 bits. */
export function writeEnrolCode(secret: Uint8Array, rootDer: Uint8Array): string {
  return (toDigits(secret) + pinOf(rootDer)).replace(/.{5}(?!$)/g, '$&-');
}

/**
 * Reads a code as people type it: in either case, with 0 for O, 1 for I and L, with or without dashes, of whichever kind a phone makes of them. Whoever
 * knows the pin already takes its first half for the whole.
 */
export function readEnrolCode(text: string, knownPin?: string): { ok: true; value: EnrolCode } | { ok: false; line: string } {
  const code = plain(text);
  const strange = [...text].find((one) => plain(one) === undefined);
  if (code === undefined) return { ok: false, line: `the enrolment code has ${JSON.stringify(strange)}, which none has` };
  const [secret, pin] = [code.slice(0, partLength), code.slice(partLength) || (knownPin ?? '')];
  if (secret.length === partLength && pin.length === partLength) return { ok: true, value: { secret, pin } };
  const lengths = knownPin === undefined ? '40' : '20 or 40';
  return { ok: false, line: `the enrolment code has ${code.length} characters, it should have ${lengths}` };
}

/** The secret of a whole code or of its first half alone; undefined for anything else. */
export function enrolSecretOf(text: string): string | undefined {
  const code = plain(text);
  return code?.length === partLength || code?.length === 2 * partLength ? code.slice(0, partLength) : undefined;
}

/** The pin of a root certificate: the first 100 bits of its SHA-256. Nobody can make another certificate with the same ones. */
export function pinOf(rootDer: Uint8Array): string {
  return toDigits(createHash('sha256').update(rootDer).digest());
}

function toDigits(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  if (bits.length < partBits) throw new Error(`${bytes.length} bytes are too few for ${partBits} bits`);
  const groups = bits.slice(0, partBits).match(/.{5}/g) ?? [];
  return groups.map((group) => digits[Number.parseInt(group, 2)]).join('');
}

function plain(text: string): string | undefined {
  const code = text
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  return [...code].every((digit) => digits.includes(digit)) ? code : undefined;
}
