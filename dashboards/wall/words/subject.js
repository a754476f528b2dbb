/** What a check is about, in words. */
import { hasWord, sayWord, shown } from './words.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Reader } from './words.js' */

/**
 * What a check is about: the part of the PC that it names, where we have a word for it, else its component.
 * @param {Reader} reader
 * @param {{ component: string, device: string }} check
 */
export function subjectOf(reader, { component, device }) {
  return sayWord(reader, 'component', hasOwnWord(reader, component, device) ? `${component}.${device}` : component);
}

/**
 * The device of a check as people know it; '' where the subject says it already, or where it is only a place in the profile.
 * @param {Reader} reader
 * @param {{ component: string, device: string, name?: string }} check
 */
export function deviceOf(reader, { component, device, name }) {
  if (name !== undefined) return name;
  return hasOwnWord(reader, component, device) || /^expected-\d+$/.test(device) ? '' : device;
}

/**
 * The machine's own reason, in Hindi where it is fixed words; what the system itself said stays as it is.
 * @param {{ lang: Language, reasons: readonly (readonly [string, string])[] }} scene
 * @param {string} reason
 */
export function reasonIn({ lang, reasons }, reason) {
  return shown(lang === 'hi' ? reasons.reduce((text, [pattern, hindi]) => text.replace(new RegExp(pattern, 'g'), hindi), reason) : reason);
}

/** Of a check that is ok since nothing of its kind need be there: nothing that works was seen. */
export const noneExpected = 'none expected';

/**
 * What a check that is no fault says: its answer, and the reason behind it where there is more to say.
 * @param {Reader & { reasons: readonly (readonly [string, string])[] }} scene
 * @param {string | null} reason
 * @param {'ok' | 'unproven' | 'fault' | 'unknown'} mark
 * @returns {{ answer: string, more: string | null }}
 */
export function calmOf(scene, reason, mark) {
  const more = reason === null ? null : reasonIn(scene, reason);
  return mark === 'ok' && more !== null && reason === noneExpected
    ? { answer: more, more: null }
    : { answer: sayWord(scene, 'status', mark), more };
}

/**
 * @param {Reader} reader
 * @param {string} component
 * @param {string} device
 */
function hasOwnWord(reader, component, device) {
  return hasWord(reader, 'component', `${component}.${device}`);
}
