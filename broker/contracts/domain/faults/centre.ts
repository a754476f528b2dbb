/** Faults of the centre's own. */
import { type Fault, minute, times } from './row.ts';

/** Rows that `flows` itself raises. */
export const centreFaults = {
  'centre.broker_lost': {
    severity: 'critical',
    parents: [],
    ...times(0, 0),
    title: { en: 'The centre cannot reach its broker', hi: 'सेंटर अपने ब्रोकर तक नहीं पहुँच रहा' },
    action: {
      en: 'Check that the broker runs on the central machine. Read its log.',
      hi: 'देखें कि सेंट्रल मशीन पर ब्रोकर चल रहा है। उसका लॉग पढ़ें।',
    },
  },
  'centre.restarts': {
    severity: 'major',
    parents: [],
    ...times(0, 0),
    title: { en: 'Alert service restarted three times in 30 minutes', hi: 'अलर्ट सेवा 30 मिनट में तीन बार रीस्टार्ट हुई' },
    action: { en: 'Read the log of flows on the central machine.', hi: 'सेंट्रल मशीन पर flows का लॉग पढ़ें।' },
  },
  'centre.slow': {
    severity: 'major',
    parents: [],
    ...times(0, 0),
    title: { en: 'The centre is too slow to judge silence', hi: 'सेंटर धीमा चल रहा है, बंद PC का पता देर से चलेगा' },
    action: {
      en: 'Look at the load of the central machine. Read in the log of flows whether it loses the broker. Until then a PC that is away is told late.',
      hi: 'सेंट्रल मशीन का लोड देखें। flows के लॉग में देखें कि ब्रोकर से कनेक्शन टूटता तो नहीं। तब तक बंद PC की ख़बर देर से मिलेगी।',
    },
  },
  'centre.unheard': {
    severity: 'critical',
    parents: [],
    ...times(0, 0),
    title: { en: 'PCs not heard since the centre came back', hi: 'सेंटर लौटने के बाद से इन PC से जवाब नहीं' },
    action: {
      en: 'Check the network of the centre first. Then call the sites in the list.',
      hi: 'पहले सेंटर का नेटवर्क देखें। फिर सूची की साइटों को फ़ोन करें।',
    },
  },
  'centre.flow_unfinished': {
    severity: 'major',
    parents: [],
    ...times(0, 10 * minute),
    title: { en: 'A flow did not finish', hi: 'एक फ़्लो पूरा नहीं हुआ' },
    action: {
      en: 'Open the editor. Look for a wire that leads nowhere on the way to Conclude.',
      hi: 'एडिटर खोलें। देखें कि Conclude तक का कोई तार टूटा तो नहीं है।',
    },
  },
  'centre.tabs_refused': {
    severity: 'major',
    parents: [],
    ...times(0, 0),
    title: { en: 'Changed tabs cannot run: the last good ones do', hi: 'बदले हुए टैब नहीं चल सकते: पिछले सही टैब चल रहे हैं' },
    action: {
      en: 'Open the editor and deploy what it shows: that mends the files.',
      hi: 'एडिटर खोलें और जो दिखे उसे Deploy करें: फ़ाइलें ठीक हो जाएँगी।',
    },
  },
  'centre.unknown_fault': {
    severity: 'minor',
    parents: [],
    ...times(10 * minute, 10 * minute),
    title: { en: 'PCs report faults that this centre does not know', hi: 'PC ऐसी दिक्कतें बता रहे हैं जो यह सेंटर नहीं जानता' },
    action: {
      en: 'Update the centre if the agents are newer. If they are not, look at the PC that is named.',
      hi: 'एजेंट नए हों तो सेंटर अपडेट करें। नहीं तो जिस PC का नाम है उसे देखें।',
    },
  },
  'centre.rollout_stopped': {
    severity: 'minor',
    parents: [],
    ...times(0, 0),
    title: { en: 'A staged configuration stopped by itself', hi: 'चरणों में जा रही कॉन्फ़िगरेशन अपने आप रुक गई' },
    action: {
      en: 'Read the reason with "sabha config show". Correct the profile and stage it again, or let it out with "sabha config release".',
      hi: '"sabha config show" से कारण देखें। प्रोफ़ाइल ठीक करके दोबारा भेजें, या "sabha config release" से सबको दें।',
    },
  },
  'centre.channel_failing': {
    severity: 'major',
    parents: [],
    ...times(0, 0),
    title: { en: 'Messages cannot be delivered', hi: 'मैसेज पहुँच नहीं रहे' },
    action: { en: 'Check the mail server and its settings in sabha.json.', hi: 'मेल सर्वर और sabha.json में उसकी सेटिंग देखें।' },
  },
} as const satisfies Record<string, Fault>;
