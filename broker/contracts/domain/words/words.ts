/**
 * What a person reads of the domain, once for mail, self-test, CLI and wall. Every part speaks English and Hindi; messages are written in
 * further languages too: each is a file like `mr.ts` and a line in `further`.
 */
import { type FaultId, faultIds, faultOf, faults, type Language, languages, type Words } from '../faults.ts';
import { type Outage, surenessOf } from '../outages.ts';
import { reasonIn, reasons, retold } from '../reasons.ts';
import { type Dates, en, type FurtherLanguage, type Vocabulary } from './en.ts';
import { hi } from './hi.ts';
import { mr } from './mr.ts';

export type { Dates, FurtherLanguage, Vocabulary } from './en.ts';

/** The words of each language of all parts: the wall gets them as they stand here. */
export const vocabulary: Readonly<Record<Language, Vocabulary>> = { en, hi };

/** THE list of languages beside those. */
export const further = { mr } as const satisfies Record<string, FurtherLanguage>;
type Further = keyof typeof further;

/** A language that messages are written in. */
export type MessageLanguage = Language | Further;
/** All of them. */
export const messageLanguages: readonly MessageLanguage[] = [...languages, ...(Object.keys(further) as Further[])];

/** A further language with all that it lacks: what a probe brought and nobody has translated yet is told in the language of its `names`. */
export type Complete = FurtherLanguage & {
  readonly vocabulary: Vocabulary;
  readonly titles: Readonly<Record<FaultId, string>>;
  readonly actions: Readonly<Record<FaultId, string>>;
};

/** The language so completed. */
export function completed(own: FurtherLanguage): Complete {
  const { names, vocabulary: words } = own;
  const said = (pattern: string, text: string | undefined) => (text === undefined ? [] : [[pattern, text] as const]);
  const ofFaults = (textOf: (id: FaultId) => string) =>
    Object.fromEntries(faultIds.map((id) => [id, textOf(id)])) as Record<FaultId, string>;
  return {
    ...own,
    vocabulary: { ...words, component: { ...vocabulary[names].component, ...words.component } },
    titles: ofFaults((id) => own.titles[id] ?? faults[id].title[names]),
    actions: ofFaults((id) => own.actions[id] ?? faults[id].action[names]),
    // English is what machines say: a reason that has no text there stays as it is.
    reasons: Object.fromEntries(
      reasons.flatMap(([pattern, hi]) => said(pattern, own.reasons[pattern] ?? (names === 'hi' ? hi : undefined))),
    ),
  };
}

const complete = new Map<Further, Complete>();
function wholeOf(language: Further): Complete {
  return complete.getOrInsertComputed(language, () => completed(further[language]));
}

/** The words of the domain in a language of messages. */
export function wordsIn(language: MessageLanguage): Vocabulary {
  return isFurther(language) ? wholeOf(language).vocabulary : vocabulary[language];
}

/** The word for a key that comes from outside; undefined where there is none. */
export function wordFor(language: MessageLanguage, group: keyof Vocabulary, key: string): string | undefined {
  const words: Readonly<Record<string, string>> = wordsIn(language)[group];
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** A text with its blanks filled in: what is filled in is data, and never looked into again. */
export function filled(text: string, blanks: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (blank, name: string) => (Object.hasOwn(blanks, name) ? `${blanks[name]}` : blank));
}

/** A cause and how sure it is, in words: what is sure is said as it is. `beside`: another PC of the site answers. */
export function outageText({ cause, confidence, beside }: Outage & { beside?: true | undefined }, language: MessageLanguage): string {
  const { outage, sureness, message } = wordsIn(language);
  if (cause === 'undetermined') return beside ? message.beside : outage[cause];
  return filled(sureness[surenessOf(confidence)], { cause: outage[cause] });
}

/** Title of a fault; undefined for one that this version does not know. */
export function titleIn(fault: string, language: MessageLanguage): string | undefined {
  return isFurther(language) ? ofKnown(wholeOf(language).titles, fault) : faultOf(fault)?.title[language];
}

/** What to do about a fault; undefined for one that this version does not know. */
export function actionIn(fault: string, language: MessageLanguage): string | undefined {
  return isFurther(language) ? ofKnown(wholeOf(language).actions, fault) : faultOf(fault)?.action[language];
}

/** The reason that a machine gave, in a language of messages, as far as it is known there. */
export function reasonTold(reason: string, language: MessageLanguage): string {
  return isFurther(language) ? retold(reason, Object.entries(wholeOf(language).reasons)) : reasonIn(reason, language);
}

/** A name of the site table for a reader of a language: English where there is no other. */
export function nameIn(name: Words, language: MessageLanguage): string {
  return name[isFurther(language) ? further[language].names : language] || name.en;
}

/** How dates are written in a language. */
export function datesIn(language: MessageLanguage): Dates {
  if (isFurther(language)) return further[language].dates;
  return language === 'hi' ? { locale: 'hi-IN-u-nu-latn', month: 'long' } : { locale: 'en-GB', month: 'short' };
}

/** At most three things to do, as an action says them: one a sentence. */
export function stepsOf(action: string): string[] {
  return action.split(/(?<=[.।])\s+/).filter((step) => step !== '');
}

function isFurther(language: MessageLanguage): language is Further {
  return Object.hasOwn(further, language);
}

function ofKnown(words: Readonly<Partial<Record<FaultId | string, string>>>, key: string): string | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
