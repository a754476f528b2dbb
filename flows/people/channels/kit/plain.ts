/** Names that others chose, made harmless: one line, nothing invisible, no longer than its place. */

/** Longest name that goes into a text, characters: what an SMS template registered in India admits for a variable. */
export const variableLimit = 30;

/**
 * The text on one line, without control characters, line breaks, direction overrides, or anything else that is not seen.
 * The two joiners stay: Hindi is written with them.
 */
export function plain(text: string): string {
  return text
    .replace(unseen, ' ')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
}

/** The text made plain and cut to `limit` characters (UTF-16 units, as a phone counts them), never inside a letter. */
export function short(text: string, limit = variableLimit): string {
  const line = plain(text.slice(0, readLimit));
  if (line.length <= limit) return line;
  let kept = '';
  for (const { segment } of letters.segment(line)) {
    if (kept.length + segment.length > limit - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** How many letters people see: of Hindi one is two or three characters. */
export function lettersIn(text: string): number {
  return [...letters.segment(text)].length;
}

/** The text made plain and cut to `limit` letters, and twice as many characters, behind a word where that keeps half of the place. */
export function shortAtWord(text: string, limit: number): string {
  const line = plain(text.slice(0, readLimit));
  if (line.length <= 2 * limit && lettersIn(line) <= limit) return line;
  let [kept, count] = ['', 0];
  for (const { segment } of letters.segment(line)) {
    if (count >= limit - 1 || kept.length + segment.length >= 2 * limit) break;
    kept += segment;
    count += 1;
  }
  const end = /[\s,;:]/.test(line[kept.length] ?? '') ? kept.length : kept.lastIndexOf(' ');
  const words = kept.slice(0, Math.max(0, end)).replace(/[\p{P}\s]+$/u, '');
  return `${lettersIn(words) < limit / 2 ? kept.trimEnd() : words}…`;
}

/** More of a name than this is not even looked at. */
const readLimit = 1_000;
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });
