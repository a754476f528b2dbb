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
 * @param {Language} lang
 * @param {string} reason
 */
export function reasonIn(lang, reason) {
  const [pattern, text] = (lang === 'hi' && hindi.find(([one]) => one.test(reason))) || [/$^/, ''];
  return shown(reason.replace(pattern, text).replace(/another program/g, (all) => (lang === 'hi' ? 'किसी दूसरे प्रोग्राम' : all)));
}

/** @type {readonly (readonly [RegExp, string])[]} */
const hindi = [
  [/^in use by (.*)$/, '$1 में चल रहा है'],
  [/^held by (.*)$/, '$1 में खुला है'],
  [/^chosen: no microphone$/, 'कोई माइक नहीं चुना है'],
  [/^chosen: no speaker$/, 'कोई स्पीकर नहीं चुना है'],
  [/^chosen: (.*)$/, 'चुना हुआ: $1'],
  [/^no audio server$/, 'साउंड सर्वर नहीं चल रहा'],
  [/^audio server does not answer$/, 'साउंड सर्वर जवाब नहीं दे रहा'],
  [/^audio server has no session manager$/, 'साउंड सर्वर अभी तैयार नहीं है'],
  [/^pactl is not installed$/, 'pactl इंस्टॉल नहीं है'],
  [/^not compared with the centre yet$/, 'अभी सेंटर से मिलाई नहीं गई'],
  [/^not written for this system yet$/, 'इस सिस्टम के लिए जाँच अभी नहीं बनी'],
  [/^no answer in ([\d.]+) s$/, '$1 सेकंड में जवाब नहीं आया'],
  [/^stale$/, 'जवाब पुराना है'],
  [/^not checked since the start$/, 'चालू होने के बाद अभी जाँच नहीं हुई'],
  [/^measured from the second look on$/, 'दूसरी जाँच से पता चलेगा'],
  [/^ahead of the centre$/, 'सेंटर से आगे है'],
  [/^behind the centre$/, 'सेंटर से पीछे है'],
  [/^no checks$/, 'अभी कोई जाँच नहीं आई'],
];

/**
 * @param {string} component
 * @param {string} device
 */
function hasOwnWord(component, device) {
  return Object.hasOwn(words, `component.${component}.${device}`);
}
