/** Every text of the wall's own, English and Hindi side by side. What names a thing of the domain is not here: the centre sends its words. */

import { actTexts } from './texts-acts.js';
import { pageTexts } from './texts-page.js';
import { placeTexts } from './texts-places.js';

/** @import { Language, Vocabulary as CentreWords, Words } from '@sabha/contracts' */

const table = { ...pageTexts, ...actTexts, ...placeTexts };

/** @typedef {keyof typeof table} Key */
/** @typedef {keyof CentreWords} Group */
/** What the centre calls the things of the domain, by language, group and key. @typedef {Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>} Vocabulary */
/** Whoever reads: in which language, and the words that the centre sent. @typedef {{ lang: Language, words: Vocabulary }} Reader */

/**
 * The table by key: English, then Hindi.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const texts = table;

/**
 * Whether the wall has a text of its own for it.
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(table, key);
}

/**
 * A text of the wall with its blanks filled.
 * @param {Language} lang
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function say(lang, key, values) {
  return filled(table[key][lang === 'hi' ? 1 : 0] ?? '', values);
}

/**
 * A word of the domain; the key itself where the centre sent none for it.
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function sayWord({ lang, words }, group, key) {
  const known = words[lang]?.[group] ?? {};
  return Object.hasOwn(known, key) ? (known[key] ?? '') : shown(key);
}

/**
 * A number with its unit.
 * @param {Reader} reader
 * @param {keyof CentreWords['unit']} unit
 * @param {string | number} n
 */
export function amount(reader, unit, n) {
  return filled(sayWord(reader, 'unit', unit), { n });
}

/**
 * Whether the centre sent a word for a key.
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function hasWord({ lang, words }, group, key) {
  return Object.hasOwn(words[lang]?.[group] ?? {}, key);
}

/**
 * A text with its values in their places.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function filled(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/**
 * A name in the reader's language.
 * @param {Language} lang
 * @param {Words} name
 */
export function nameIn(lang, name) {
  return shown(name[lang] || name.en);
}

/**
 * Foreign text, made fit to show: one line, no characters that turn the writing direction, at most `limit` characters.
 * @param {string} text
 * @param {number} limit
 */
export function shown(text, limit = 120) {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
  const letters = Array.from(clean.slice(0, limit * 4));
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : letters.join('');
}
