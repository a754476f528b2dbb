/** What `npm start` may be called with. */
import { parseArgs } from 'node:util';
import { isLanguage, languages, type Words } from '../domain/faults.ts';
import { saidOfCall } from '../kit/one-line.ts';
import { StartError } from '../kit/start.ts';
import { inColumns, type LanguageEnv, languageFor } from './lines.ts';

const words = {
  'no-agent': { en: 'without the agent of this PC', hi: 'इस PC के एजेंट के बिना' },
  editor: { en: 'with the editor of the tabs, at this machine', hi: 'टैब के एडिटर के साथ, इसी मशीन पर' },
  prepare: { en: 'makes what the parts need at their start, and ends', hi: 'हिस्सों के चलने का सामान बनाता है, फिर बंद' },
  help: { en: 'says this', hi: 'यही सूची' },
} as const satisfies Record<string, Words>;
type Option = keyof typeof words;
const names = Object.keys(words) as Option[];

/** What was asked; `help` is the text where that was. Throws StartError for what is no option. */
export function startCall(args: string[], env: LanguageEnv): Readonly<Record<Exclude<Option, 'help'>, boolean>> & { help?: string } {
  const flag = { type: 'boolean', default: false } as const;
  const options = { 'no-agent': flag, editor: flag, prepare: flag, help: flag, lang: { type: 'string' } } as const;
  try {
    const { help, lang, ...asked } = parseArgs({ args, options }).values;
    if (lang !== undefined && !isLanguage(lang)) throw new Error(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
    return help ? { ...asked, help: helpIn(languageFor(args, env)) } : asked;
  } catch (error) {
    throw new StartError(`${saidOfCall(error)}; usage: npm start -- ${names.map((name) => `[--${name}]`).join(' ')} [--lang en|hi]`);
  }
}

function helpIn(language: keyof Words): string {
  const rows = Object.entries(words).map(([name, said]) => [`--${name}`, said[language]]);
  return ['npm start -- OPTION … [--lang en|hi]', ...inColumns(rows)].join('\n');
}
