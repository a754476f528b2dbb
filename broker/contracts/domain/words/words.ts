/** What a person reads of the domain, once for mail, self-test, CLI and wall. A further language is a file like `hi.ts` and a line here. */
import type { Language } from '../faults.ts';
import { type Outage, surenessOf } from '../outages.ts';
import { en, type Vocabulary } from './en.ts';
import { hi } from './hi.ts';

export type { Vocabulary } from './en.ts';

/** The words of each language: the wall gets them as they stand here. */
export const vocabulary: Readonly<Record<Language, Vocabulary>> = { en, hi };

/** The word for a key that comes from outside; undefined where there is none. */
export function wordFor(language: Language, group: keyof Vocabulary, key: string): string | undefined {
  const words: Readonly<Record<string, string>> = vocabulary[language][group];
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** A cause and how sure it is, in words: `power cut, sure`. */
export function outageText({ cause, confidence }: Outage, language: Language): string {
  const { outage, sureness } = vocabulary[language];
  return cause === 'undetermined' ? outage[cause] : sureness[surenessOf(confidence)].replace('{cause}', outage[cause]);
}
