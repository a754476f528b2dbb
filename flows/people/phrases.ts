/** The sentences of a message around the words of the domain, in each language. */
import type { CauseKind, Language, Words } from '#contracts';

/** What the centre tells without an incident. */
export type DirectReason = 'commit_failed' | 'commit_slow' | 'disk_full' | 'stage_broke' | 'unknown_for_a_day' | 'enrolment_refused';

/** The sentences of one language. */
export type Phrases = {
  over: string;
  /** What joins an incident and makes nothing worse. */
  oneMore: string;
  since(from: string): string;
  between(from: string, to: string): string;
  flapping: string;
  first(action: string): string;
  also(list: string): string;
  more(count: number): string;
  /** Who is away with one cause, how many of how many, and what they are. */
  many(at: { kind: CauseKind; down: number; of: number; list: string }): string;
  /** At the all-clear: whom it did not bring back. */
  left(list: string): string;
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

const sites = { link: 'sites', provider: 'sites', state: 'sites', nation: 'sites', plane: 'sites' };
const sitesInHindi = { link: 'साइटें', provider: 'साइटें', state: 'साइटें', nation: 'साइटें', plane: 'साइटें' };
const things: Record<Language, Record<CauseKind, string>> = {
  en: { ...sites, site: 'PCs', spread: 'rooms' },
  hi: { ...sitesInHindi, site: 'PC', spread: 'कमरे' },
};

/** The sentences of each language. */
export const phrases: Record<Language, Phrases> = {
  en: {
    over: 'Already over',
    oneMore: 'One more',
    since: (from) => `Since ${from}.`,
    between: (from, to) => `From ${from} to ${to}.`,
    flapping: 'It comes and goes.',
    first: (action) => `First: ${action}`,
    also: (list) => `Also: ${list}`,
    more: (count) => `and ${count} more`,
    many: ({ kind, down, of, list }) => `${kind === 'spread' ? down : `${down} of ${of}`} ${things.en[kind]}: ${list}`,
    left: (list) => `Not over for these, told on their own: ${list}`,
    because: (reason) => `Why: ${reason}.`,
    was: (cause) => `It was: ${cause}.`,
    restOpen: 'The rest of the incident is still open.',
    nothingToDo: 'Nothing more to do.',
    alreadyOver: 'It is already over. Nothing to do.',
    incident: (id) => `Incident ${id}`,
    dates: { locale: 'en-GB', month: 'short' },
  },
  hi: {
    over: 'अब नहीं है',
    oneMore: 'एक और दिक्कत',
    since: (from) => `${from} बजे से।`,
    between: (from, to) => `${from} बजे से ${to} बजे तक।`,
    flapping: 'यह बार-बार आ-जा रहा है।',
    first: (action) => `पहले यह करें: ${action}`,
    also: (list) => `साथ में: ${list}`,
    more: (count) => `और ${count}`,
    many: ({ kind, down, of, list }) => `${kind === 'spread' ? down : `${of} में से ${down}`} ${things.hi[kind]}: ${list}`,
    left: (list) => `इनमें दिक्कत अभी बनी है, इनकी ख़बर अलग से आएगी: ${list}`,
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
  commit_slow: {
    title: { en: 'The ledger is not written for more than 5 s', hi: '5 सेकंड से ज़्यादा से लेजर में कुछ नहीं लिखा गया' },
    action: {
      en: 'Look whether the disk of the central machine is slow or hangs. No alert is stored until it writes again.',
      hi: 'देखें कि सेंट्रल मशीन की डिस्क धीमी तो नहीं या अटकी तो नहीं। जब तक वह नहीं लिखती, कोई अलर्ट सेव नहीं होगा।',
    },
  },
  disk_full: {
    title: { en: 'Disk of the central machine is full', hi: 'सेंट्रल मशीन की डिस्क भर गई है' },
    action: {
      en: 'Free some disk space on the central machine. No alert is stored until then.',
      hi: 'सेंट्रल मशीन की डिस्क में जगह बनाएँ। तब तक कोई अलर्ट सेव नहीं होगा।',
    },
  },
  stage_broke: {
    title: { en: 'A part of the alert service broke', hi: 'अलर्ट सेवा का एक हिस्सा टूट गया' },
    action: {
      en: 'Read the log of flows on the central machine. No alert is lost; some may come later.',
      hi: 'सेंट्रल मशीन पर flows का लॉग पढ़ें। कोई अलर्ट खोया नहीं है, कुछ देर से आ सकते हैं।',
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
