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
    title: { en: 'The server cannot reach its broker', hi: 'सर्वर अपने ब्रोकर तक नहीं पहुँच रहा' },
    action: { en: 'Check that the broker runs on the server. Read its log.', hi: 'देखें कि सर्वर पर ब्रोकर चल रहा है। ब्रोकर का लॉग पढ़ें।' },
  },
  'centre.restarts': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Alert service restarted three times in 30 minutes', hi: 'अलर्ट सेवा 30 मिनट में तीन बार रीस्टार्ट हुई' },
    action: { en: 'Read the log of flows on the server.', hi: 'सर्वर पर flows का लॉग पढ़ें।' },
  },
  'centre.slow': {
    ...timing('major', [], [0, 0]),
    title: { en: 'The server is slow: offline PCs are reported late', hi: 'सर्वर धीमा है, बंद PC का पता देर से चलेगा' },
    action: {
      en: 'Check the load of the server. Check in the log of flows whether its connection to the broker breaks. Offline PCs are reported late until this is over.',
      hi: 'सर्वर का लोड देखें। flows के लॉग में देखें कि ब्रोकर से कनेक्शन टूटता तो नहीं। ठीक होने तक बंद PC का मैसेज देर से आएगा।',
    },
  },
  'centre.unheard': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'PCs that do not answer the server', hi: 'इन PC से सर्वर को कोई जवाब नहीं मिल रहा' },
    action: {
      en: 'Check the network of the server first. Then call the sites in the list.',
      hi: 'पहले सर्वर का नेटवर्क देखें। फिर सूची की साइटों को फ़ोन करें।',
    },
  },
  'centre.flow_unfinished': {
    ...timing('major', [], [0, 10 * minute]),
    title: { en: 'A flow in the editor did not finish', hi: 'एडिटर का एक फ़्लो पूरा नहीं हुआ' },
    action: {
      en: 'Open the editor. Look for a missing wire on the way to the node Conclude.',
      hi: 'एडिटर खोलें। देखें कि Conclude नोड तक कोई तार जोड़ना छूटा तो नहीं है।',
    },
  },
  'centre.tabs_refused': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Changed tabs cannot run: the last good tabs are in use', hi: 'बदले हुए टैब नहीं चल सकते: पिछले सही टैब चल रहे हैं' },
    action: {
      en: 'Open the editor and deploy the tabs that it shows: that repairs the files.',
      hi: 'एडिटर खोलें और जो टैब दिखें उन्हें Deploy करें: फ़ाइलें ठीक हो जाएँगी।',
    },
  },
  'centre.unknown_fault': {
    ...timing('minor', [], [10 * minute, 10 * minute]),
    title: { en: 'PCs report faults that this server does not know', hi: 'PC ऐसी दिक्कतें बता रहे हैं जो यह सर्वर नहीं जानता' },
    action: {
      en: 'Update the server if the agents are newer. If they are not, check the PC that is named.',
      hi: 'एजेंट नए हों तो सर्वर अपडेट करें। नहीं तो जिस PC का नाम है उसे देखें।',
    },
  },
  'centre.rollout_stopped': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'A staged configuration stopped by itself', hi: 'चरणों में जा रही कॉन्फ़िगरेशन अपने आप रुक गई' },
    action: {
      en: 'Read the reason with "sabha config show". Correct the profile and stage it again, or send it to all PCs with "sabha config release".',
      hi: '"sabha config show" से कारण देखें। प्रोफ़ाइल ठीक करके दोबारा भेजें, या "sabha config release" से सब PC को भेजें।',
    },
  },
  'centre.channel_failing': {
    ...timing('major', [], [0, 0]),
    title: { en: 'Messages cannot be delivered', hi: 'मैसेज पहुँच नहीं रहे' },
    action: { en: 'Check the mail server and its settings in sabha.json.', hi: 'मेल सर्वर और sabha.json में उसकी सेटिंग देखें।' },
  },
  'centre.backup_old': {
    ...timing('major', [], [0, 0]),
    title: { en: 'No good backup of the server for more than a day', hi: 'एक दिन से ज़्यादा समय से सर्वर का कोई सही बैकअप नहीं' },
    action: {
      en: 'Check the free space on the disk and the second backup folder. Then run "sabha backup".',
      hi: 'डिस्क की ख़ाली जगह और बैकअप का दूसरा फ़ोल्डर देखें। फिर "sabha backup" चलाएँ।',
    },
  },
  'centre.ledger_damaged': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'The ledger of the server is damaged', hi: 'सर्वर का लेजर ख़राब है' },
    action: {
      en: 'Stop the server and restore the newest backup with "sabha restore". Check the disk of the server.',
      hi: 'सर्वर बंद करें और "sabha restore" से सबसे नया बैकअप लगाएँ। सर्वर की डिस्क जाँचें।',
    },
  },
  'centre.audit_changed': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'Somebody changed the audit log of the server', hi: 'किसी ने सर्वर का ऑडिट लॉग बदल दिया' },
    action: {
      en: 'Run "sabha verify": it lists each changed row. Keep the newest backups, and find out who can write on the server.',
      hi: '"sabha verify" चलाएँ: वह बदली हुई हर पंक्ति बताता है। नए बैकअप सँभाल कर रखें और पता करें कि सर्वर पर कौन लिख सकता है।',
    },
  },
  'centre.ledger_older': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'The ledger of the server went back to an older state', hi: 'सर्वर का लेजर पुरानी हालत में लौट गया' },
    action: {
      en: 'Repeat what people did since then: the audit log lists it. Check the accounts. Check the disk of the server.',
      hi: 'तब से लोगों ने जो किया वह दोबारा करें: उसकी सूची ऑडिट लॉग में है। अकाउंट देख लें। सर्वर की डिस्क जाँचें।',
    },
  },
  'centre.clock': {
    ...timing('major', [], [0, 0]),
    title: { en: 'The clock of the server is wrong', hi: 'सर्वर की घड़ी ग़लत है' },
    action: {
      en: 'Check the time of the server ("timedatectl"). Let a time server set it.',
      hi: 'सर्वर का समय देखें ("timedatectl")। उसे टाइम सर्वर से सेट होने दें।',
    },
  },
  'centre.disk': {
    ...timing('major', [], [diskHoldMs, 0]),
    title: { en: 'The disk of the server is 80 % full', hi: 'सर्वर की डिस्क 80 % भर गई है' },
    action: {
      en: 'Find out what fills the disk of the server ("df -h", "du -sh"). Move old backups and archives to another disk, or install a larger disk.',
      hi: 'देखें कि सर्वर की डिस्क किससे भरी है ("df -h", "du -sh")। पुराने बैकअप और आर्काइव दूसरी डिस्क पर ले जाएँ, या बड़ी डिस्क लगाएँ।',
    },
  },
  'centre.disk_full': {
    ...timing('critical', [], [diskHoldMs, 0]),
    title: { en: 'The disk of the server is nearly full', hi: 'सर्वर की डिस्क लगभग भर गई है' },
    action: {
      en: 'Free some disk space on the server today. When the disk is full, no alert is stored.',
      hi: 'सर्वर की डिस्क पर आज ही जगह ख़ाली करें। डिस्क भर जाने पर कोई अलर्ट सेव नहीं होगा।',
    },
  },
  'centre.channel_login': {
    ...timing('major', [], [0, 0]),
    title: { en: 'A channel refuses the sign-in of the server', hi: 'एक चैनल सर्वर का लॉगिन नहीं मान रहा' },
    action: {
      en: 'Renew the password or token of the channel in the file that sabha.json names. Restart the server.',
      hi: 'sabha.json में लिखी फ़ाइल में चैनल का पासवर्ड या टोकन बदलें। सर्वर रीस्टार्ट करें।',
    },
  },
  'centre.enrolment_refused': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'Somebody enters wrong enrolment codes', hi: 'कोई PC जोड़ने के लिए ग़लत कोड लिख रहा है' },
    action: {
      en: 'Call the office that is named; if none is named, call the offices that have a code. If it is none of them, block the address that is named.',
      hi: 'जिस ऑफ़िस का नाम है उसे फ़ोन करें, नाम न हो तो जिनके पास कोड है उन्हें। उनमें से कोई न हो तो लिखा हुआ पता ब्लॉक करें।',
    },
  },
  'outage.power': {
    ...timing('major', [], [0, clearMs]),
    title: { en: 'The site runs on battery', hi: 'साइट बैटरी पर चल रही है' },
    action: {
      en: 'Ask the site about the power cut. Start the generator if the power does not come back.',
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
    action: {
      en: `Ask the state whether power and lines work. ${nothingToDo.en}`,
      hi: `राज्य में बिजली और लाइन के बारे में पूछें। ${nothingToDo.hi}`,
    },
  },
  'outage.nation': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'Many sites of the country do not answer', hi: 'देश की कई साइटों से जवाब नहीं आ रहा' },
    action: {
      en: `Check the network of the server. Then call the providers. ${nothingToDo.en}`,
      hi: `पहले सर्वर का नेटवर्क देखें। फिर लाइन देने वाली कंपनियों को फ़ोन करें। ${nothingToDo.hi}`,
    },
  },
  'centre.plane': {
    ...timing('critical', [], [0, clearMs]),
    title: { en: 'PCs of many sites stopped answering within a minute', hi: 'एक मिनट में बहुत-सी साइटों के PC से संपर्क टूटा' },
    action: {
      en: `Check the network and the firewall of the server. ${nothingToDo.en}`,
      hi: `सर्वर का नेटवर्क और फ़ायरवॉल देखें। ${nothingToDo.hi}`,
    },
  },
  'centre.spread': {
    ...timing('major', [], [0, clearMs]),
    title: { en: 'The same fault in many rooms', hi: 'कई कमरों में एक ही दिक्कत' },
    action: { en: 'Find out what was updated on these PCs. Undo that update.', hi: 'देखें कि इन PC पर क्या अपडेट हुआ। वह अपडेट हटाएँ।' },
  },
  'maintenance.planned': {
    ...timing('minor', [], [0, 0]),
    title: { en: 'Maintenance', hi: 'मेंटेनेंस' },
    action: {
      en: 'Nothing to do. No alert comes from here until the maintenance is over.',
      hi: 'कुछ करने की ज़रूरत नहीं। पूरा होने तक यहाँ से कोई अलर्ट नहीं आएगा।',
    },
  },
} as const satisfies Record<string, Fault>;

/** Names of components, or of a part of one as `component.device`. */
export const centreComponents = {
  outage: { en: 'Outage of many sites or PCs', hi: 'कई साइटें या PC एक साथ बंद' },
  maintenance: { en: 'Maintenance', hi: 'मेंटेनेंस' },
} as const satisfies Record<string, Words>;
