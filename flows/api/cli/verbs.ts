/** THE list of verbs, and what they do and take, in every language: `--help`. */
import { inColumns, type Language, languages, type Words } from '@sabha/contracts';
import { routes } from '../routes.ts';
import { verbsOf } from './from-routes.ts';
import type { Verb } from './kit/model.ts';
import { operationLayouts, operationRuns } from './verbs/operations.ts';
import { peopleLayouts, peopleRuns } from './verbs/people.ts';
import { recordLayouts, recordRuns, recordVerbs } from './verbs/records.ts';
import { roomLayouts, roomRuns, roomVerbs } from './verbs/rooms.ts';

const layouts = { ...operationLayouts, ...peopleLayouts, ...recordLayouts, ...roomLayouts };
/** Verbs of the route table that are more than one request, by name. */
export const runs: Readonly<Record<string, Verb['run']>> = { ...operationRuns, ...peopleRuns, ...recordRuns, ...roomRuns };
/** By name. */
export const verbs: Readonly<Record<string, Verb>> = Object.fromEntries(
  [...verbsOf(routes, { runs, layouts }), ...recordVerbs, ...roomVerbs].sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The verb with which the words of a call begin, of two words before of one, and its name. */
export function verbIn([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}

/** The options of every verb. */
export const common: Verb['options'] = {
  json: { type: 'boolean', says: { en: 'for programs', hi: 'प्रोग्राम के लिए' } },
  by: {
    type: 'string',
    says: {
      en: 'who acts, as the audit names them (else the user of this machine); with a token it is the name of the token',
      hi: 'कौन कर रहा है, जैसा रिकॉर्ड में लिखा जाए (नहीं तो इस मशीन का यूज़र); टोकन के साथ टोकन का नाम',
    },
  },
  lang: {
    type: 'string',
    says: {
      en: `${languages.join(' or ')} (else the language of the system: LC_ALL, LC_MESSAGES, LANG)`,
      hi: `${languages.join(' या ')} (नहीं तो सिस्टम की भाषा: LC_ALL, LC_MESSAGES, LANG)`,
    },
  },
};

/** The words of a usage that stand for something else. */
const terms: Readonly<Record<string, Words>> = {
  'STATE/SITE/PC': { en: 'a PC, such as ladakh/leh/vc-1', hi: 'PC, जैसे ladakh/leh/vc-1' },
  'STATE/SITE': { en: 'a site, such as ladakh/leh', hi: 'ऑफ़िस, जैसे ladakh/leh' },
  'STATE/SITE[/PC]': { en: 'a site or a PC, such as ladakh/leh or ladakh/leh/vc-1', hi: 'ऑफ़िस या PC, जैसे ladakh/leh या ladakh/leh/vc-1' },
  'STATE[/SITE[/PC]]': { en: 'a state, a site or a PC, such as ladakh/leh', hi: 'राज्य, ऑफ़िस या PC, जैसे ladakh/leh' },
  'STATE[/SITE]': { en: 'a state or a site, such as ladakh/leh', hi: 'राज्य या ऑफ़िस, जैसे ladakh/leh' },
  STAGE: { en: 'planned, commissioning, live or closed', hi: 'planned, commissioning, live या closed' },
  FILE: { en: 'a file, from where you stand', hi: 'फ़ाइल, जिस फ़ोल्डर में आप हैं वहाँ से' },
  ID: { en: 'its number or name, as the list shows it', hi: 'उसका नंबर या नाम, जैसा सूची में है' },
  PERSON: { en: 'a person by the id of the roster, such as asha', hi: 'व्यक्ति, सूची की id से, जैसे asha' },
  'group:NAME': { en: 'a group of sites', hi: 'ऑफ़िसों का समूह' },
  TIME: { en: 'a time such as 2027-01-15T18:30', hi: 'समय, जैसे 2027-01-15T18:30' },
  'FROM..TO': { en: 'days such as 2027-01-10..2027-01-20', hi: 'दिन, जैसे 2027-01-10..2027-01-20' },
  TEXT: { en: 'what you want to say, in quotes', hi: 'जो कहना है, कोट के बीच' },
};

const more: Words = { en: 'More about one: sabha VERB --help', hi: 'किसी एक के बारे में और: sabha VERB --help' };

/** The page of what the words name: a verb, the verbs that begin with it, or all. */
export function helpOf(words: readonly string[], language: Language): string {
  const named = words.filter((word) => !word.startsWith('-'));
  const found = verbIn(named);
  if (found !== undefined) return page(found.name, found.verb, language);
  const near = Object.entries(verbs).filter(([one]) => one.split(' ')[0] === named[0]);
  return list(near.length > 0 ? near : Object.entries(verbs), language);
}

/** How a verb is called. */
export function usageOf(name: string, { usage }: Verb): string {
  return `sabha ${name} ${usage}`.trim();
}

function page(name: string, verb: Verb, language: Language): string {
  const said = Object.entries(terms).filter(([term]) => wordsOf(verb.usage).includes(term));
  const options = Object.entries({ ...verb.options, ...common }).map(([option, { type, default: whole, says }]) => [
    `--${whole === true ? 'no-' : ''}${option}${type === 'string' ? ' …' : ''}`,
    says[language],
  ]);
  return [
    usageOf(name, verb),
    '',
    verb.does[language],
    '',
    ...inColumns([...said.map(([term, says]) => [term, says[language]]), ...options]),
  ].join('\n');
}

function list(some: readonly (readonly [string, Verb])[], language: Language): string {
  return ['sabha VERB', '', ...inColumns(some.map(([name, { does }]) => [`sabha ${name}`, does[language]])), '', more[language]].join('\n');
}

/** `[STATE[/SITE]|group:NAME]` holds two, `--at STATE[/SITE]` one. */
function wordsOf(usage: string): string[] {
  return usage.split(/[\s|]+/).map((word) => {
    const bare = word.replace(/\.{3}$/, '').replace(/^\[/, '');
    const isOpen = bare.split('[').length < bare.split(']').length;
    return isOpen ? bare.slice(0, -1) : bare;
  });
}
