/** Cleans names of devices and cuts them to the size of a message field. A name is untrusted input of any script and length. */
import { createHash } from 'node:crypto';
import { oneLine } from '@sabha/contracts';

const nameLimit = 256;
const idLimit = 128;
const hashLength = 12;

/** Returns a name or reason for display and sending: one line, at most 256 characters. */
export function shortText(text: string): string {
  return cut(clean(text), nameLimit);
}

/** Returns the first text with a visible character. A maker may leave the name blank, so callers pass the id last. */
export function deviceName(...said: (string | null | undefined)[]): string {
  return shortText(said.find((one) => plain(one ?? '') !== '') ?? 'no name');
}

/** Returns an id of at most 128 characters. Guarantee: different ids stay different. */
export function shortId(id: string): string {
  const plain = clean(id);
  if (plain === id && id.length <= idLimit) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, hashLength);
  return `${cut(plain, idLimit - hashLength - 1)}-${hash}`;
}

/**
 * Returns whether a name contains `part`, ignoring case. Unicode normalisation makes फ़ as one or two code points equal.
 * Invisible characters, such as direction marks and joiners, are ignored.
 */
export function isInName(part: string, name: string): boolean {
  return plain(name).includes(plain(part));
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}|[\ufe0e\ufe0f]/gu, '')
    .replaceAll(/[\p{Cc}\p{Z}]+/gu, ' ')
    .trim()
    .toLowerCase();
}

/** Removes control characters, which move a terminal cursor, and bidirectional overrides, which change the visible text. */
function clean(text: string): string {
  return oneLine(text, Number.POSITIVE_INFINITY).trim().toWellFormed();
}

/** Cuts a text after `limit` UTF-16 units, the unit of the message limits, without splitting a surrogate pair. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\ud800-\udbff]$/, '');
}
