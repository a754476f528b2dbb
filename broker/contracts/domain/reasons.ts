/** Fixed phrases of reasons and their Hindi. Text of the operating system stays unchanged. */

import { linkReasons } from './faults/link.ts';
import { pcReasons } from './faults/pc.ts';
import { powerReasons } from './faults/power.ts';
import { roomReasons } from './faults/room.ts';
import type { Reason } from './faults/row.ts';
import type { Language } from './faults.ts';

/** Reason of a check that is ok because no device is required. It does not mean that a device works. */
export const noneExpected = 'none expected';

/** Phrases that any check uses, and those of the server about a PC. */
const commonReasons: readonly Reason[] = [
  [`^${noneExpected}$`, 'यहाँ ज़रूरी नहीं'],
  ['^(/\\S+) cannot be read$', '$1 पढ़ा नहीं जा सका'],
  ['^the profile does not say what is expected$', 'प्रोफ़ाइल में नहीं लिखा कि यहाँ क्या होना चाहिए'],
  ['^not written for this system yet$', 'इस सिस्टम के लिए जाँच अभी नहीं बनी'],
  ['^no answer in ([\\d.]+) s$', '$1 सेकंड में जवाब नहीं आया'],
  ['^stale$', 'जवाब पुराना है'],
  ['^not checked since the start$', 'चालू होने के बाद अभी जाँच नहीं हुई'],
  ['^measured from the second check on$', 'दूसरी जाँच से पता चलेगा'],
  ['^(?:the session helper is silent|room seat silent)$', 'कमरे की जाँच करने वाला प्रोग्राम जवाब नहीं दे रहा'],
  ['^the session helper does not answer$', 'कमरे की जाँच करने वाला प्रोग्राम जवाब नहीं दे रहा'],
  ['^the session helper ended$', 'कमरे की जाँच करने वाला प्रोग्राम बंद हो गया'],
  ['^the answer cannot be read$', 'जवाब समझ में नहीं आया'],
  ['^the answer is too long$', 'जवाब बहुत लंबा है'],
  ['^the equipment of this room is not known yet$', 'अभी पता नहीं कि इस कमरे में क्या होना चाहिए'],
  ['^koffi(?: is not there|: .*)$', 'koffi नहीं चला: Windows से पूछा नहीं जा सका'],
  ['^Windows does not answer$', 'Windows जवाब नहीं दे रहा'],
  ['^(?:CoCreateInstance|Enum\\w+|Get\\w+|Item|Activate|SetMute): (.*)$', 'Windows ने जवाब में गड़बड़ी बताई: $1'],
  ['^registry: .*$', 'Windows की रजिस्ट्री पढ़ी नहीं जा सकी'],
  ['^(?:the device manager lists nothing|list of devices: .*)$', 'डिवाइस मैनेजर कुछ नहीं बताता'],
  ['^no checks$', 'अभी कोई जाँच नहीं आई'],
  ['^not back after a restart$', 'रीस्टार्ट के बाद वापस नहीं आया'],
  ['^not back after an update$', 'अपडेट के बाद वापस नहीं आया'],
  ['^its alerts change too often, so they are only counted$', 'इसके अलर्ट बहुत जल्दी बदल रहे हैं, इसलिए सिर्फ़ गिने जा रहे हैं'],
  ['^it writes more events than it may$', 'यह तय सीमा से ज़्यादा रिकॉर्ड लिख रहा है'],
  ['^it speaks more often than it may$', 'यह तय सीमा से ज़्यादा बार रिपोर्ट भेज रहा है'],
  ['^its spool goes back and forth$', 'इसके रिकॉर्ड की फ़ाइल बार-बार पुरानी हालत में लौट रही है'],
  ['^what it says changes too often to be kept$', 'इसकी रिपोर्ट इतनी जल्दी बदल रही है कि सब रखी नहीं जा सकती'],
];

/** All phrases in the order of replacement. A phrase that occurs inside others is last. */
export const reasons: readonly Reason[] = [
  ...commonReasons,
  ...roomReasons,
  ...pcReasons,
  ...powerReasons,
  ...linkReasons,
  ['another program', 'किसी दूसरे प्रोग्राम'],
];

/** Returns the reason in a language, as far as a translation exists. */
export function coreReasonText(reason: string, language: Language): string {
  return language === 'hi' ? applyTranslations(reason, reasons) : reason;
}

/** Replaces the matches of each pattern in turn with the text beside it. */
export function applyTranslations(reason: string, rows: readonly Reason[]): string {
  // Older agents use another word for the server.
  const current = reason.replace(/\bthe centre\b/g, 'the server');
  return rows.reduce((text, [pattern, words]) => text.replace(new RegExp(pattern, 'g'), words), current);
}
