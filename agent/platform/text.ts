/** Names of devices are data from outside: any script, any length, any trick. Here they are cut to what a message may carry. */
import { createHash } from 'node:crypto';
import { oneLine } from '@sabha/contracts';

const nameLimit = 256;
const idLimit = 128;
const hashLength = 12;

/** A name or reason fit to be shown and sent: one line, at most 256 characters. */
export function shortText(text: string): string {
  return cut(clean(text), nameLimit);
}

/** What people call a device: the first of these in which something is to be seen. A maker may leave the name blank, and then its id names it. */
export function deviceName(...said: (string | null | undefined)[]): string {
  return shortText(said.find((one) => plain(one ?? '') !== '') ?? 'no name');
}

/** An id of at most 128 characters. Guarantee: two ids that differ stay different. */
export function shortId(id: string): string {
  const plain = clean(id);
  if (plain === id && id.length <= idLimit) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, hashLength);
  return `${cut(plain, idLimit - hashLength - 1)}-${hash}`;
}

/**
 * Does a name contain this, in any case? One letter in two spellings (फ़ as one character or as two) is one letter, and what nobody sees, such
 * as a mark of direction or a joiner that was copied along, is none.
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

/** Control characters move a terminal's cursor; the bidirectional overrides make a text read as another. */
function clean(text: string): string {
  return oneLine(text, Number.POSITIVE_INFINITY).trim().toWellFormed();
}

/** Cut at a limit of UTF-16 units, as the contracts count, without halving a character. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\ud800-\udbff]$/, '');
}
