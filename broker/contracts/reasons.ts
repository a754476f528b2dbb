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
  ['^no answer from the reflector$', 'सेंटर का रिफ़्लेक्टर जवाब नहीं दे रहा'],
  ['^the centre has no reflector$', 'सेंटर पर रिफ़्लेक्टर नहीं है'],
  ['^too few probes yet$', 'अभी जाँच पूरी नहीं हुई'],
  ['^not measured for long enough to know what is usual$', 'अभी पता नहीं कि आम तौर पर कितना समय लगता है'],
  ['^the capacity of the link is not known$', 'लाइन की क्षमता पता नहीं'],
  ['^UDP does not get through$', 'UDP नहीं पहुँच रहा'],
  ['^the data budget for tests is used up$', 'जाँच का डेटा ख़त्म हो गया'],
  ['^to the centre(.*)$', 'सेंटर की ओर$1'],
  ['^from the centre(.*)$', 'सेंटर की तरफ़ से$1'],
  ['^both ways$', 'दोनों ओर'],
  ['^(.*): not even audio(.*)$', '$1: आवाज़ भी नहीं$2'],
  ['^(.*): audio only(.*)$', '$1: सिर्फ़ आवाज़$2'],
  ['^(.*): SD video at most(.*)$', '$1: ज़्यादा से ज़्यादा SD वीडियो$2'],
  ['^(.*): HD video at most(.*)$', '$1: ज़्यादा से ज़्यादा HD वीडियो$2'],
  ['^(.*), for want of capacity$', '$1, क्षमता कम है'],
  ['^(.*), for its loss$', '$1, डेटा खो रहा है'],
  ['^(.*), for its jitter$', '$1, लाइन एक-सी नहीं है'],
  ['^no checks$', 'अभी कोई जाँच नहीं आई'],
  ['^not back after a restart$', 'रीस्टार्ट के बाद वापस नहीं आया'],
  ['^not back after an update$', 'अपडेट के बाद वापस नहीं आया'],
  ['another program', 'किसी दूसरे प्रोग्राम'],
];

/** The reason in a language, as far as it is known there. */
export function reasonIn(reason: string, language: Language): string {
  return language === 'hi' ? reasons.reduce((text, [pattern, hi]) => text.replace(new RegExp(pattern, 'g'), hi), reason) : reason;
}
