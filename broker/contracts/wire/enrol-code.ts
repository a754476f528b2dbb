/** The enrolment code: a secret that a site uses to enrol, and a pin by which a PC verifies the server before it trusts it. */
import { createHash } from 'node:crypto';

/** Digits of Crockford's base32: without I, L, O and U, which people misread. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const partBits = 100;
const partLength = partBits / 5;

/** Twenty digits in each half. */
export type EnrolCode = { secret: string; pin: string };

/** Returns a code for people: eight groups of five digits. `secret`: 13 random bytes, of which 100 bits are used. */
export function writeEnrolCode(secret: Uint8Array, rootDer: Uint8Array): string {
  return (toDigits(secret) + pinOf(rootDer)).replace(/.{5}(?!$)/g, '$&-');
}

/**
 * Parses a typed code: any case, O for 0, I and L for 1, with or without dashes of any kind. With `knownPin` the first half is sufficient.
 */
export function readEnrolCode(text: string, knownPin?: string): { ok: true; value: EnrolCode } | { ok: false; line: string } {
  const code = normaliseCode(text);
  const strange = [...text].find((one) => normaliseCode(one) === undefined);
  if (code === undefined) return { ok: false, line: `the enrolment code has ${JSON.stringify(strange)}, which none has` };
  const [secret, pin] = [code.slice(0, partLength), code.slice(partLength) || (knownPin ?? '')];
  if (secret.length === partLength && pin.length === partLength) return { ok: true, value: { secret, pin } };
  const lengths = knownPin === undefined ? '40' : '20 or 40';
  return { ok: false, line: `the enrolment code has ${code.length} characters, it should have ${lengths}` };
}

/** Returns the secret of a whole code or of its first half; undefined for anything else. */
export function enrolSecretOf(text: string): string | undefined {
  const code = normaliseCode(text);
  return code?.length === partLength || code?.length === 2 * partLength ? code.slice(0, partLength) : undefined;
}

/**
 * Returns the pin of a root certificate: the first 100 bits of its SHA-256, so that a second certificate with the same pin is infeasible.
 */
export function pinOf(rootDer: Uint8Array): string {
  return toDigits(createHash('sha256').update(rootDer).digest());
}

function toDigits(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  if (bits.length < partBits) throw new Error(`${bytes.length} bytes are too few for ${partBits} bits`);
  const groups = bits.slice(0, partBits).match(/.{5}/g) ?? [];
  return groups.map((group) => digits[Number.parseInt(group, 2)]).join('');
}

function normaliseCode(text: string): string | undefined {
  const code = text
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  return [...code].every((digit) => digits.includes(digit)) ? code : undefined;
}
