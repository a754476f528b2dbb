/** Sanitises names from outside: one line, no invisible characters, limited length. */
import { isTimeZone, type MessageLanguage, type OneTapAnswer, oneTapAnswers, vocabularyIn, zonedAt } from '@sabha/contracts';
import type { ChannelReply, RenderedMessage } from '../../../../engine/records/notices.ts';

/** Longest name in a text, characters: the limit of a variable in an SMS template registered in India. */
export const variableLimit = 30;

/**
 * Returns the text on one line, without control characters, line breaks, direction overrides or other invisible characters.
 * The two joiners stay, since Hindi needs them.
 */
export function plainLine(text: string): string {
  return text
    .replace(unseen, ' ')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
}

/** Sanitises the text and cuts it to `limit` UTF-16 units, as a phone counts them, never inside a letter. */
export function shorten(text: string, limit = variableLimit): string {
  const line = plainLine(text.slice(0, readLimit));
  if (line.length <= limit) return line;
  return `${beginningThatFits(line, (size) => size < limit).trimEnd()}…`;
}

/** Returns the longest beginning of a line, in whole letters, that `fits` accepts by its characters and its letters. */
function beginningThatFits(line: string, fits: (size: number, count: number) => boolean): string {
  let [kept, count] = ['', 0];
  for (const { segment } of letters.segment(line)) {
    count += 1;
    if (!fits(kept.length + segment.length, count)) break;
    kept += segment;
  }
  return kept;
}

/** Number of visible letters; a Hindi letter has two or three characters. */
export function countLetters(text: string): number {
  return [...letters.segment(text)].length;
}

/**
 * Sanitises the text and cuts it to `limit` letters and `most` characters.
 * The first and last words distinguish names, as in "District office Leh" and "Leh Collectorate", so words between them go first. If both
 * ends do not fit, the longer word stays.
 */
export function shortenInside(text: string, limit: number, most: number = 2 * limit): string {
  const line = plainLine(text.slice(0, readLimit));
  const [first = '', ...others] = line.split(' ');
  const without = others.map((_, at) => `${first.replace(/\p{P}+$/u, '')}…${others.slice(at).join(' ')}`).slice(1);
  const found = [line, ...without].find((part) => part.length <= most && countLetters(part) <= limit);
  if (found !== undefined) return found;
  const longer = [first, others.at(-1) ?? ''].reduce((a, b) => (countLetters(b) > countLetters(a) ? b : a));
  return `${beginningThatFits(longer, (size, count) => count < limit && size < most)}…`;
}

/** Longest name that is processed, characters; the rest is dropped. */
const readLimit = 1_000;
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });

/** Local time in a zone. An unknown zone is UTC, and an invalid time is 1970. */
export function localTimeAt(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  const at = Number.isFinite(atMs) ? Math.min(Math.max(Math.round(atMs), 0), latestMs) : 0;
  return zonedAt(at, isTimeZone(timeZone) ? timeZone : 'UTC');
}

export function timeOfDayText(atMs: number, timeZone: string): string {
  return localTimeAt(atMs, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
}

/** End of the year 9999: the latest time that is shown. */
const latestMs = 253_402_300_799_000;

/** Returns one line about a person's answer, for the other recipients. */
export function answerLine(by: string, word: OneTapAnswer, language: MessageLanguage): string {
  return `✔ ${by}: ${vocabularyIn(language).answer[word]}`;
}

/** `data` returns when the button is pressed; Telegram allows 64 bytes. */
export type Button = { text: string; data: string };

/** Buttons of a message; empty for a list, an end or a notice of the server. */
export function buttonsOf({ notice, list, language }: Pick<RenderedMessage, 'notice' | 'list' | 'language'>): Button[] {
  const { incident, kind } = notice;
  if (incident === null || list || (kind !== 'raised' && kind !== 'worsened')) return [];
  const { answer } = vocabularyIn(language);
  return oneTapAnswers.map((word) => ({ text: answer[word], data: `${word}:${incident}` }));
}

/** Parses the data of a button; undefined if the button is none of Sabha. */
export function readButton(data: string): Pick<ChannelReply, 'word' | 'incident'> | undefined {
  const [, said, incident] = /^(seen|going|fixed|not-mine):([1-9]\d{0,14})$/.exec(data) ?? [];
  const word = oneTapAnswers.find((one) => one === said);
  return word === undefined ? undefined : { word, incident: Number(incident) };
}
