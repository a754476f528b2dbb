/** Faults of the way to the centre and to the audio bridge. */
import { type Fault, minute, second, times } from './row.ts';

/** Rows of the probes `link`, `path` and `bridge`. */
export const linkFaults = {
  'link.loss_high': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(5 * minute, 5 * minute),
    title: { en: 'The link loses packets', hi: 'लाइन पर डेटा खो रहा है' },
    action: {
      en: 'Restart the router. If it goes on, report it to the provider of the line.',
      hi: 'राउटर रीस्टार्ट करें। फिर भी रहे तो लाइन के प्रोवाइडर को बताएँ।',
    },
  },
  'link.jitter_high': {
    severity: 'minor',
    parents: ['pc.silent', 'link.loss_high'],
    ...times(5 * minute, 5 * minute),
    title: { en: 'The link is uneven', hi: 'लाइन कभी तेज़, कभी धीमी चल रही है' },
    action: {
      en: 'Stop large downloads in the office. Connect the PC by cable instead of Wi-Fi.',
      hi: 'दफ़्तर के बड़े डाउनलोड रोकें। PC को Wi-Fi की जगह केबल से जोड़ें।',
    },
  },
  'link.delay_high': {
    severity: 'minor',
    parents: ['pc.silent', 'link.loss_high'],
    ...times(10 * minute, 5 * minute),
    title: { en: 'The link is slower to answer than usual', hi: 'लाइन रोज़ से धीमी है' },
    action: {
      en: 'Stop large downloads in the office. Ask the provider if the line takes a detour.',
      hi: 'दफ़्तर के बड़े डाउनलोड रोकें। प्रोवाइडर से पूछें कि लाइन दूसरे रास्ते से तो नहीं जा रही।',
    },
  },
  'link.tier_low': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(10 * minute, 5 * minute),
    title: { en: 'The link is too thin for the meeting', hi: 'लाइन की स्पीड मीटिंग के लिए कम है' },
    action: {
      en: 'Switch off video in the meeting. Ask the provider for the rate that was agreed.',
      hi: 'मीटिंग में वीडियो बंद रखें। प्रोवाइडर से तय स्पीड माँगें।',
    },
  },
  'link.udp_blocked': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(30 * minute, 5 * minute),
    title: { en: 'The network blocks UDP', hi: 'नेटवर्क UDP रोक रहा है' },
    action: { en: 'Ask who looks after the firewall to let UDP through to the centre.', hi: 'फ़ायरवॉल देखने वाले से सेंटर तक UDP खुलवाएँ।' },
  },
  'link.budget_spent': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(0, minute),
    title: { en: 'The data budget of this month is used up', hi: 'इस महीने का डेटा ख़त्म हो गया' },
    action: {
      en: 'Tests of the link are off until the first of the month. Nothing is to be done in the room.',
      hi: 'महीने की पहली तारीख़ तक लाइन की जाँच बंद है। कमरे में कुछ नहीं करना है।',
    },
  },
  'path.local': {
    severity: 'critical',
    parents: ['pc.silent'],
    ...times(30 * second, 5 * second),
    title: { en: 'This PC is not on the local network', hi: 'यह PC लोकल नेटवर्क पर नहीं है' },
    action: {
      en: 'Check the network cable at both ends. Check that the switch has power.',
      hi: 'नेटवर्क की केबल दोनों सिरों पर देखें। देखें कि स्विच चालू है।',
    },
  },
  'path.gateway': {
    severity: 'critical',
    parents: ['pc.silent', 'path.local'],
    ...times(30 * second, 5 * second),
    title: { en: 'The router does not answer', hi: 'राउटर जवाब नहीं दे रहा' },
    action: { en: 'Switch the router off and on again. Wait two minutes.', hi: 'राउटर बंद करके चालू करें। दो मिनट रुकें।' },
  },
  'path.dns': {
    severity: 'major',
    parents: ['pc.silent', 'path.gateway', 'path.last_mile', 'path.local'],
    ...times(minute, 5 * second),
    title: { en: 'Names cannot be looked up', hi: 'DNS काम नहीं कर रहा' },
    action: {
      en: 'Restart the router. If it goes on, ask for another DNS server.',
      hi: 'राउटर रीस्टार्ट करें। फिर भी रहे तो दूसरा DNS सर्वर लगवाएँ।',
    },
  },
  'path.last_mile': {
    severity: 'critical',
    parents: ['pc.silent', 'path.gateway', 'path.local'],
    ...times(30 * second, 5 * second),
    title: { en: 'The line behind the router is down', hi: 'राउटर के आगे की लाइन बंद है' },
    action: {
      en: 'Report it to the provider of the line. Use the second line if there is one.',
      hi: 'लाइन के प्रोवाइडर को बताएँ। दूसरी लाइन हो तो वह लगाएँ।',
    },
  },
  'path.centre': {
    severity: 'critical',
    parents: ['pc.silent', 'path.gateway', 'path.last_mile', 'path.local'],
    ...times(minute, 5 * second),
    title: { en: 'Only the centre cannot be reached', hi: 'सिर्फ़ सेंटर से कनेक्शन नहीं हो रहा' },
    action: { en: 'Tell the central team. In the room nothing is wrong.', hi: 'सेंट्रल टीम को बताएँ। कमरे में कोई ख़राबी नहीं है।' },
  },
  'path.between': {
    severity: 'critical',
    parents: ['pc.silent', 'path.gateway', 'path.last_mile', 'path.local'],
    ...times(minute, 5 * second),
    title: { en: 'Trouble on the connection to the centre', hi: 'सेंटर के कनेक्शन में दिक्कत है' },
    action: {
      en: 'Open a web page on this PC. If a login page comes, log in. If not, tell the central team what is said here.',
      hi: 'इस PC पर कोई वेब पेज खोलें। लॉगिन पेज आए तो लॉगिन करें। न आए तो यहाँ जो लिखा है वह सेंट्रल टीम को बताएँ।',
    },
  },
  'bridge.silent': {
    severity: 'major',
    parents: ['pc.silent', 'path.gateway', 'path.last_mile', 'path.local'],
    ...times(5 * minute, minute),
    title: { en: 'The audio bridge does not answer', hi: 'ऑडियो ब्रिज जवाब नहीं दे रहा' },
    action: {
      en: "Dial the bridge by telephone. If it is dead, tell the state's engineer.",
      hi: 'ब्रिज का नंबर फ़ोन से मिलाएँ। न लगे तो राज्य के इंजीनियर को बताएँ।',
    },
  },
  'bridge.refused': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(5 * minute, minute),
    title: { en: 'The audio bridge refuses calls', hi: 'ऑडियो ब्रिज कॉल नहीं ले रहा' },
    action: { en: "Tell the state's engineer what the bridge answered.", hi: 'ब्रिज ने जो जवाब दिया वह राज्य के इंजीनियर को बताएँ।' },
  },
} as const satisfies Record<string, Fault>;
