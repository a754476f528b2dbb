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

/** More of a name than this is not even looked at. */
const readLimit = 1_000;
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });
