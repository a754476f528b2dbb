/** What a check is about, in words. */
import { sayWord, words } from './words.js';

/** @import { Language } from '#contracts' */

/**
 * What a check is about: the part of the PC that it names, where we have a word for it, else its component.
 * @param {Language} lang
 * @param {{ component: string, device: string }} check
 */
export function subjectOf(lang, { component, device }) {
  return hasOwnWord(lang, component, device) ? sayWord(lang, 'component', `${component}.${device}`) : sayWord(lang, 'component', component);
}

/**
 * The device of a check as people know it; '' where the subject says it already, or where it is only a place in the profile.
 * @param {Language} lang
 * @param {{ component: string, device: string, name?: string }} check
 */
export function deviceOf(lang, { component, device, name }) {
  if (name !== undefined) return name;
  return hasOwnWord(lang, component, device) || /^expected-\d+$/.test(device) ? '' : device;
}

/**
 * @param {Language} lang
 * @param {string} component
 * @param {string} device
 */
function hasOwnWord(lang, component, device) {
  return Object.hasOwn(words[lang], `component.${component}.${device}`);
}
