/** The list of all verbs, the parsing of their arguments, and the text of `--help` in each language. */
import { parseArgs } from 'node:util';
import { describeUsageError, formatColumns, isLanguage, type Language, languages, translateLine, type Words } from '@sabha/contracts';

import * as v from 'valibot';
import type { Route, VerbSpec } from '../kit/route.ts';
import { routes } from '../routes.ts';
import { catalogueLines } from './kit/lines.ts';
import {
  CliError,
  commonOptions,
  type OutputLayout,
  parseIncidentNumber,
  parseNumberOption,
  parsePc,
  parseSite,
  parseUntil,
  type Verb,
  type VerbCall,
  type VerbOutput,
  verb,
} from './kit/model.ts';
import { answerText, importFile, jsonText, outputCsv, plainText, table } from './kit/text.ts';
import { layouts, ownVerbs, verbImplementations } from './own-verbs.ts';

export const verbs: Readonly<Record<string, Verb>> = Object.fromEntries(
  [...routes.flatMap(verbsOf), ...ownVerbs].sort(([a], [b]) => (a < b ? -1 : 1)),
);
/** Explanations of the placeholders in a usage line. */
const terms: Readonly<Record<string, Words>> = {
  'STATE/SITE/PC': { en: 'a PC, such as ladakh/leh/vc-1', hi: 'PC, जैसे ladakh/leh/vc-1' },
  'STATE/SITE': { en: 'a site, such as ladakh/leh', hi: 'ऑफ़िस, जैसे ladakh/leh' },
  'STATE/SITE[/PC]': { en: 'a site or a PC, such as ladakh/leh or ladakh/leh/vc-1', hi: 'ऑफ़िस या PC, जैसे ladakh/leh या ladakh/leh/vc-1' },
  'STATE[/SITE[/PC]]': { en: 'a state, a site or a PC, such as ladakh/leh', hi: 'राज्य, ऑफ़िस या PC, जैसे ladakh/leh' },
  'STATE[/SITE]': { en: 'a state or a site, such as ladakh/leh', hi: 'राज्य या ऑफ़िस, जैसे ladakh/leh' },
  STAGE: { en: 'planned, commissioning, live or closed', hi: 'planned, commissioning, live या closed' },
  FILE: { en: 'a file, from the folder you are in', hi: 'फ़ाइल, जिस फ़ोल्डर में आप हैं वहाँ से' },
  ID: { en: 'its number or name, as the list shows it', hi: 'उसका नंबर या नाम, जैसा सूची में है' },
  PERSON: { en: 'a person by the id of the roster, such as asha', hi: 'व्यक्ति, सूची की id से, जैसे asha' },
  'group:NAME': { en: 'a group of sites', hi: 'ऑफ़िसों का समूह' },
  TIME: { en: 'a time such as 2027-01-15T18:30', hi: 'समय, जैसे 2027-01-15T18:30' },
  'FROM..TO': { en: 'days such as 2027-01-10..2027-01-20', hi: 'दिन, जैसे 2027-01-10..2027-01-20' },
  TEXT: { en: 'your text, in quotes', hi: 'जो कहना है, कोट के बीच' },
};
const more: Words = { en: 'More about one: sabha VERB --help', hi: 'किसी एक के बारे में और: sabha VERB --help' };
/** Options whose name differs from the name of their field. */
const fieldNames: Readonly<Record<string, string>> = { arg: 'args', at: 'scope', for: 'title', yes: 'apply' };
const undone = 'nothing is changed or sent yet: --yes does it';

