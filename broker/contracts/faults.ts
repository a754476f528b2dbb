/** The one catalogue of faults. It grows with the probes that exist: a fault is a row. */
import type { Severity } from './states.ts';

export const languages = ['en', 'hi'] as const;
export type Language = (typeof languages)[number];
export type Words = Record<Language, string>;

export type Fault = {
  /** Default urgency; a rule on a tab overrides it. */
  severity: Severity;
  /** The faults that hide this one while they stand in the same room. */
  parents: readonly string[];
  /** How long it must stand before a person is told; a rule on a tab lengthens or skips it (R22). */
  holdMs: number;
  /** How long it must be gone before the incident clears. */
  clearMs: number;
  title: Words;
  /** What to do first, one action a sentence. */
  action: Words;
};

const second = 1_000;
const minute = 60 * second;

/** How long a fault must stand and how long it must be gone. */
const times = (holdMs: number, clearMs: number) => ({ holdMs, clearMs });

export const faults = {
  'camera.missing': {
    severity: 'critical',
    parents: ['pc.silent'],
    ...times(20 * second, 5 * second),
    title: { en: 'Camera not found', hi: 'कैमरा नहीं मिल रहा' },
    action: {
      en: 'Unplug the camera cable and plug it in again. If it stays away, try another USB port.',
      hi: 'कैमरे की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'camera.held': {
    severity: 'minor',
    parents: ['pc.silent', 'camera.missing'],
    ...times(minute, 5 * second),
    title: { en: 'Camera held by a program for hours', hi: 'कैमरा घंटों से किसी प्रोग्राम में खुला है' },
    action: {
      en: 'Close the program that is named. If it does not close, restart the PC.',
      hi: 'जिस प्रोग्राम का नाम है उसे बंद करें। बंद न हो तो PC रीस्टार्ट करें।',
    },
  },
  'microphone.missing': {
    severity: 'critical',
    parents: ['pc.silent'],
    ...times(20 * second, 5 * second),
    title: { en: 'Microphone not found', hi: 'माइक नहीं मिल रहा' },
    action: {
      en: 'Unplug the microphone cable and plug it in again. If it stays away, try another USB port.',
      hi: 'माइक की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'microphone.not_default': {
    severity: 'major',
    parents: ['pc.silent', 'microphone.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Another microphone is chosen', hi: 'कोई दूसरा माइक चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room microphone as the default input.',
      hi: 'साउंड सेटिंग खोलें। कमरे के माइक को डिफ़ॉल्ट इनपुट चुनें।',
    },
  },
  'microphone.muted': {
    severity: 'major',
    parents: ['pc.silent', 'microphone.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Microphone muted in the sound settings', hi: 'माइक साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the microphone.', hi: 'साउंड सेटिंग खोलें। माइक को अनम्यूट करें।' },
  },
  'microphone.volume_low': {
    severity: 'minor',
    parents: ['pc.silent', 'microphone.missing', 'microphone.muted'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Microphone volume too low', hi: 'माइक का वॉल्यूम बहुत कम है' },
    action: { en: 'Open the sound settings. Raise the input volume to about 70.', hi: 'साउंड सेटिंग खोलें। इनपुट वॉल्यूम लगभग 70 करें।' },
  },
  'speaker.missing': {
    severity: 'critical',
    parents: ['pc.silent'],
    ...times(20 * second, 5 * second),
    title: { en: 'Speaker not found', hi: 'स्पीकर नहीं मिल रहा' },
    action: {
      en: 'Unplug the speaker cable and plug it in again. If it stays away, try another USB port.',
      hi: 'स्पीकर की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'speaker.not_default': {
    severity: 'major',
    parents: ['pc.silent', 'speaker.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Another speaker is chosen', hi: 'कोई दूसरा स्पीकर चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room speaker as the default output.',
      hi: 'साउंड सेटिंग खोलें। कमरे के स्पीकर को डिफ़ॉल्ट आउटपुट चुनें।',
    },
  },
  'speaker.muted': {
    severity: 'major',
    parents: ['pc.silent', 'speaker.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Speaker muted in the sound settings', hi: 'स्पीकर साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the speaker.', hi: 'साउंड सेटिंग खोलें। स्पीकर को अनम्यूट करें।' },
  },
  'speaker.volume_low': {
    severity: 'minor',
    parents: ['pc.silent', 'speaker.missing', 'speaker.muted'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Speaker volume too low', hi: 'स्पीकर का वॉल्यूम बहुत कम है' },
    action: {
      en: 'Open the sound settings. Raise the output volume to about 70.',
      hi: 'साउंड सेटिंग खोलें। आउटपुट वॉल्यूम लगभग 70 करें।',
    },
  },
  'pc.silent': {
    severity: 'critical',
    parents: [],
    ...times(0, 0),
    title: { en: 'PC does not answer', hi: 'PC से जवाब नहीं आ रहा' },
    action: {
      en: 'Check that the PC is switched on. Then check the network cable.',
      hi: 'देखें कि PC चालू है। फिर नेटवर्क की केबल देखें।',
    },
  },
  'pc.cloned': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(0, 0),
    title: { en: 'Two machines use the identity of this PC', hi: 'दो मशीनें इस PC की पहचान इस्तेमाल कर रही हैं' },
    action: {
      en: 'Find the machine that was copied from this PC. Enrol it again with a code of its own.',
      hi: 'वह मशीन ढूँढें जो इस PC से कॉपी की गई है। उसे नए कोड से दोबारा एनरोल करें।',
    },
  },
  'pc.load_high': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(3 * minute, minute),
    title: { en: 'PC too busy', hi: 'PC पर बहुत लोड है' },
    action: {
      en: 'Close the programs that are not needed for the meeting.',
      hi: 'जो प्रोग्राम मीटिंग के लिए नहीं चाहिए, उन्हें बंद करें।',
    },
  },
  'pc.memory_low': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(3 * minute, minute),
    title: { en: 'PC short of memory', hi: 'PC की मेमोरी कम पड़ रही है' },
    action: {
      en: 'Close the programs that are not needed. Restart the PC before the next meeting.',
      hi: 'जो प्रोग्राम नहीं चाहिए, उन्हें बंद करें। अगली मीटिंग से पहले PC रीस्टार्ट करें।',
    },
  },
  'pc.disk_full': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(5 * minute, minute),
    title: { en: 'Disk almost full', hi: 'डिस्क लगभग भर गई है' },
    action: {
      en: 'Empty the recycle bin. Delete old recordings and downloads.',
      hi: 'रीसायकल बिन खाली करें। पुरानी रिकॉर्डिंग और डाउनलोड हटाएँ।',
    },
  },
  'pc.hot': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(2 * minute, minute),
    title: { en: 'PC too hot', hi: 'PC बहुत गर्म है' },
    action: {
      en: 'Clear the air vents of the PC. Check that its fan turns.',
      hi: 'PC के हवा के छेद साफ़ करें। देखें कि पंखा चल रहा है।',
    },
  },
  'clock.wrong': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(2 * minute, minute),
    title: { en: 'Clock of the PC is wrong', hi: 'PC की घड़ी ग़लत है' },
    action: {
      en: 'Switch on automatic time in the settings. If it goes wrong again, replace the small battery in the PC.',
      hi: 'सेटिंग में ऑटोमैटिक टाइम चालू करें। फिर ग़लत हो तो PC की छोटी बैटरी बदलें।',
    },
  },
  'agent.probe_failed': {
    severity: 'info',
    parents: ['pc.silent'],
    ...times(10 * minute, minute),
    title: { en: 'A check cannot be made', hi: 'एक जाँच नहीं हो पा रही' },
    action: {
      en: 'Restart the PC. If it comes back, tell the central team which check is named.',
      hi: 'PC रीस्टार्ट करें। फिर भी आए तो सेंट्रल टीम को जाँच का नाम बताएँ।',
    },
  },
  'agent.events_dropped': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(0, minute),
    title: { en: 'History of this PC was dropped', hi: 'इस PC का पुराना रिकॉर्ड हटाना पड़ा' },
    action: { en: 'Free some disk space on the PC. Tell the central team.', hi: 'PC की डिस्क में जगह बनाएँ। सेंट्रल टीम को बताएँ।' },
  },
  'agent.certificate': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(10 * minute, minute),
    title: { en: 'Certificate of this PC ends soon', hi: 'इस PC का सर्टिफ़िकेट जल्द ख़त्म होगा' },
    action: {
      en: 'Check that the PC reaches the enrolment port of the centre. If it does, enrol the PC again with a new code.',
      hi: 'देखें कि PC सेंटर के एनरोलमेंट पोर्ट तक पहुँचता है। पहुँचता हो तो नए कोड से PC को दोबारा एनरोल करें।',
    },
  },
  'agent.unreadable': {
    severity: 'minor',
    parents: ['pc.silent'],
    ...times(0, 0),
    title: { en: 'Reports of this PC cannot be read', hi: 'इस PC की रिपोर्ट पढ़ी नहीं जा रही' },
    action: { en: 'Update the agent on this PC. Tell the central team.', hi: 'इस PC का एजेंट अपडेट करें। सेंट्रल टीम को बताएँ।' },
  },
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

export type FaultId = keyof typeof faults;
export const faultIds = Object.keys(faults) as FaultId[];

/** The row of a fault; undefined for an id that this version does not know. */
export function faultOf(id: string): Fault | undefined {
  return Object.hasOwn(faults, id) ? faults[id as FaultId] : undefined;
}
