/** The verbs that are one request: each is made from the row of its route. */
import { lineIn } from '@sabha/contracts';
import * as v from 'valibot';
import type { Command, Route } from '../kit/route.ts';
import { asFile, importFile } from './kit/files.ts';
import { lines } from './kit/lines.ts';
import type { Answer, Call, Layout, Verb } from './kit/model.ts';
import { answerText, table } from './kit/text.ts';
import { incidentNamed, numberOf, pcNamed, siteNamed, verb } from './kit/usage.ts';

type Entries = Readonly<Record<string, v.GenericSchema>>;
type Fields = Record<string, unknown>;

/** Options that have another name than their field. */
const fieldNames: Readonly<Record<string, string>> = { at: 'scope', for: 'title', yes: 'apply' };
const undone = 'nothing is changed or sent yet: --yes does it';

/** Verbs that make their requests themselves, and how the answers of others are shown, by the name of the verb. */
export type Own = { runs: Readonly<Record<string, Verb['run']>>; layouts: Readonly<Record<string, Layout>> };

/** One verb for each route that has a command. */
export function verbsOf(routes: readonly Route[], { runs, layouts }: Own): (readonly [string, Verb])[] {
  return routes.flatMap((route) => {
    const { command } = route;
    if (command === undefined) return [];
    const send = (call: Call) => carryOut(route, { call, options: made.options, layout: layouts[name] });
    const [name, made]: readonly [string, Verb] = verb(command[0], [command[2]?.english ?? route.summary, command[1]], (call) =>
      (runs[name] ?? send)(call),
    );
    return [[name, made] as const];
  });
}

type Asked = { call: Call; options: Verb['options']; layout: Layout | undefined };

async function carryOut(route: Route, asked: Asked): Promise<Answer> {
  const { said, method } = route;
  const { call, layout } = asked;
  const shown = route.command?.[2] ?? {};
  const entries = { ...entriesOf(said.query), ...entriesOf(said.body) };
  const fromWords = wordFields(route, entries, asked);
  const fields = { ...fromWords, ...optionFields(entries, call) };
  const given = Object.entries(fields).filter(([field]) => field in entries);
  const body = { ...Object.fromEntries(given), ...('by' in entries && { by: call.by }) };
  if (shown.file !== undefined) return importFile(call, route.path, { field: shown.file, body });
  const path = pathOf(route.path, fields);
  const query = new URLSearchParams(given.filter(([, value]) => value !== '').map(([field, value]) => [field, `${value}`]));
  const address = method === 'get' && query.size > 0 ? `${path}?${query}` : path;
  if (said.answer !== undefined && 'about' in said.answer) return asFile(await call.api.text(address), call.words[0], call.writeText);
  const answer: unknown = method === 'get' ? await call.api.get(address) : await call.api.post(address, body);
  if (layout !== undefined) return layout(answer as never, call);
  const plain = said.answer === undefined ? fromWords : answer;
  const json =
    shown.json === undefined ? plain : named(shown.json, { ...(answer as object), ...fields, by: await actor(call, shown.json) });
  return { ok: shown.ok?.(answer) ?? true, json, text: [textOf(json, shown), ...noteOf(shown, asked)].join('\n') };
}

/** What is said below the answer. */
function noteOf({ note }: NonNullable<Command[2]>, { call, options }: Asked): string[] {
  const line = 'yes' in options && call.options['yes'] !== true ? undone : note;
  return line === undefined ? [] : [lineIn(line, call.language, lines)];
}

/** Who acts as the server sees it: with a token it is the name of the token, whatever was typed. */
async function actor({ api, by }: Call, shown: object): Promise<string> {
  if (!('by' in shown)) return by;
  return (await api.get<{ name: string | null }>('/api/me')).name ?? by;
}

function entriesOf(schema: v.GenericSchema | undefined): Entries {
  return schema !== undefined && 'entries' in schema ? (schema.entries as Entries) : {};
}

/** Words fill the path, then the other fields in their order, except those that have an option. */
function wordFields({ path }: Route, entries: Entries, { call, options }: Asked): Fields {
  const taken = new Set(['by', ...Object.keys(options).map(fieldOf)]);
  const place = path.includes('/{pc}') ? 'pc' : 'site';
  const inPath = [...new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => (/^(state|site|pc)$/.test(name) ? place : name)))];
  const names = [...inPath, ...Object.keys(entries).filter((field) => !taken.has(field))];
  const isIncident = path.startsWith('/api/incidents/');
  return Object.fromEntries(
    call.words.flatMap((word, at) => {
      const name = names[at] ?? '';
      if (name === 'pc') pcNamed(word);
      if (name === 'site') siteNamed(word);
      const entry = entries[name];
      if (entry !== undefined && typeOf(entry) === 'array') return at === 0 ? [[name, call.words]] : [];
      return [[name, name === 'id' && isIncident ? incidentNamed(word) : fieldValue(name, word, entry)]];
    }),
  );
}

function optionFields(entries: Entries, { options }: Call): Fields {
  const given = Object.entries(options).filter(([option, value]) => value !== undefined && fieldOf(option) in entries);
  return Object.fromEntries(given.map(([option, value]) => [fieldOf(option), fieldValue(option, value, entries[fieldOf(option)])]));
}

function fieldOf(option: string): string {
  return fieldNames[option] ?? option.replace(/-[a-z]/g, (mark) => mark.slice(1).toUpperCase());
}

/** What a field takes: a number, or `''` for `all` where it does not know the word. */
function fieldValue(name: string, value: unknown, schema: v.GenericSchema | undefined): unknown {
  if (schema === undefined) return value;
  if (typeOf(schema) === 'number') return numberOf(name, value);
  return value === 'all' && !v.is(schema, value) ? '' : value;
}

function typeOf(schema: v.GenericSchema): string {
  return 'wrapped' in schema ? typeOf(schema.wrapped as v.GenericSchema) : schema.type;
}

function pathOf(path: string, fields: Fields): string {
  const place = path.replace(/\{state\}\/\{site\}(\/\{pc\})?/, (_, pc) => `${pc === undefined ? fields['site'] : fields['pc']}`);
  return place.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(`${fields[name]}`));
}

function named(names: Readonly<Record<string, string>>, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(names).map(([name, field]) => [name, fields[field] ?? true]));
}

function textOf(answer: unknown, { columns, count }: NonNullable<Command[2]>): string {
  if (!Array.isArray(answer)) return answerText(answer);
  if (answer.length === 0) return 'none';
  const counts = Map.groupBy(answer, (row) => `${count === undefined ? '' : row[count]}`);
  const sums = [...counts].map(([value, rows]) => `${rows.length} ${value}`);
  return [table(answer, columns), ...(count === undefined ? [] : [sums.join(', ')])].join('\n');
}
