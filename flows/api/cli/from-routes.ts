/** The verbs that are one request: each is made from the row of its route. */
import * as v from 'valibot';
import { isPcPath } from '#contracts';
import type { Command, Route } from '../kit/route.ts';
import { asFile } from './kit/files.ts';
import { type Answer, type Call, CliError, type Verb } from './kit/model.ts';
import { answerText, table } from './kit/text.ts';
import { incidentNamed, numberOf, siteNamed, verb } from './kit/usage.ts';

type Entries = Readonly<Record<string, v.GenericSchema>>;
type Fields = Record<string, unknown>;

/** Options that have another name than their field. */
const fieldNames: Readonly<Record<string, string>> = { at: 'scope', for: 'title', yes: 'apply' };
const undone = 'nothing is changed or sent yet: --yes does it';

/** One verb for each route that has a command. */
export function verbsOf(routes: readonly Route[]): (readonly [string, Verb])[] {
  return routes.flatMap((route) => {
    const { command } = route;
    if (command === undefined) return [];
    const made: readonly [string, Verb] = verb(command[0], [route.summary, command[1]], (call) => carryOut(route, made[1].options, call));
    return [made];
  });
}

async function carryOut(route: Route, options: Verb['options'], call: Call): Promise<Answer> {
  const { said, method } = route;
  const entries = { ...entriesOf(said.query), ...entriesOf(said.body) };
  const fromWords = wordFields(route, entries, { call, options });
  const fields = { ...fromWords, ...optionFields(entries, call) };
  const path = pathOf(route.path, fields);
  const asked = Object.entries(fields).filter(([field]) => field in entries);
  const query = new URLSearchParams(asked.filter(([, value]) => value !== '').map(([field, value]) => [field, `${value}`]));
  const address = method === 'get' && query.size > 0 ? `${path}?${query}` : path;
  if (said.answer !== undefined && 'about' in said.answer) return asFile(await call.api.text(address), call.words[0], call.writeText);
  const body = { ...Object.fromEntries(asked), ...('by' in entries && { by: call.by }) };
  const answer: unknown = method === 'get' ? await call.api.get(address) : await call.api.post(address, body);
  const shown = route.command?.[2] ?? {};
  const json =
    shown.json === undefined
      ? said.answer === undefined
        ? fromWords
        : answer
      : named(shown.json, { ...(answer as object), ...fields, by: call.by });
  const isUndone = 'yes' in options && call.options['yes'] !== true;
  const note = isUndone ? undone : shown.note;
  const text = `${textOf(json, shown)}${note === undefined ? '' : `\n${note}`}`;
  return { ok: shown.ok?.(answer) ?? true, json, text };
}

function entriesOf(schema: v.GenericSchema | undefined): Entries {
  return schema !== undefined && 'entries' in schema ? (schema.entries as Entries) : {};
}

/** Words fill the path, then the other fields in their order, except those that have an option. */
function wordFields({ path }: Route, entries: Entries, { call, options }: { call: Call; options: Verb['options'] }): Fields {
  const taken = new Set(['by', ...Object.keys(options).map(fieldOf)]);
  const place = path.includes('/{pc}') ? 'pc' : 'site';
  const inPath = [...new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => (/^(state|site|pc)$/.test(name) ? place : name)))];
  const names = [...inPath, ...Object.keys(entries).filter((field) => !taken.has(field))];
  const isIncident = path.startsWith('/api/incidents/');
  return Object.fromEntries(
    call.words.flatMap((word, at) => {
      const name = names[at] ?? names.at(-1) ?? '';
      if (name === 'pc' && !isPcPath(word)) throw new CliError(2, `"${word}" is no PC: expected STATE/SITE/PC`);
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
