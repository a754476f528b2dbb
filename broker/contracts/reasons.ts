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
  ['^no checks$', 'अभी कोई जाँच नहीं आई'],
  ['^no cable and no Wi-Fi$', 'न केबल लगी है, न Wi-Fi'],
  ['^no address from the network$', 'नेटवर्क से पता (IP) नहीं मिला'],
  ['^no name server answers$', 'कोई DNS सर्वर जवाब नहीं दे रहा'],
  ['^the name of the centre is not known there$', 'DNS सर्वर को सेंटर का नाम नहीं पता'],
  ['^it refuses connections$', 'कनेक्शन नहीं ले रहा'],
  ['^the router could not be asked$', 'राउटर की जाँच नहीं हो सकी'],
  ['^nobody but the centre could be asked$', 'सेंटर के सिवा किसी से पूछा नहीं जा सका'],
  ['^nobody could be asked$', 'किसी से पूछा नहीं जा सका'],
  ['^no centre is known here$', 'इस PC को सेंटर का पता नहीं है'],
  ['^the centre is on this PC$', 'सेंटर इसी PC पर है'],
  ['^nobody listens at its address$', 'उसके पते पर कोई नहीं सुन रहा'],
  ['^what answers there does not speak SIP$', 'वहाँ से जो जवाब आया वह SIP नहीं है'],
  ['^it answers (\\d+)$', 'जवाब आया: $1'],
  ['^its name cannot be looked up$', 'उसका नाम नेटवर्क में नहीं मिल रहा'],
  ['^its certificate is from nobody known here$', 'उसका सर्टिफ़िकेट किसी जानी हुई संस्था का नहीं है'],
  ['^the data budget of this month is used up$', 'इस महीने का डेटा ख़त्म हो गया'],
  ['^by messages$', 'संदेशों से'],
  ['^by tests of the link$', 'लाइन की जाँच से'],
  ['another program', 'किसी दूसरे प्रोग्राम'],
];

/** The reason in a language, as far as it is known there. */
export function reasonIn(reason: string, language: Language): string {
  return language === 'hi' ? reasons.reduce((text, [pattern, hi]) => text.replace(new RegExp(pattern, 'g'), hi), reason) : reason;
}
