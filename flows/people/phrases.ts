/** The fixed words around a fault, in each language. What a fault is called and what to do first stands in the catalogue of faults. */
import type { Language, Severity, Words } from '#contracts';

export type DirectReason = 'commit_failed' | 'disk_full' | 'unknown_for_a_day' | 'enrolment_refused';

export type Phrases = {
  severity: Record<Severity, string>;
  worsened: string;
  eased: string;
  cleared: string;
  closed: string;
  over: string;
  since(from: string): string;
  between(from: string, to: string): string;
  flapping: string;
  first(action: string): string;
  also(list: string): string;
  more(count: number): string;
  because(reason: string): string;
  /** Why the PC was away, and from when to when. */
  was(cause: string): string;
  /** What to do, where the fault's own action does not fit the news. */
  restOpen: string;
  nothingToDo: string;
  alreadyOver: string;
  incident(id: number): string;
  /** Locale of dates, always with Latin digits, and the length of a month's name in it. */
  dates: { locale: string; month: 'short' | 'long' };
};

export const phrases: Record<Language, Phrases> = {
  en: {
    severity: { critical: 'Critical', major: 'Major', minor: 'Minor', info: 'For information' },
    worsened: 'Worse now',
    eased: 'Better now',
    cleared: 'Cleared',
    closed: 'Closed',
    over: 'Already over',
    since: (from) => `Since ${from}.`,
    between: (from, to) => `From ${from} to ${to}.`,
    flapping: 'It comes and goes.',
    first: (action) => `First: ${action}`,
    also: (list) => `Also: ${list}`,
    more: (count) => `and ${count} more`,
    because: (reason) => `Why: ${reason}.`,
    was: (cause) => `It was: ${cause}.`,
    restOpen: 'The rest of the incident is still open.',
    nothingToDo: 'Nothing more to do.',
    alreadyOver: 'It is already over. Nothing to do.',
    incident: (id) => `Incident ${id}`,
    dates: { locale: 'en-GB', month: 'short' },
  },
  hi: {
    severity: { critical: 'बहुत ज़रूरी', major: 'ज़रूरी', minor: 'मामूली', info: 'जानकारी के लिए' },
    worsened: 'हालत बिगड़ी',
    eased: 'कुछ ठीक हुआ',
    cleared: 'ठीक हो गया',
    closed: 'अलर्ट बंद',
    over: 'अब नहीं है',
    since: (from) => `${from} बजे से।`,
    between: (from, to) => `${from} बजे से ${to} बजे तक।`,
    flapping: 'यह बार-बार आ-जा रहा है।',
    first: (action) => `पहले यह करें: ${action}`,
    also: (list) => `साथ में: ${list}`,
    more: (count) => `और ${count}`,
    because: (reason) => `वजह: ${reason}।`,
    was: (cause) => `वजह यह थी: ${cause}।`,
    restOpen: 'बाकी दिक्कत अभी बनी है।',
    nothingToDo: 'अब कुछ करने की ज़रूरत नहीं।',
    alreadyOver: 'यह दिक्कत अब नहीं है। कुछ करने की ज़रूरत नहीं।',
    incident: (id) => `अलर्ट ${id}`,
    dates: { locale: 'hi-IN-u-nu-latn', month: 'long' },
  },
};

/** What central is told without an incident of its own. */
export const directWords: Record<DirectReason, { title: Words; action: Words }> = {
  commit_failed: {
    title: { en: 'The ledger cannot be written', hi: 'लेजर में लिखा नहीं जा रहा' },
    action: {
      en: 'Check the disk of the central machine. Read the log of flows.',
      hi: 'सेंट्रल मशीन की डिस्क देखें। flows का लॉग पढ़ें।',
    },
  },
  disk_full: {
    title: { en: 'Disk of the central machine is full', hi: 'सेंट्रल मशीन की डिस्क भर गई है' },
    action: {
      en: 'Free some disk space on the central machine. No alert is stored until then.',
      hi: 'सेंट्रल मशीन की डिस्क में जगह बनाएँ। तब तक कोई अलर्ट सेव नहीं होगा।',
    },
  },
  unknown_for_a_day: {
    title: { en: 'Unknown for a day', hi: 'एक दिन से कुछ पता नहीं' },
    action: {
      en: 'Call the offices in the list. Ask whether the PC is on and somebody is signed in.',
      hi: 'सूची के दफ़्तरों को फ़ोन करें। पूछें कि PC चालू है और कोई साइन इन है या नहीं।',
    },
  },
  enrolment_refused: {
    title: { en: 'Somebody tries to enrol a PC and is refused', hi: 'कोई PC को एनरोल करने की कोशिश कर रहा है और उसे मना किया गया' },
    action: {
      en: 'Ask the offices that have a code. If it is none of them, block the address that is named.',
      hi: 'जिन दफ़्तरों के पास कोड है उनसे पूछें। उनमें से कोई न हो तो बताए गए पते को ब्लॉक करें।',
    },
  },
};

/** Why an incident was closed, where the machine says it in English; another reason is printed as it is. `moved to` is followed by a path. */
export const closedReasons: Record<string, Words> = {
  'no longer checked': { en: 'no longer checked', hi: 'अब इसकी जाँच नहीं होती' },
  'site closed': { en: 'site closed', hi: 'यह साइट बंद कर दी गई है' },
  'site no longer live': { en: 'site no longer live', hi: 'यह साइट अब चालू साइटों में नहीं है' },
  'no longer in the site table': { en: 'no longer in the site table', hi: 'यह PC अब साइट टेबल में नहीं है' },
  'no longer in sabha.json': { en: 'no longer in sabha.json', hi: 'यह PC अब sabha.json में नहीं है' },
  retired: { en: 'the PC is retired', hi: 'यह PC हटा दिया गया है' },
  replaced: { en: 'the PC was replaced', hi: 'यह PC बदल दिया गया है' },
  'moved to': { en: 'the PC was moved to', hi: 'यह PC यहाँ चला गया है:' },
};
