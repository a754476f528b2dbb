/** Texts for terminal lines of the server. The package of the agent does not include them. */

import { parseArgs } from 'node:util';
import { isLanguage, type Language, languages, type Words } from '../domain/faults.ts';
import { describeUsageError } from '../kit/one-line.ts';
import { StartError } from '../kit/start.ts';
import { formatColumns, type LanguageEnv, type LineRow, languageFor, translateLine } from './lines.ts';

/** Errors that stop `npm start`. */
const starts: readonly LineRow[] = [
  [/^Node (\S+) is too old: run "(.+)", which brings Node (\d+)$/, { hi: 'Node $1 बहुत पुराना है: "$2" चलाएँ, उससे Node $3 आएगा' }],
  [/^port (\d+) is in use by another program(?: \((\S+)\))?$/, { hi: 'पोर्ट $1 कोई और प्रोग्राम इस्तेमाल कर रहा है' }],
  [/^(.+): a restore was interrupted: run "(.+)" again$/, { hi: '$1: बैकअप लौटाना बीच में रुक गया था: "$2" फिर चलाएँ' }],
  [
    /^(.+): is no private key: put it back from a copy, or run "(.+)"; without it the PCs accept no commands$/,
    { hi: '$1: यह चाबी नहीं है: कॉपी से लौटाएँ, या "$2" चलाएँ; इसके बिना PC किसी की नहीं मानेंगे' },
  ],
];

export const serverLineRows: readonly LineRow[] = [
  [
    /^expected (\d+) cells as in the header, found (\d+)$/,
    { en: 'expected $1 cells, as in the first line, found $2', hi: 'पहली लाइन की तरह $1 खाने चाहिए, $2 नहीं' },
  ],
  [/^this column is not known$/, { hi: 'यह कॉलम यहाँ नहीं चलता' }],
  [/^this column appears twice$/, { hi: 'यह कॉलम दो बार है' }],
  [/^this column is missing$/, { hi: 'यह कॉलम नहीं है' }],
  [/^these columns are missing: (.+)$/, { hi: 'ये कॉलम नहीं हैं: $1' }],
  [/^roles of (.+) with "\|" between$/, { hi: 'इनमें से भूमिकाएँ, बीच में "|": $1' }],
  [/^is not UTF-8: save it as "CSV UTF-8"$/, { hi: 'UTF-8 में नहीं है: "CSV UTF-8" चुनकर फिर सेव करें' }],
  [/^must not be empty$/, { hi: 'ख़ाली नहीं होना चाहिए' }],
  [/^state\/site or state\/site\/pc$/, { en: 'a site as STATE/SITE or a PC as STATE/SITE/PC', hi: 'ऑफ़िस STATE/SITE या PC STATE/SITE/PC' }],
  [/^(?:Error: )?bad port$/, { en: 'this port cannot be used for requests', hi: 'इस पोर्ट से पूछा नहीं जा सकता' }],
];

/** Translates like `translateLine`, with the additional rows for `npm start`. */
export function translateStartLine(line: string, language: Language): string {
  return translateLine(line, language, starts);
}

const words = {
  'no-agent': { en: 'without the agent of this PC', hi: 'इस PC के एजेंट के बिना' },
  editor: { en: 'with the editor of the tabs, on this PC', hi: 'टैब के एडिटर के साथ, इसी मशीन पर' },
  prepare: { en: 'prepares the files of the parts, and ends', hi: 'हिस्सों के चलने का सामान बनाता है, फिर बंद' },
  help: { en: 'says this', hi: 'यही सूची' },
} as const satisfies Record<string, Words>;
type Option = keyof typeof words;
const names = Object.keys(words) as Option[];

/** Parses the options of `npm start`. `help`: the help text, if requested. Throws a `StartError` for an unknown option. */
export function parseStartOptions(
  args: string[],
  env: LanguageEnv,
): Readonly<Record<Exclude<Option, 'help'>, boolean>> & { help?: string } {
  const flag = { type: 'boolean', default: false } as const;
  const options = { 'no-agent': flag, editor: flag, prepare: flag, help: flag, lang: { type: 'string' } } as const;
  try {
    const { help, lang, ...asked } = parseArgs({ args, options }).values;
    if (lang !== undefined && !isLanguage(lang)) throw new Error(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
    return help ? { ...asked, help: startHelp(languageFor(args, env)) } : asked;
  } catch (error) {
    throw new StartError(
      `${describeUsageError(error)}; usage: npm start -- ${names.map((name) => `[--${name}]`).join(' ')} [--lang en|hi]`,
    );
  }
}

function startHelp(language: keyof Words): string {
  const rows = Object.entries(words).map(([name, said]) => [`--${name}`, said[language]]);
  return ['npm start -- OPTION … [--lang en|hi]', ...formatColumns(rows)].join('\n');
}
