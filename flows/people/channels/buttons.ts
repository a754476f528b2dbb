/** What a person may answer by the buttons of a message, and what stands on them. */
import type { MessageLanguage } from '#contracts';
import type { Answer, AnswerWord, RenderedMessage } from '../../records/notices.ts';

const labels: Readonly<Record<MessageLanguage, Readonly<Record<AnswerWord, string>>>> = {
  en: { seen: 'Seen', going: 'I am going', fixed: 'It is fixed', 'not-mine': 'Not mine' },
  hi: { seen: 'देख लिया', going: 'मैं जा रहा/रही हूँ', fixed: 'ठीक कर दिया', 'not-mine': 'मेरा काम नहीं' },
  mr: { seen: 'पाहिले', going: 'मी जात आहे', fixed: 'दुरुस्त केले', 'not-mine': 'माझे काम नाही' },
};
/** Who answered what, for those who were told too. */
export function answerLine(by: string, word: AnswerWord, language: MessageLanguage): string {
  return `✔ ${by}: ${labels[language][word]}`;
}

const words: readonly AnswerWord[] = ['seen', 'going', 'fixed', 'not-mine'];

/** `data` comes back when it is pressed; Telegram lets it have 64 bytes. */
export type Button = { text: string; data: string };

/** None where there is nothing to answer: a list, an end, a word of the centre's own. */
export function buttonsOf({ notice, list, language }: Pick<RenderedMessage, 'notice' | 'list' | 'language'>): Button[] {
  const { incident, kind } = notice;
  if (incident === null || list || (kind !== 'raised' && kind !== 'worsened')) return [];
  return words.map((word) => ({ text: labels[language][word], data: `${word}:${incident}` }));
}

/** What a button says; undefined for what is none of ours. */
export function readButton(data: string): Pick<Answer, 'word' | 'incident'> | undefined {
  const [, said, incident] = /^(seen|going|fixed|not-mine):([1-9]\d{0,14})$/.exec(data) ?? [];
  const word = words.find((one) => one === said);
  return word === undefined ? undefined : { word, incident: Number(incident) };
}