/** Returns the verb that the words name. A name of two words wins over a name of one. */
export function findVerb([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}

/** Returns the help of one verb, of a group of verbs such as `pcs`, or of all. */
export function helpText(words: readonly string[], language: Language): string {
  const named = words.filter((word) => !word.startsWith('-'));
  const found = findVerb(named);
  if (found !== undefined) return helpPage(found.name, found.verb, language);
  const near = Object.entries(verbs).filter(([one]) => one.split(' ')[0] === named[0]);
  return listVerbs(near.length > 0 ? near : Object.entries(verbs), language);
}

function usageOf(name: string, { usage }: Verb): string {
  return `sabha ${name} ${usage}`.trim();
}

function helpPage(name: string, verb: Verb, language: Language): string {
  const said = Object.entries(terms).filter(([term]) => wordsOf(verb.usage).includes(term));
  const options = Object.entries({ ...verb.options, ...commonOptions }).map(([option, { type, default: whole, says }]) => [
    `--${whole === true ? 'no-' : ''}${option}${type === 'string' ? ' …' : ''}`,
    says[language],
  ]);
  return [
    usageOf(name, verb),
    '',
    verb.does[language],
    '',
    ...formatColumns([...said.map(([term, says]) => [term, says[language]]), ...options]),
  ].join('\n');
}

function listVerbs(some: readonly (readonly [string, Verb])[], language: Language): string {
  return ['sabha VERB', '', ...formatColumns(some.map(([name, { does }]) => [`sabha ${name}`, does[language]])), '', more[language]].join(
    '\n',
  );
}

/** Splits a usage into its placeholders: `[STATE[/SITE]|group:NAME]` has two, `--at STATE[/SITE]` has one. */
function wordsOf(usage: string): string[] {
  return usage.split(/[\s|]+/).map((word) => {
    const bare = word.replace(/\.{3}$/, '').replace(/^\[/, '');
    const isOpen = bare.split('[').length < bare.split(']').length;
    return isOpen ? bare.slice(0, -1) : bare;
  });
}

type SchemaEntries = Readonly<Record<string, v.GenericSchema>>;
type RequestFields = Record<string, unknown>;

function verbsOf(route: Route): (readonly [string, Verb])[] {
  const { command, summary } = route;
  if (command === undefined) return [];
  const [usage, hindi, shown] = command;
  const send = (call: VerbCall) => runRoute(route, { call, options: made.options, layout: layouts[name] });
  const [name, made]: readonly [string, Verb] = verb(usage, [shown?.english ?? summary, hindi], (call) =>
    (verbImplementations[name] ?? send)(call),
  );
  return [[name, made]];
}

type RouteCall = { call: VerbCall; options: Verb['options']; layout: OutputLayout | undefined };

async function runRoute(route: Route, routeCall: RouteCall): Promise<VerbOutput> {
  const { definition: said, method } = route;
  const { call, layout } = routeCall;
  const shown = route.command?.[2] ?? {};
  const entries = { ...entriesOf(said.query), ...entriesOf(said.body) };
  const fromWords = wordFields(route, entries, routeCall);
  const fields = { ...fromWords, ...optionFields(entries, call) };
  const given = Object.entries(fields).filter(([field]) => field in entries);
  const body = { ...Object.fromEntries(given), ...('by' in entries && { by: call.by }) };
  if (shown.file !== undefined) return importFile(call, route.path, { field: shown.file, body });
  const path = pathOf(route.path, fields);
  const query = new URLSearchParams(given.filter(([, value]) => value !== '').map(([field, value]) => [field, `${value}`]));
  const address = method === 'get' && query.size > 0 ? `${path}?${query}` : path;
  if (said.answer !== undefined && 'about' in said.answer) return outputCsv(await call.api.text(address), call.words[0], call.writeText);
  const answer: unknown = method === 'get' ? await call.api.get(address) : await call.api.post(address, body);
  if (layout !== undefined) return layout(answer as never, call);
  const plain = said.answer === undefined ? fromWords : answer;
  const json =
    shown.json === undefined ? plain : named(shown.json, { ...(answer as object), ...fields, by: await actor(call, shown.json) });
  return { ok: shown.ok?.(answer) ?? true, json, text: [textOf(json, shown), ...noteOf(shown, routeCall)].join('\n') };
}

/** Returns the note below the output. Without --yes it says that nothing is changed yet. */
function noteOf({ note }: NonNullable<VerbSpec[2]>, { call, options }: RouteCall): string[] {
  const line = 'yes' in options && call.options['yes'] !== true ? undone : note;
  return line === undefined ? [] : [translateLine(line, call.language, catalogueLines)];
}

/** Returns the name of the actor as the server sees it. With a token that is the name of the token, whatever `--by` says. */
async function actor({ api, by }: VerbCall, shown: object): Promise<string> {
  if (!('by' in shown)) return by;
  return (await api.get<{ name: string | null }>('/api/me')).name ?? by;
}

function entriesOf(schema: v.GenericSchema | undefined): SchemaEntries {
  return schema !== undefined && 'entries' in schema ? (schema.entries as SchemaEntries) : {};
}

/** Assigns the arguments first to the placeholders of the path, then to the remaining fields without an option, in order. */
function wordFields({ path }: Route, entries: SchemaEntries, { call, options }: RouteCall): RequestFields {
  const taken = new Set(['by', ...Object.keys(options).map(fieldOf)]);
  const place = path.includes('/{pc}') ? 'pc' : 'site';
  const inPath = [...new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => (/^(state|site|pc)$/.test(name) ? place : name)))];
  const names = [...inPath, ...Object.keys(entries).filter((field) => !taken.has(field))];
  const readers: Readonly<Record<string, (word: string) => unknown>> = {
    pc: parsePc,
    site: parseSite,
    until: (word) => parseUntil(word, call.now()),
    ...(path.startsWith('/api/incidents/') && { id: parseIncidentNumber }),
  };
  return Object.fromEntries(
    call.words.flatMap((word, at) => {
      const name = names[at] ?? '';
      const entry = entries[name];
      if (entry !== undefined && typeOf(entry) === 'array') return at === 0 ? [[name, call.words]] : [];
      return [[name, readers[name]?.(word) ?? fieldValue(name, word, entry)]];
    }),
  );
}

