import { messageLanguages, oneTapAnswers, vocabularyIn } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Notice } from '../../../../engine/records/notices.ts';
import { answerLine, buttonsOf } from './plain.ts';

test.each(messageLanguages)('%s: a button has the same label as on the answer page', (language) => {
  const { answer } = vocabularyIn(language);
  const notice = { incident: 7, kind: 'raised' } as Notice;
  expect(buttonsOf({ notice, language })).toEqual(oneTapAnswers.map((word) => ({ text: answer[word], data: `${word}:7` })));
  expect(answerLine('Asha', 'fixed', language)).toBe(`✔ Asha: ${answer.fixed}`);
});
