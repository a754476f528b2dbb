/** All texts of the wall itself, in English and Hindi. The server sends the names of domain terms. */

import { actTexts } from './texts-acts.js';
import { pageTexts } from './texts-page.js';
import { placeTexts } from './texts-places.js';

/** @import { Language, Vocabulary as CentreWords, Words } from '@sabha/contracts' */

const table = { ...pageTexts, ...actTexts, ...placeTexts };

/** @typedef {keyof typeof table} Key */
/** @typedef {keyof CentreWords} Group */
/**
 * Names of domain terms from the server, by language, group and key.
 * @typedef {Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>} Vocabulary
 */
/** The reader's language, and the names that the server sent. @typedef {{ lang: Language, words: Vocabulary }} Reader */

/**
 * The table by key: English, then Hindi.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const texts = table;

/**
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(table, key);
}

/**
 * Returns a text of the wall with its values filled in.
 * @param {Language} lang
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function say(lang, key, values) {
  return filled(table[key][lang === 'hi' ? 1 : 0] ?? '', values);
}

/**
 * Returns the name of a domain term; the key itself if the server sent none.
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function sayWord({ lang, words }, group, key) {
  const known = words[lang]?.[group] ?? {};
  return Object.hasOwn(known, key) ? (known[key] ?? '') : shown(key);
}

/**
 * @param {Reader} reader
 * @param {keyof CentreWords['unit']} unit
 * @param {string | number} n
 */
export function amount(reader, unit, n) {
  return filled(sayWord(reader, 'unit', unit), { n });
}

/**
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function hasWord({ lang, words }, group, key) {
  return Object.hasOwn(words[lang]?.[group] ?? {}, key);
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function filled(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/**
 * Returns a name in the reader's language, or else in English.
 * @param {Language} lang
 * @param {Words} name
 */
export function nameIn(lang, name) {
  return shown(name[lang] || name.en);
}

/**
 * Makes foreign text safe to show: one line, no direction marks, at most `limit` characters.
 * @param {string} text
 * @param {number} limit
 */
export function shown(text, limit = 120) {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
  const letters = Array.from(clean.slice(0, limit * 4));
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : letters.join('');
}
