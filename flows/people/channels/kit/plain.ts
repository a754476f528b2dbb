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
  return `${beginOf(line, (size) => size < limit).trimEnd()}…`;
}

/** As many whole letters as `fits` admits, which is asked of their size in characters and their number. */
function beginOf(line: string, fits: (size: number, count: number) => boolean): string {
  let [kept, count] = ['', 0];
  for (const { segment } of letters.segment(line)) {
    count += 1;
    if (!fits(kept.length + segment.length, count)) break;
    kept += segment;
  }
  return kept;
}

/** How many letters people see: of Hindi one is two or three characters. */
export function lettersIn(text: string): number {
  return [...letters.segment(text)].length;
}

/** The text made plain and cut to `limit` letters, and twice as many characters, behind a word where that keeps half of the place. */
export function shortAtWord(text: string, limit: number): string {
  const line = plain(text.slice(0, readLimit));
  if (line.length <= 2 * limit && lettersIn(line) <= limit) return line;
  const kept = beginOf(line, (size, count) => count < limit && size < 2 * limit);
  const end = /[\s,;:]/.test(line[kept.length] ?? '') ? kept.length : kept.lastIndexOf(' ');
  const words = kept.slice(0, Math.max(0, end)).replace(/[\p{P}\s]+$/u, '');
  return `${lettersIn(words) < limit / 2 ? kept.trimEnd() : words}…`;
}

/** More of a name than this is not even looked at. */
const readLimit = 1_000;
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });
