/** The words of the self-test. Titles and actions of faults stand in the catalogue; the machine's reasons are English. */
import type { Language, Words } from '#contracts';

/** What the self-test says besides the names of things. */
export const phrases = {
  ok: { en: 'works', hi: 'ठीक है' },
  fault: { en: 'fault', hi: 'ख़राबी' },
  unknown: { en: 'not known', hi: 'पता नहीं' },
  noFault: { en: 'No fault found', hi: 'कोई ख़राबी नहीं मिली' },
  faults: { en: 'Faults', hi: 'ख़राबियाँ' },
  unknowns: { en: 'Not known', hi: 'पता नहीं' },
  data: { en: 'Data this month', hi: 'इस महीने का डेटा' },
  ofTelemetry: { en: 'messages', hi: 'संदेश' },
  ofTests: { en: 'tests of the link', hi: 'लाइन की जाँच' },
  of: { en: 'of', hi: 'में से' },
} as const satisfies Record<string, Words>;

/** Components, and the parts of a PC and of the agent. */
const words: Record<string, Words> = {
  camera: { en: 'Camera', hi: 'कैमरा' },
  microphone: { en: 'Microphone', hi: 'माइक' },
  speaker: { en: 'Speaker', hi: 'स्पीकर' },
  pc: { en: 'PC', hi: 'PC' },
  clock: { en: 'Clock', hi: 'घड़ी' },
  agent: { en: 'Agent', hi: 'एजेंट' },
  processor: { en: 'processor', hi: 'प्रोसेसर' },
  memory: { en: 'memory', hi: 'मेमोरी' },
  disk: { en: 'disk', hi: 'डिस्क' },
  temperature: { en: 'temperature', hi: 'तापमान' },
  checks: { en: 'checks', hi: 'जाँच' },
  link: { en: 'Link', hi: 'लाइन' },
  path: { en: 'Way to the centre', hi: 'सेंटर तक रास्ता' },
  bridge: { en: 'Audio bridge', hi: 'ऑडियो ब्रिज' },
  budget: { en: 'data budget', hi: 'डेटा की सीमा' },
  certificate: { en: 'certificate', hi: 'सर्टिफ़िकेट' },
  history: { en: 'history', hi: 'पुराना रिकॉर्ड' },
  loss: { en: 'packets', hi: 'डेटा पहुँचना' },
  jitter: { en: 'evenness', hi: 'एक-सा चलना' },
  delay: { en: 'answer time', hi: 'जवाब का समय' },
  tier: { en: 'what it carries', hi: 'कितना चल सकता है' },
  udp: { en: 'UDP', hi: 'UDP का रास्ता' },
  power: { en: 'Power', hi: 'बिजली' },
  mains: { en: 'mains', hi: 'मेन बिजली' },
  battery: { en: 'battery', hi: 'बैटरी' },
  ups: { en: 'UPS', hi: 'UPS' },
  climate: { en: 'Room and cooling', hi: 'कमरा और ठंडक' },
  room: { en: 'room', hi: 'कमरा' },
  air: { en: 'air', hi: 'हवा' },
  board: { en: 'inside of the PC', hi: 'PC के अंदर' },
  rise: { en: 'warmth against the usual', hi: 'रोज़ के मुक़ाबले गर्मी' },
};

/** What a person calls a component or a part; a slot such as `expected-1` needs no word, any other stays as it is. */
export function wordFor(id: string, language: Language): string {
  if (/^expected-\d+$/.test(id)) return '';
  return Object.hasOwn(words, id) ? (words[id]?.[language] ?? id) : id;
}
