/** Faults that only the server judges: its own, group incidents, and planned maintenance. */
import { type Fault, minute, timing, type Words } from './row.ts';

/** Clear time of a group incident. PCs that are not back by then get their own notification. */
const clearMs = 5 * minute;
const nothingToDo = { en: 'The sites need to do nothing.', hi: 'साइटों को कुछ नहीं करना है।' };

/** Hold of the disk faults, so that a temporary copy on the disk notifies nobody. */
const diskHoldMs = 10 * minute;

/** Rows that `flows` itself raises. */
export const centreFaults = {
  'centre.broker_lost': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'The centre cannot reach its broker', hi: 'सेंटर अपने ब्रोकर तक नहीं पहुँच रहा' },
    action: {
      en: 'Check that the broker runs on the central machine. Read its log.',
      hi: 'देखें कि सेंट्रल मशीन पर ब्रोकर चल रहा है। उसका लॉग पढ़ें।',
    },
  },
  'centre.restarts': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Alert service restarted three times in 30 minutes', hi: 'अलर्ट सेवा 30 मिनट में तीन बार रीस्टार्ट हुई' },
    action: { en: 'Read the log of flows on the central machine.', hi: 'सेंट्रल मशीन पर flows का लॉग पढ़ें।' },
  },
  'centre.slow': {
    ...timing('major', [], [0, 0]),
    title: { en: 'The centre is too slow to judge silence', hi: 'सेंटर धीमा चल रहा है, बंद PC का पता देर से चलेगा' },
    action: {
      en: 'Look at the load of the central machine. Read in the log of flows whether it loses the broker. Until then a PC that is away is told late.',
      hi: 'सेंट्रल मशीन का लोड देखें। flows के लॉग में देखें कि ब्रोकर से कनेक्शन टूटता तो नहीं। तब तक बंद PC की ख़बर देर से मिलेगी।',
    },
  },
  'centre.unheard': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'PCs that do not answer the server', hi: 'इन PC से सेंटर को कोई जवाब नहीं' },
    action: {
      en: 'Check the network of the centre first. Then call the sites in the list.',
      hi: 'पहले सेंटर का नेटवर्क देखें। फिर सूची की साइटों को फ़ोन करें।',
    },
  },
  'centre.flow_unfinished': {
    ...timing('major', [], [0, 10 * minute]),
    title: { en: 'A flow did not finish', hi: 'एक फ़्लो पूरा नहीं हुआ' },
    action: {
      en: 'Open the editor. Look for a wire that leads nowhere on the way to Conclude.',
      hi: 'एडिटर खोलें। देखें कि Conclude तक का कोई तार टूटा तो नहीं है।',
    },
  },
  'centre.tabs_refused': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Changed tabs cannot run: the last good ones do', hi: 'बदले हुए टैब नहीं चल सकते: पिछले सही टैब चल रहे हैं' },
    action: {
      en: 'Open the editor and deploy what it shows: that mends the files.',
      hi: 'एडिटर खोलें और जो दिखे उसे Deploy करें: फ़ाइलें ठीक हो जाएँगी।',
    },
  },
  'centre.unknown_fault': {
    ...timing('minor', [], [10 * minute, 10 * minute]),
    title: { en: 'PCs report faults that this centre does not know', hi: 'PC ऐसी दिक्कतें बता रहे हैं जो यह सेंटर नहीं जानता' },
    action: {
      en: 'Update the centre if the agents are newer. If they are not, look at the PC that is named.',
      hi: 'एजेंट नए हों तो सेंटर अपडेट करें। नहीं तो जिस PC का नाम है उसे देखें।',
    },
  },
  'centre.rollout_stopped': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'A staged configuration stopped by itself', hi: 'चरणों में जा रही कॉन्फ़िगरेशन अपने आप रुक गई' },
    action: {
      en: 'Read the reason with "sabha config show". Correct the profile and stage it again, or let it out with "sabha config release".',
      hi: '"sabha config show" से कारण देखें। प्रोफ़ाइल ठीक करके दोबारा भेजें, या "sabha config release" से सबको दें।',
    },
  },
  'centre.channel_failing': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Messages cannot be delivered', hi: 'मैसेज पहुँच नहीं रहे' },
    action: { en: 'Check the mail server and its settings in sabha.json.', hi: 'मेल सर्वर और sabha.json में उसकी सेटिंग देखें।' },
  },
  'centre.backup_old': {
    ...timing('major', [], [0, 0]),
    title: { en: 'No good backup of the centre for more than a day', hi: 'एक दिन से ज़्यादा से सेंटर का कोई सही बैकअप नहीं' },
    action: {
      en: 'Look at the room on the disk and at the second folder. Then run "sabha backup".',
      hi: 'डिस्क पर जगह और दूसरा फ़ोल्डर देखें। फिर "sabha backup" चलाएँ।',
    },
  },
  'centre.ledger_damaged': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'The ledger of the centre is damaged', hi: 'सेंटर का लेजर ख़राब है' },
    action: {
      en: 'Stop the centre and restore the newest backup with "sabha restore". Check the disk of the machine.',
      hi: 'सेंटर बंद करें और "sabha restore" से सबसे नया बैकअप लगाएँ। मशीन की डिस्क जाँचें।',
    },
  },
  'centre.audit_changed': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'Somebody changed the audit of the centre', hi: 'किसी ने सेंटर का ऑडिट बदल दिया' },
    action: {
      en: 'Run "sabha verify": it names each row. Keep the newest backups, and find out who can write on the machine.',
      hi: '"sabha verify" चलाएँ: वह हर पंक्ति बताता है। नए बैकअप सँभाल कर रखें और पता करें कि मशीन पर कौन लिख सकता है।',
    },
  },
  'centre.ledger_older': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'The ledger of the centre went back', hi: 'सेंटर का लेजर पुराना हो गया' },
    action: {
      en: 'Do again what people did since then: the audit names it. Look through the accounts. Check the disk of the machine.',
      hi: 'तब से लोगों ने जो किया वह दोबारा करें: उसकी सूची ऑडिट में है। अकाउंट देख लें। मशीन की डिस्क जाँचें।',
    },
  },
  'centre.clock': {
    ...timing('major', [], [0, 0]),
    title: { en: 'The clock of the centre is wrong', hi: 'सेंटर की घड़ी ग़लत है' },
    action: {
      en: 'Look at the time of the central machine ("timedatectl"). Let a time server set it.',
      hi: 'सेंट्रल मशीन का समय देखें ("timedatectl")। उसे टाइम सर्वर से सेट होने दें।',
    },
  },
  'centre.disk': {
    ...timing('major', [], [diskHoldMs, 0]),
    title: { en: 'The disk of the centre is four fifths full', hi: 'सेंटर की डिस्क 80% भर गई है' },
    action: {
      en: 'Look what takes the room on the central machine ("df -h", "du -sh"). Move old backups and archives to another disk, or give it a larger one.',
      hi: 'देखें कि सेंट्रल मशीन पर जगह किसने ली है ("df -h", "du -sh")। पुराने बैकअप और आर्काइव दूसरी डिस्क पर ले जाएँ, या बड़ी डिस्क लगाएँ।',
    },
  },
  'centre.disk_full': {
    ...timing('critical', [], [diskHoldMs, 0]),
    title: { en: 'The disk of the centre is nearly full', hi: 'सेंटर की डिस्क लगभग भर गई है' },
    action: {
      en: 'Free some disk space on the central machine today. Once it is full no alert is stored.',
      hi: 'सेंट्रल मशीन पर आज ही डिस्क की जगह ख़ाली करें। भर जाने पर कोई अलर्ट सेव नहीं होगा।',
    },
  },
  'centre.channel_login': {
    ...timing('major', [], [0, 0]),
    title: { en: 'A channel refuses the login of the centre', hi: 'एक चैनल सेंटर का लॉगिन नहीं मान रहा' },
    action: {
      en: 'Renew its password or token in the file that sabha.json names. Restart the centre.',
      hi: 'sabha.json में लिखी फ़ाइल में उसका पासवर्ड या टोकन बदलें। सेंटर रीस्टार्ट करें।',
    },
  },
  'centre.enrolment_refused': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'Somebody types wrong enrolment codes', hi: 'कोई PC जोड़ने के लिए ग़लत कोड लिख रहा है' },
    action: {
      en: 'Call the office that is named, or else those that have a code. If it is none of them, block the address that is named.',
      hi: 'जिस ऑफ़िस का नाम है उसे फ़ोन करें, नाम न हो तो जिनके पास कोड है उन्हें। उनमें से कोई न हो तो लिखा हुआ पता ब्लॉक करें।',
    },
  },
  'outage.power': {
    ...timing('major', [], [0, clearMs]),
    title: { en: 'The site runs on battery', hi: 'साइट बैटरी पर चल रही है' },
    action: {
      en: 'Ask the site about the power cut. Start the generator if it goes on.',
      hi: 'साइट से बिजली के बारे में पूछें। बिजली न आए तो जनरेटर चलाएँ।',
    },
  },
  'outage.site': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'No PC of the site answers', hi: 'साइट के किसी PC से जवाब नहीं आ रहा' },
    action: {
      en: 'Call the site. Ask whether it has power and whether the router is on.',
      hi: 'साइट पर फ़ोन करें। पूछें कि बिजली है और राउटर चालू है या नहीं।',
    },
  },
  'outage.link': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'Sites on one line do not answer', hi: 'एक ही लाइन की साइटों से जवाब नहीं आ रहा' },
    action: { en: `Call the provider of the line. ${nothingToDo.en}`, hi: `लाइन देने वाली कंपनी को फ़ोन करें। ${nothingToDo.hi}` },
  },
  'outage.provider': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'Sites of one provider do not answer', hi: 'एक ही कंपनी की लाइन वाली साइटों से जवाब नहीं आ रहा' },
    action: { en: `Call the provider. ${nothingToDo.en}`, hi: `लाइन देने वाली कंपनी को फ़ोन करें। ${nothingToDo.hi}` },
  },
  'outage.state': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'Many sites of the state do not answer', hi: 'राज्य की कई साइटों से जवाब नहीं आ रहा' },
    action: { en: `Ask about power and line in the state. ${nothingToDo.en}`, hi: `राज्य में बिजली और लाइन के बारे में पूछें। ${nothingToDo.hi}` },
  },
  'outage.nation': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'Many sites of the country do not answer', hi: 'देश की कई साइटों से जवाब नहीं आ रहा' },
    action: {
      en: `Check the network of the centre. Then call the providers. ${nothingToDo.en}`,
      hi: `पहले सेंटर का नेटवर्क देखें। फिर लाइन देने वाली कंपनियों को फ़ोन करें। ${nothingToDo.hi}`,
    },
  },
  'centre.plane': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'PCs of many sites went silent within a minute', hi: 'एक मिनट में बहुत-सी साइटों के PC से संपर्क टूटा' },
    action: {
      en: `Check the network and the firewall of the centre. ${nothingToDo.en}`,
      hi: `सेंटर का नेटवर्क और फ़ायरवॉल देखें। ${nothingToDo.hi}`,
    },
  },
  'centre.spread': {
    ...timing('major', [], [0, clearMs]),
    title: { en: 'The same fault in many rooms', hi: 'कई कमरों में एक ही दिक्कत' },
    action: { en: 'Look what was updated on these PCs. Take that update back.', hi: 'देखें कि इन PC पर क्या अपडेट हुआ। वह अपडेट वापस लें।' },
  },
  'maintenance.planned': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'Maintenance', hi: 'मेंटेनेंस' },
    action: {
      en: 'Nothing to do. Until it is over no alert comes from here.',
      hi: 'कुछ करने की ज़रूरत नहीं। पूरा होने तक यहाँ से कोई अलर्ट नहीं आएगा।',
    },
  },
} as const satisfies Record<string, Fault>;

/** Names of components, or of a part of one as `component.device`. */
export const centreComponents = {
  outage: { en: 'Outage of many', hi: 'कई साइटें या PC एक साथ बंद' },
  maintenance: { en: 'Maintenance', hi: 'मेंटेनेंस' },
} as const satisfies Record<string, Words>;
