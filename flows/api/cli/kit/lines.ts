/**
 * Translates the lines of `sabha` and its server to Hindi, and some lines to plainer English. The catalogue is `locales/hi.json`. In a line
 * of the program `{}` matches any text, `{word}` a text without spaces, and `…` a text that the translation omits.
 */
import { readFileSync } from 'node:fs';
import { type LineRow, serverLineRows } from '@sabha/contracts';

type Catalogue = Readonly<Record<string, string | { en: string; hi: string }>>;

const catalogue: Catalogue = JSON.parse(readFileSync(new URL('../locales/hi.json', import.meta.url), 'utf8'));

/** The translation patterns of `sabha` and of the server. */
export const catalogueLines: readonly LineRow[] = [...Object.entries(catalogue).map(rowOf), ...serverLineRows];

function rowOf([line, words]: [string, Catalogue[string]]): LineRow {
  const pattern = RegExp.escape(line).replaceAll('\\{\\}', '(.*?)').replaceAll('\\{word\\}', '(\\S+)').replaceAll('…', '.*');
  const { hi, en } = typeof words === 'string' ? { hi: words, en: undefined } : words;
  const filled = (text: string) => text.replace(/\{(\d)\}/g, '$$$1');
  return [new RegExp(`^${pattern}$`, 's'), { hi: filled(hi), ...(en !== undefined && { en: filled(en) }) }];
}
