/**
 * What `sabha` says of a call, and its server of an order, in Hindi; English where the line of the program is not plain enough. The catalogue is
 * `locales/hi.json`: in a line of the program `{}` stands for any text, `{word}` for a text without spaces, and `…` for a text that is left out.
 */
import { readFileSync } from 'node:fs';
import { type LineRow, rowsOfCentre } from '@sabha/contracts';

type Catalogue = Readonly<Record<string, string | { en: string; hi: string }>>;

const catalogue: Catalogue = JSON.parse(readFileSync(new URL('../locales/hi.json', import.meta.url), 'utf8'));
const placeholders = { '\\{\\}': '(.*?)', '\\{word\\}': '(\\S+)', '…': '.*' };

/** The rows of `sabha`. */
export const lines: readonly LineRow[] = [...Object.entries(catalogue).map(rowOf), ...rowsOfCentre];

function rowOf([line, words]: [string, Catalogue[string]]): LineRow {
  const pattern = RegExp.escape(line).replace(/\\\{(word)?\\\}|…/g, (mark) => placeholders[mark as keyof typeof placeholders]);
  const { hi, en } = typeof words === 'string' ? { hi: words, en: undefined } : words;
  const filled = (text: string) => text.replace(/\{(\d)\}/g, '$$$1');
  return [new RegExp(`^${pattern}$`, 's'), { hi: filled(hi), ...(en !== undefined && { en: filled(en) }) }];
}
