/** What is said of a notice over the telephone: where, what, since when. Who is woken hears nothing that can wait. */
import type { MessageLanguage } from '@sabha/contracts';
import type { Notice } from '../../engine/records/notices.ts';
import { spokenOf } from './words.ts';

/** One line, as a voice reads it. */
export function speechOf(notice: Notice, language: MessageLanguage): string {
  const { place, what, since } = spokenOf(notice, language);
  return [place, what, since]
    .map((part) => part.trim().replace(/[.।]$/u, ''))
    .filter((part) => part !== '')
    .map((part) => `${part}.`)
    .join(' ');
}
