/** The fixed words in which a machine says why, and their Hindi. What the system itself said stays as it is. */
import type { Language } from './faults.ts';

/** Pattern of the whole reason, and its Hindi with what the pattern caught. */
export const reasons: readonly (readonly [pattern: string, hi: string])[] = [
  ['^in use by (.*)$', '$1 में चल रहा है'],
  ['^held by (.*)$', '$1 में खुला है'],
  ['^chosen: no microphone$', 'कोई माइक नहीं चुना है'],
  ['^chosen: no speaker$', 'कोई स्पीकर नहीं चुना है'],
  ['^chosen: (.*)$', 'चुना हुआ: $1'],
  ['^no audio server$', 'साउंड सर्वर नहीं चल रहा'],
  ['^audio server does not answer$', 'साउंड सर्वर जवाब नहीं दे रहा'],
  ['^audio server has no session manager$', 'साउंड सर्वर अभी तैयार नहीं है'],
  ['^pactl is not installed$', 'pactl इंस्टॉल नहीं है'],
  ['^not compared with the centre yet$', 'अभी सेंटर से मिलाई नहीं गई'],
  ['^the centre answered too slowly to tell$', 'सेंटर का जवाब बहुत धीमा था, पता नहीं चला'],
  ['^not written for this system yet$', 'इस सिस्टम के लिए जाँच अभी नहीं बनी'],
  ['^no answer in ([\\d.]+) s$', '$1 सेकंड में जवाब नहीं आया'],
  ['^stale$', 'जवाब पुराना है'],
  ['^not checked since the start$', 'चालू होने के बाद अभी जाँच नहीं हुई'],
  ['^measured from the second look on$', 'दूसरी जाँच से पता चलेगा'],
  ['^ahead of the centre$', 'सेंटर से आगे है'],
  ['^behind the centre$', 'सेंटर से पीछे है'],
  ['^it ends within (\\d+) d$', '$1 दिन के अंदर ख़त्म होगा'],
  ['^it has ended$', 'ख़त्म हो चुका है'],
  ['^upsd does not answer$', 'upsd जवाब नहीं दे रहा'],
  ['^upsd answers what cannot be read$', 'upsd का जवाब समझ में नहीं आता'],
  ['^upsd does not let this PC ask$', 'upsd इस PC को बताने से मना करता है'],
  ['^upsd does not know this UPS$', 'upsd इस UPS को नहीं जानता'],
  ['^upsd refuses: ([A-Z-]+)$', 'upsd मना करता है: $1'],
  ['^the UPS says nothing any more$', 'UPS अब कुछ नहीं बता रहा'],
  ['^the driver of the UPS does not run$', 'UPS का ड्राइवर नहीं चल रहा'],
  ['^the UPS does not say how it is$', 'UPS अपना हाल नहीं बता रहा'],
  ['^only the inside of the UPS is measured$', 'तापमान सिर्फ़ UPS के अंदर का पता है'],
  ['^nothing measures it now$', 'अभी इसे कुछ नहीं माप रहा'],
  ['^drier than 10 %$', '10 % से भी सूखी'],
  ['^made for at most (\\d+) m$', 'ज़्यादा से ज़्यादा $1 मीटर के लिए बना है'],
  ['^no checks$', 'अभी कोई जाँच नहीं आई'],
  ['^not back after a restart$', 'रीस्टार्ट के बाद वापस नहीं आया'],
  ['^not back after an update$', 'अपडेट के बाद वापस नहीं आया'],
  ['another program', 'किसी दूसरे प्रोग्राम'],
];

/** The reason in a language, as far as it is known there. */
export function reasonIn(reason: string, language: Language): string {
  return language === 'hi' ? reasons.reduce((text, [pattern, hi]) => text.replace(new RegExp(pattern, 'g'), hi), reason) : reason;
}
