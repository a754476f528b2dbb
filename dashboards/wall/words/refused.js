import { timeText } from './times.js';
import { isKey, say, shown } from './words.js';

/** @import { Language } from '@sabha/contracts' */

/**
 * Returns the reason of a refusal in the reader's language; '' on success.
 *
 * @param {Language} lang
 * @param {{ status: number, error: string, code?: string, about?: Record<string, string | number> }} posted
 */
export function refusedText(lang, { status, error, code = '', about = {} }) {
  if (status === 0) return say(lang, 'noAnswer');
  if (error === '') return '';
  const key = `refused.${code}`;
  if (!isKey(key)) return say(lang, 'refused.other', { line: shown(error) });
  const values = Object.entries(about).map(([name, value]) => [name, typeof value === 'string' ? shown(value) : value]);
  return say(lang, key, {
    ...Object.fromEntries(values),
    time: typeof about['at'] === 'number' ? timeText(lang, about['at'], Date.now()) : '',
  });
}