function optionFields(entries: SchemaEntries, { options }: VerbCall): RequestFields {
  const given = Object.entries(options).filter(([option, value]) => value !== undefined && fieldOf(option) in entries);
  return Object.fromEntries(given.map(([option, value]) => [fieldOf(option), fieldValue(option, value, entries[fieldOf(option)])]));
}

function fieldOf(option: string): string {
  return fieldNames[option] ?? option.replace(/-[a-z]/g, (mark) => mark.slice(1).toUpperCase());
}

/** Converts an option to the type of its field: a number, an object from `KEY=VALUE`, or '' for an `all` that the schema rejects. */
function fieldValue(name: string, value: unknown, schema: v.GenericSchema | undefined): unknown {
  if (schema === undefined) return value;
  if (typeOf(schema) === 'number') return parseNumberOption(name, value);
  if (typeOf(schema) === 'record') return Object.fromEntries([value].flat().map(keyAndValue));
  return value === 'all' && !v.is(schema, value) ? '' : value;
}

function keyAndValue(text: unknown): [string, string] {
  const [, key, value = ''] = /^([^=]+)=(.*)$/s.exec(`${text}`) ?? [];
  if (key === undefined) throw new CliError(2, `--arg "${text}" is not KEY=VALUE`);
  return [key, value];
}

function typeOf(schema: v.GenericSchema): string {
  return 'wrapped' in schema ? typeOf(schema.wrapped as v.GenericSchema) : schema.type;
}

function pathOf(path: string, fields: RequestFields): string {
  const place = path.replace(/\{state\}\/\{site\}(\/\{pc\})?/, (_, pc) => `${pc === undefined ? fields['site'] : fields['pc']}`);
  return place.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(`${fields[name]}`));
}

function named(names: Readonly<Record<string, string>>, fields: RequestFields): RequestFields {
  return Object.fromEntries(Object.entries(names).map(([name, field]) => [name, fields[field] ?? true]));
}

function textOf(answer: unknown, { columns, count }: NonNullable<VerbSpec[2]>): string {
  if (!Array.isArray(answer)) return answerText(answer);
  if (answer.length === 0) return 'none';
  const counts = Map.groupBy(answer, (row) => `${count === undefined ? '' : row[count]}`);
  const sums = [...counts].map(([value, rows]) => `${rows.length} ${value}`);
  return [table(answer, columns), ...(count === undefined ? [] : [sums.join(', ')])].join('\n');
}

/** Runs one command. `out` is printed on the terminal. Throws `CliError` with one line on failure. */
export async function dispatch(
  args: readonly string[],
  context: Omit<VerbCall, 'words' | 'options'>,
): Promise<{ ok: boolean; out: string }> {
  const found = findVerb(args);
  if (found === undefined) throw new CliError(2, noVerb(args[0] ?? ''));
  const { name, verb } = found;
  const { values, positionals } = parsed(name, verb, args.slice(name.split(' ').length));
  const { json, by, lang, ...options } = values;
  if (typeof by === 'string' && by.trim() === '') throw new CliError(2, '--by needs a name');
  if (typeof lang === 'string' && !isLanguage(lang)) throw new CliError(2, `--lang: "${lang}" is not one of ${languages.join(', ')}`);
  const empty = Object.keys(options).find((option) => options[option] === '');
  if (empty !== undefined) throw new CliError(2, `--${empty} is empty: is a variable not set?`);
  const language = typeof lang === 'string' ? lang : context.language;
  const call: VerbCall = { ...context, language, by: typeof by === 'string' ? by : context.by, words: positionals, options };
  const answer = await verb.run(call);
  return { ok: answer.ok, out: json === true ? jsonText(answer.json) : plainText(answer.text) };
}

function parsed(name: string, verb: Verb, args: string[]) {
  const options = { ...verb.options, ...commonOptions };
  const [least, most] = verb.words;
  const usage = usageOf(name, verb);
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, allowNegative: true });
    const missing = verb.needed.filter((option) => values[option] === undefined);
    if (missing.length > 0) throw new CliError(2, `${name} needs --${missing.join(', --')}; usage: ${usage}`);
    if (positionals.length >= least && positionals.length <= most) return { values: values as VerbCall['options'], positionals };
    const needed = verb.usage.split(' ').filter((word) => /^[A-Z]/.test(word))[positionals.length];
    if (positionals.length < least && needed !== undefined) throw new CliError(2, `${name} needs ${needed}; usage: ${usage}`);
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(2, `${describeUsageError(error)}; usage: ${usage}`);
  }
  throw new CliError(2, `usage: ${usage}`);
}

function noVerb(first: string): string {
  const near = Object.keys(verbs).filter((name) => name.split(' ')[0] === first);
  if (near.length > 0) return `which of: ${near.join(', ')}?`;
  return first === '' ? 'what is to be done? "sabha help" lists it' : `"${first}" is not known: "sabha help" lists the commands`;
}
