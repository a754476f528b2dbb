/** What a check is about, in words. */
import { sayWord, shown, words } from './words.js';

/** @import { Language } from '#contracts' */

/**
 * What a check is about: the part of the PC that it names, where we have a word for it, else its component.
 * @param {Language} lang
 * @param {{ component: string, device: string }} check
 */
export function subjectOf(lang, { component, device }) {
  return hasOwnWord(component, device) ? sayWord(lang, 'component', `${component}.${device}`) : sayWord(lang, 'component', component);
}

/**
 * The device of a check as people know it; '' where the subject says it already, or where it is only a place in the profile.
 * @param {{ component: string, device: string, name?: string }} check
 */
export function deviceOf({ component, device, name }) {
  if (name !== undefined) return name;
  return hasOwnWord(component, device) || /^expected-\d+$/.test(device) ? '' : device;
}

/**
 * The machine's own reason, in Hindi where it is fixed words; what the system itself said stays as it is.
 * @param {{ lang: Language, reasons: readonly (readonly [string, string])[] }} scene
 * @param {string} reason
 */
export function reasonIn({ lang, reasons }, reason) {
  return shown(lang === 'hi' ? reasons.reduce((text, [pattern, hindi]) => text.replace(new RegExp(pattern, 'g'), hindi), reason) : reason);
}

/**
 * @param {string} component
 * @param {string} device
 */
function hasOwnWord(component, device) {
  return Object.hasOwn(words, `component.${component}.${device}`);
}
