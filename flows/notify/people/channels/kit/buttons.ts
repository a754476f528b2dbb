/** What a person may answer by the buttons of a message, and what stands on them. */
import { type AnswerWord, answerWords, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { Answer, RenderedMessage } from '../../../../engine/records/notices.ts';

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
