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

/**
 * The text made plain and cut to `limit` letters and `most` characters. What tells a name from others stands in its first or its last words, as in
 * "District office Leh" and "Leh Collectorate": words between them go first. Without room for both ends the longer word stays.
 */
export function shortInside(text: string, limit: number, most: number = 2 * limit): string {
  const line = plain(text.slice(0, readLimit));
  const [first = '', ...others] = line.split(' ');
  const without = others.map((_, at) => `${first.replace(/\p{P}+$/u, '')}…${others.slice(at).join(' ')}`).slice(1);
  const found = [line, ...without].find((part) => part.length <= most && lettersIn(part) <= limit);
  if (found !== undefined) return found;
  const longer = [first, others.at(-1) ?? ''].reduce((a, b) => (lettersIn(b) > lettersIn(a) ? b : a));
  return `${beginOf(longer, (size, count) => count < limit && size < most)}…`;
}

/** More of a name than this is not even looked at. */
const readLimit = 1_000;
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });
