/** Faults of the PC and of its agent. */
import { checkedBy, type Fault, minute, type Reason, timing, type Words } from './row.ts';

/** Rows of the PC, including silence. */
export const pcFaults = {
  'pc.silent': {
    ...timing('critical', [], [0, 0]),
    title: { en: 'PC does not answer', hi: 'PC से जवाब नहीं आ रहा' },
    action: { en: 'Check that the PC is switched on. Then check the network cable.', hi: 'देखें कि PC चालू है। फिर नेटवर्क की केबल देखें।' },
  },
  'pc.cloned': {
    ...timing('major', ['pc.silent'], [0, 0]),
    title: { en: 'Two machines use the identity of this PC', hi: 'दो मशीनें इसी PC के नाम से चल रही हैं' },
    action: {
      en: 'Find the machine that was copied from this PC. Enrol that machine again with a new code.',
      hi: 'वह मशीन ढूँढें जो इस PC से कॉपी की गई है। उस मशीन को नए कोड से दोबारा एनरोल करें।',
    },
  },
  'pc.noisy': {
    ...timing('major', ['pc.silent'], [0, 0]),
    title: { en: 'PC sends too many messages', hi: 'PC हद से ज़्यादा संदेश भेज रहा है' },
    action: {
      en: 'Check this PC: its agent is broken, or another machine sends in its name. "sabha revoke" blocks this PC.',
      hi: 'इस PC को देखें: एजेंट ख़राब है, या कोई और मशीन इसके नाम से संदेश भेज रही है। "sabha revoke" इस PC को रोक देता है।',
    },
  },
  'pc.load_high': {
    ...timing('minor', ['pc.silent'], [3 * minute, minute]),
    ...checkedBy('/proc/stat', 'processor times by Node'),
    title: { en: 'PC too busy', hi: 'PC पर बहुत लोड है' },
    action: { en: 'Close the programs that are not needed for the meeting.', hi: 'जो प्रोग्राम मीटिंग के लिए नहीं चाहिए, उन्हें बंद करें।' },
  },
  'pc.memory_low': {
    ...timing('minor', ['pc.silent'], [3 * minute, minute]),
    ...checkedBy('/proc/meminfo'),
    title: { en: 'PC short of memory', hi: 'PC की मेमोरी कम पड़ रही है' },
    action: {
      en: 'Close the programs that are not needed. Restart the PC before the next meeting.',
      hi: 'जो प्रोग्राम नहीं चाहिए, उन्हें बंद करें। अगली मीटिंग से पहले PC रीस्टार्ट करें।',
    },
  },
  'pc.disk_full': {
    ...timing('major', ['pc.silent'], [5 * minute, minute]),
    ...checkedBy('one statfs'),
    title: { en: 'Disk almost full', hi: 'डिस्क लगभग भर गई है' },
    action: {
      en: 'Empty the recycle bin. Delete old recordings and downloads.',
      hi: 'रीसायकल बिन खाली करें। पुरानी रिकॉर्डिंग और डाउनलोड हटाएँ।',
    },
  },
  'pc.hot': {
    ...timing('major', ['pc.silent'], [2 * minute, minute]),
    ...checkedBy('/sys/class/hwmon and thermal', 'none: its sensors need a driver'),
    title: { en: 'PC too hot', hi: 'PC बहुत गर्म है' },
    action: { en: 'Clear the air vents of the PC. Check that its fan turns.', hi: 'PC के हवा के छेद साफ़ करें। देखें कि पंखा चल रहा है।' },
  },
  'pc.throttled': {
    ...timing('minor', ['pc.silent', 'pc.hot'], [5 * minute, 5 * minute]),
    ...checkedBy('counters of the processor in sysfs', 'none: its limit counter does not separate heat from a setting'),
    title: { en: 'PC slows down because of its heat', hi: 'गर्मी से PC धीमा चल रहा है' },
    action: { en: 'Clear the air vents of the PC. Leave free space around the PC.', hi: 'PC के हवा के छेद साफ़ करें। उसके चारों ओर जगह छोड़ें।' },
  },
  'pc.disk_failing': {
    ...timing('major', ['pc.silent'], [5 * minute, minute]),
    ...checkedBy('ext4, md, the kernel log, UDisks by `busctl`', 'Get-PhysicalDisk, once a day'),
    title: { en: 'Disk of the PC is failing', hi: 'PC की डिस्क ख़राब हो रही है' },
    action: { en: 'Copy what is needed from this PC. Have the disk replaced.', hi: 'इस PC से ज़रूरी फ़ाइलें कॉपी कर लें। डिस्क बदलवाएँ।' },
  },
  'pc.crashed': {
    ...timing('minor', ['pc.silent'], [0, minute]),
    ...checkedBy('pstore, /var/crash', 'Minidump, MEMORY.DMP'),
    title: { en: 'PC crashed in the last day', hi: 'PC पिछले 24 घंटे में क्रैश हुआ' },
    action: {
      en: "Nothing to do after one crash. If it crashes again, report it to the state's engineer.",
      hi: 'एक बार हो तो कुछ न करें। दोबारा क्रैश हो तो राज्य के इंजीनियर को बताएँ।',
    },
  },
  'pc.restart_pending': {
    ...timing('minor', ['pc.silent'], [10 * minute, minute]),
    ...checkedBy('/run/reboot-required', 'marks in the registry'),
    title: { en: 'PC has needed a restart for a week', hi: 'PC को एक हफ़्ते से रीस्टार्ट की ज़रूरत है' },
    action: { en: 'Restart the PC when there is no meeting.', hi: 'जब मीटिंग न हो तब PC रीस्टार्ट करें।' },
  },
  'pc.restart_planned': {
    ...timing('minor', ['pc.silent'], [minute, minute]),
    ...checkedBy('systemd, settings of apt', 'ScheduledRebootTime in the registry'),
    title: { en: 'PC is going to restart by itself', hi: 'PC अपने आप रीस्टार्ट होने वाला है' },
    action: { en: 'Restart the PC now, before the next meeting.', hi: 'अगली मीटिंग से पहले अभी PC रीस्टार्ट करें।' },
  },
  'pc.sleeps': {
    ...timing('minor', ['pc.silent'], [10 * minute, minute]),
    ...checkedBy('the clock that knows of sleep, logind.conf, GNOME by `gsettings`', 'power plan in the registry'),
    title: { en: 'PC goes to sleep by itself', hi: 'PC अपने आप स्लीप में चला जाता है' },
    action: { en: 'Open the power settings. Switch automatic sleep off.', hi: 'पावर सेटिंग खोलें। ऑटोमैटिक स्लीप बंद करें।' },
  },
  'clock.wrong': {
    ...timing('major', ['pc.silent'], [2 * minute, minute]),
    ...checkedBy('the answers of the server'),
    title: { en: 'Clock of the PC is wrong', hi: 'PC की घड़ी ग़लत है' },
    action: {
      en: 'Set date and time, and switch on automatic time. If it goes wrong again, replace the small battery in the PC.',
      hi: 'तारीख़ और समय ठीक करें, और ऑटोमैटिक टाइम चालू करें। फिर ग़लत हो तो PC की छोटी बैटरी बदलें।',
    },
  },
  'agent.probe_failed': {
    ...timing('info', ['pc.silent'], [10 * minute, minute]),
    ...checkedBy('the agent itself'),
    title: { en: 'A check of the agent does not work', hi: 'एजेंट की एक जाँच नहीं हो पा रही' },
    action: {
      en: 'Restart the PC. If it comes back, report the name of the check to the central team.',
      hi: 'PC रीस्टार्ट करें। फिर भी आए तो सेंट्रल टीम को जाँच का नाम बताएँ।',
    },
  },
  'agent.events_dropped': {
    ...timing('minor', ['pc.silent'], [0, minute]),
    ...checkedBy('the agent itself'),
    title: { en: 'Old records of this PC were deleted', hi: 'इस PC का पुराना रिकॉर्ड मिटाना पड़ा' },
    action: { en: 'Free some disk space on the PC. Report it to the central team.', hi: 'PC की डिस्क में जगह बनाएँ। सेंट्रल टीम को बताएँ।' },
  },
  'agent.certificate': {
    ...timing('major', ['pc.silent'], [10 * minute, minute]),
    ...checkedBy('the agent itself'),
    title: { en: 'Certificate of this PC expires soon', hi: 'इस PC का सर्टिफ़िकेट जल्द ख़त्म होगा' },
    action: {
      en: 'Check that the PC reaches the enrolment port of the server. If it does, enrol the PC again with a new code.',
      hi: 'देखें कि PC सर्वर के एनरोलमेंट पोर्ट तक पहुँचता है। पहुँचता हो तो नए कोड से PC को दोबारा एनरोल करें।',
    },
  },
  'agent.unknown_fault': {
    ...timing('major', ['pc.silent'], [10 * minute, 0]),
    title: { en: 'PC reports a fault that the server does not know', hi: 'PC ऐसी दिक्कत बता रहा है जो सर्वर नहीं जानता' },
    action: { en: 'Report the name of the fault to the central team.', hi: 'सेंट्रल टीम को दिक्कत का नाम बताएँ।' },
  },
  'agent.unreadable': {
    ...timing('minor', ['pc.silent'], [10 * minute, 0]),
    title: { en: 'Reports of this PC cannot be read', hi: 'इस PC की रिपोर्ट पढ़ी नहीं जा रही' },
    action: { en: 'Update the agent on this PC. Report it to the central team.', hi: 'इस PC का एजेंट अपडेट करें। सेंट्रल टीम को बताएँ।' },
  },
} as const satisfies Record<string, Fault>;

/** Names of components, or of a part of one as `component.device`. */
export const pcComponents = {
  pc: { en: 'PC', hi: 'PC' },
  'pc.processor': { en: 'Processor', hi: 'प्रोसेसर' },
  'pc.memory': { en: 'Memory', hi: 'मेमोरी' },
  'pc.disk': { en: 'Disk', hi: 'डिस्क' },
  'pc.temperature': { en: 'Temperature', hi: 'तापमान' },
  'pc.restart': { en: 'Restart of the PC', hi: 'PC का रीस्टार्ट' },
  'pc.speed': { en: 'Speed of the processor', hi: 'प्रोसेसर की स्पीड' },
  'pc.health': { en: 'Health of the disk', hi: 'डिस्क की हालत' },
  'pc.start': { en: 'Last start of the PC', hi: 'PC का पिछला स्टार्ट' },
  'pc.sleep': { en: 'Sleep of the PC', hi: 'PC का स्लीप' },
  clock: { en: 'Clock', hi: 'घड़ी' },
  agent: { en: 'Agent', hi: 'एजेंट' },
  'agent.checks': { en: 'Checks of the agent', hi: 'एजेंट की जाँचें' },
  'agent.history': { en: 'Records of the agent', hi: 'एजेंट का रिकॉर्ड' },
  'agent.certificate': { en: 'Certificate of the agent', hi: 'एजेंट का सर्टिफ़िकेट' },
  presence: { en: 'Connection', hi: 'कनेक्शन' },
} as const satisfies Record<string, Words>;

export const pcReasons: readonly Reason[] = [
  ['^not compared with the server yet$', 'अभी सर्वर से मिलाई नहीं गई'],
  ['^the clock of the server was set$', 'सर्वर की घड़ी बदली गई'],
  ['^the server answered too slowly to compare the clocks$', 'सर्वर का जवाब बहुत धीमा था, घड़ी मिलाई नहीं जा सकी'],
  ['^nothing was changed since the start$', 'शुरू होने के बाद कुछ नहीं बदला गया'],
  ['^(?:Windows reports no power plan|the power plan does not say it)$', 'Windows का पावर प्लान यह नहीं बताता'],
  ['^a restart waits$', 'रीस्टार्ट होना बाकी है'],
  ['^this system does not report whether it needs a restart$', 'यह सिस्टम नहीं बताता कि रीस्टार्ट ज़रूरी है या नहीं'],
  ['^the processor does not count it$', 'प्रोसेसर यह नहीं गिनता'],
  ['^the agent may not read the crash records$', 'क्रैश के रिकॉर्ड देखने की अनुमति नहीं है'],
  ['^no systemd here$', 'यहाँ systemd नहीं है'],
  ['^its settings allow it$', 'सेटिंग में ऐसा ही है'],
  ['^it slept in the last day$', 'पिछले 24 घंटे में स्लीप में गया था'],
  ['^the agent may not read the kernel log$', 'सिस्टम का लॉग देखने की अनुमति नहीं है'],
  ['^this system does not report the state of its disks$', 'यह सिस्टम डिस्क की हालत नहीं बताता'],
  ['^(.*): errors in the file system$', '$1: फ़ाइल सिस्टम में गड़बड़ी'],
  ['^(.*): a disk of the array is missing$', '$1: RAID की एक डिस्क नहीं है'],
  ['^(.*): cannot be read or written at places$', '$1: कहीं-कहीं पढ़ना-लिखना नहीं हो रहा'],
  ['^(.*): predicts its own failure$', '$1: डिस्क ख़ुद ख़राब होने का संकेत दे रही है'],
  ['^ahead of the server$', 'सर्वर से आगे है'],
  ['^behind the server$', 'सर्वर से पीछे है'],
  ['^it ends within (\\d+) d$', '$1 दिन के अंदर ख़त्म होगा'],
  ['^it has ended$', 'ख़त्म हो चुका है'],
];
