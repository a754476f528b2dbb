import { hasWord, sayWord, shown } from './words.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Reader } from './words.js' */

/**
 * Returns the name of the PC part that a check names, if a text exists, otherwise of the component.
 *
 * @param {Reader} reader
 * @param {{ component: string, device: string }} check
 */
export function subjectOf(reader, { component, device }) {
  return sayWord(reader, 'component', hasOwnWord(reader, component, device) ? `${component}.${device}` : component);
}

/**
 * Returns the device name of a check; '' if the subject contains it, or if it is only a slot of the profile.
 *
 * @param {Reader} reader
 * @param {{ component: string, device: string, name?: string }} check
 */
export function deviceOf(reader, { component, device, name }) {
  if (name !== undefined) return name;
  return hasOwnWord(reader, component, device) || /^expected-\d+$/.test(device) ? '' : device;
}

/**
 * Translates the fixed phrases of an agent's reason into Hindi. Text of the operating system stays unchanged.
 * @param {{ lang: Language, reasons: readonly (readonly [string, string])[] }} scene
 * @param {string} reason
 */
export function translateReason({ lang, reasons }, reason) {
  // Older agents use another word for the server.
  const current = reason.replace(/\bthe centre\b/g, 'the server');
  const rows = lang === 'hi' ? reasons : [];
  return shown(rows.reduce((text, [pattern, hindi]) => text.replace(new RegExp(pattern, 'g'), hindi), current));
}

/** Reason of a check that is ok because no device is required. It does not mean that a device works. */
export const noneExpected = 'none expected';

/**
 * Returns the text of a check that is not in fault: its status, and the reason if it adds information.
 *
 * @param {Reader & { reasons: readonly (readonly [string, string])[] }} scene
 * @param {string | null} reason
 * @param {'ok' | 'unproven' | 'fault' | 'unknown'} mark
 * @returns {{ answer: string, more: string | null }}
 */
export function statusText(scene, reason, mark) {
  const more = reason === null ? null : translateReason(scene, reason);
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
