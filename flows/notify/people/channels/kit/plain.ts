/** Names that others chose, made harmless: one line, nothing invisible, no longer than its place. */
import { type AnswerWord, answerWords, isTimeZone, type MessageLanguage, wordsIn, zonedAt } from '@sabha/contracts';
import type { Answer, RenderedMessage } from '../../../../engine/records/notices.ts';

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

/** What calendar and clock of a zone say; a zone that this machine does not know is UTC, and a time that is none is 1970. */
export function localOf(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  const at = Number.isFinite(atMs) ? Math.min(Math.max(Math.round(atMs), 0), latestMs) : 0;
  return zonedAt(at, isTimeZone(timeZone) ? timeZone : 'UTC');
}

/** The time of day alone. */
export function clockOf(atMs: number, timeZone: string): string {
  return localOf(atMs, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
}

/** The end of the year 9999: nobody sends a message about a later one. */
const latestMs = 253_402_300_799_000;

/** Who answered what, for those who were told too. */
export function answerLine(by: string, word: AnswerWord, language: MessageLanguage): string {
  return `✔ ${by}: ${wordsIn(language).answer[word]}`;
}

/** `data` comes back when it is pressed; Telegram lets it have 64 bytes. */
export type Button = { text: string; data: string };

/** None where there is nothing to answer: a list, an end, a word of the centre's own. */
export function buttonsOf({ notice, list, language }: Pick<RenderedMessage, 'notice' | 'list' | 'language'>): Button[] {
  const { incident, kind } = notice;
  if (incident === null || list || (kind !== 'raised' && kind !== 'worsened')) return [];
  const { answer } = wordsIn(language);
  return answerWords.map((word) => ({ text: answer[word], data: `${word}:${incident}` }));
}

/** What a button says; undefined for what is none of ours. */
export function readButton(data: string): Pick<Answer, 'word' | 'incident'> | undefined {
  const [, said, incident] = /^(seen|going|fixed|not-mine):([1-9]\d{0,14})$/.exec(data) ?? [];
  const word = answerWords.find((one) => one === said);
  return word === undefined ? undefined : { word, incident: Number(incident) };
}
