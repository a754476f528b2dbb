/** From the words of a command to its answer. */
import { parseArgs } from 'node:util';
import { isLanguage, languages, saidOfCall } from '@sabha/contracts';
import { type Call, CliError, type Verb } from './kit/model.ts';
import { jsonText, plainText } from './kit/text.ts';
import { common, usageOf, verbIn, verbs } from './verbs.ts';

/** Carries out one command; `out` is for the terminal. Throws `CliError` with one line where it cannot. */
export async function dispatch(args: readonly string[], around: Omit<Call, 'words' | 'options'>): Promise<{ ok: boolean; out: string }> {
  const found = verbIn(args);
  if (found === undefined) throw new CliError(2, noVerb(args[0] ?? ''));
  const { name, verb } = found;
  const { values, positionals } = parsed(name, verb, args.slice(name.split(' ').length));
  const { json, by, lang, ...options } = values;
  if (typeof by === 'string' && by.trim() === '') throw new CliError(2, '--by needs a name');
  if (typeof lang === 'string' && !isLanguage(lang)) throw new CliError(2, `--lang: "${lang}" is not one of ${languages.join(', ')}`);
  const empty = Object.keys(options).find((option) => options[option] === '');
  if (empty !== undefined) throw new CliError(2, `--${empty} is empty: is a variable not set?`);
  const language = typeof lang === 'string' ? lang : around.language;
  const call: Call = { ...around, language, by: typeof by === 'string' ? by : around.by, words: positionals, options };
  const answer = await verb.run(call);
  return { ok: answer.ok, out: json === true ? jsonText(answer.json) : plainText(answer.text) };
}

function parsed(name: string, verb: Verb, args: string[]) {
  const options = { ...verb.options, ...common };
  const [least, most] = verb.words;
  const usage = usageOf(name, verb);
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, allowNegative: true });
    const missing = verb.needed.filter((option) => values[option] === undefined);
    if (missing.length > 0) throw new CliError(2, `${name} needs --${missing.join(', --')}; usage: ${usage}`);
    if (positionals.length >= least && positionals.length <= most) return { values: values as Call['options'], positionals };
    const needed = verb.usage.split(' ').filter((word) => /^[A-Z]/.test(word))[positionals.length];
    if (positionals.length < least && needed !== undefined) throw new CliError(2, `${name} needs ${needed}; usage: ${usage}`);
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(2, `${saidOfCall(error)}; usage: ${usage}`);
  }
  throw new CliError(2, `usage: ${usage}`);
}

function noVerb(first: string): string {
  const near = Object.keys(verbs).filter((name) => name.split(' ')[0] === first);
  if (near.length > 0) return `which of: ${near.join(', ')}?`;
  return first === '' ? 'what is to be done? "sabha help" lists it' : `"${first}" is not known: "sabha help" lists what is`;
}
