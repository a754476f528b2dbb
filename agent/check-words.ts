/** The words of the self-test. Titles and actions of faults stand in the catalogue; the machine's reasons are English. */
import type { Language, Words } from '#contracts';

export const phrases = {
  ok: { en: 'works', hi: 'ठीक है' },
  fault: { en: 'fault', hi: 'ख़राबी' },
  unknown: { en: 'not known', hi: 'पता नहीं' },
  noFault: { en: 'No fault found', hi: 'कोई ख़राबी नहीं मिली' },
  faults: { en: 'Faults', hi: 'ख़राबियाँ' },
  unknowns: { en: 'Not known', hi: 'पता नहीं' },
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
  history: { en: 'history', hi: 'पुराना रिकॉर्ड' },
};

const anotherProgram = /another program/g;

/** Hindi for the reasons that probes give; the rest, mostly words of the system itself, stays as it is. */
const hindi: readonly [RegExp, string][] = [
  [/^in use by (.*)$/, '$1 में चल रहा है'],
  [/^held by (.*)$/, '$1 में खुला है'],
  [/^chosen: no microphone$/, 'कोई माइक नहीं चुना है'],
  [/^chosen: no speaker$/, 'कोई स्पीकर नहीं चुना है'],
  [/^chosen: (.*)$/, 'चुना हुआ: $1'],
  [/^no audio server$/, 'साउंड सर्वर नहीं चल रहा'],
  [/^audio server does not answer$/, 'साउंड सर्वर जवाब नहीं दे रहा'],
  [/^audio server has no session manager$/, 'साउंड सर्वर अभी तैयार नहीं है'],
  [/^pactl is not installed$/, 'pactl इंस्टॉल नहीं है'],
  [/^not compared with the centre yet$/, 'अभी सेंटर से मिलाई नहीं गई'],
  [/^not written for this system yet$/, 'इस सिस्टम के लिए जाँच अभी नहीं बनी'],
  [/^no answer in ([\d.]+) s$/, '$1 सेकंड में जवाब नहीं आया'],
];

/** What a person calls a component or a part; a slot such as `expected-1` needs no word, any other stays as it is. */
export function wordFor(id: string, language: Language): string {
  if (/^expected-\d+$/.test(id)) return '';
  return Object.hasOwn(words, id) ? (words[id]?.[language] ?? id) : id;
}

/** The reason in a language, as far as it is known there. */
export function reasonIn(reason: string, language: Language): string {
  if (language === 'en') return reason;
  const [pattern, text] = hindi.find(([one]) => one.test(reason)) ?? [/$^/, ''];
  return reason.replace(pattern, text).replace(anotherProgram, 'किसी दूसरे प्रोग्राम');
}
