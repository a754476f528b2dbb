/**
 * Texts of domain terms for people, shared by notifications, self-test, CLI and wall. Every part supports English and Hindi. Notifications
 * support further languages: each is a file like `mr.ts` and an entry in `notificationOnlyLanguages`.
 */
import { type FaultId, faultIds, faultOf, faults, type Language, languages, type Words } from '../faults.ts';
import { confidenceLevelOf, type Outage } from '../outages.ts';
import { applyTranslations, coreReasonText, reasons } from '../reasons.ts';
import { type Dates, en, type NotificationOnlyTexts, type Vocabulary } from './en.ts';
import { hi } from './hi.ts';
import { mr } from './mr.ts';

export type { Dates, NotificationOnlyTexts, Vocabulary } from './en.ts';

/** Vocabulary of the languages that all parts support. The wall receives it unchanged. */
export const vocabulary: Readonly<Record<Language, Vocabulary>> = { en, hi };

export const notificationOnlyLanguages = { mr } as const satisfies Record<string, NotificationOnlyTexts>;
type NotificationOnlyLanguage = keyof typeof notificationOnlyLanguages;

export type MessageLanguage = Language | NotificationOnlyLanguage;
export const messageLanguages: readonly MessageLanguage[] = [
  ...languages,
  ...(Object.keys(notificationOnlyLanguages) as NotificationOnlyLanguage[]),
];

/** A further language with all gaps filled: a missing text comes from the language of its `names`. */
export type CompleteTexts = NotificationOnlyTexts & {
  readonly vocabulary: Vocabulary;
  readonly titles: Readonly<Record<FaultId, string>>;
  readonly actions: Readonly<Record<FaultId, string>>;
};

export function fillMissingTexts(own: NotificationOnlyTexts): CompleteTexts {
  const { names, vocabulary: words } = own;
  const said = (pattern: string, text: string | undefined) => (text === undefined ? [] : [[pattern, text] as const]);
  const ofFaults = (textOf: (id: FaultId) => string) =>
    Object.fromEntries(faultIds.map((id) => [id, textOf(id)])) as Record<FaultId, string>;
  return {
    ...own,
    vocabulary: { ...words, component: { ...vocabulary[names].component, ...words.component } },
    titles: ofFaults((id) => own.titles[id] ?? faults[id].title[names]),
    actions: ofFaults((id) => own.actions[id] ?? faults[id].action[names]),
    // Agents report in English, so a reason without a translation stays as it is.
    reasons: Object.fromEntries(
      reasons.flatMap(([pattern, hi]) => said(pattern, own.reasons[pattern] ?? (names === 'hi' ? hi : undefined))),
    ),
  };
}

const completedLanguages = new Map<NotificationOnlyLanguage, CompleteTexts>();
function completeTextsOf(language: NotificationOnlyLanguage): CompleteTexts {
  return completedLanguages.getOrInsertComputed(language, () => fillMissingTexts(notificationOnlyLanguages[language]));
}

export function vocabularyIn(language: MessageLanguage): Vocabulary {
  return isNotificationOnly(language) ? completeTextsOf(language).vocabulary : vocabulary[language];
}

/** Returns the word for an external key; undefined without one. */
export function wordFor(language: MessageLanguage, group: keyof Vocabulary, key: string): string | undefined {
  const words: Readonly<Record<string, string>> = vocabularyIn(language)[group];
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** Fills the blanks of a text. The values are data: blanks inside them are not filled. */
export function fillIn(text: string, blanks: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (blank, name: string) => (Object.hasOwn(blanks, name) ? `${blanks[name]}` : blank));
}

/** Returns a cause with its confidence in words. `beside`: another PC of the site responds. */
export function outageText({ cause, confidence, beside }: Outage & { beside?: true | undefined }, language: MessageLanguage): string {
  const { outage, sureness, message } = vocabularyIn(language);
  if (cause === 'undetermined') return beside ? message.beside : outage[cause];
  return fillIn(sureness[confidenceLevelOf(confidence)], { cause: outage[cause] });
}

/** Returns the title of a fault; undefined for an unknown fault. */
export function titleIn(fault: string, language: MessageLanguage): string | undefined {
  return isNotificationOnly(language) ? ownText(completeTextsOf(language).titles, fault) : faultOf(fault)?.title[language];
}

/** Returns the action for a fault; undefined for an unknown fault. */
export function actionIn(fault: string, language: MessageLanguage): string | undefined {
  return isNotificationOnly(language) ? ownText(completeTextsOf(language).actions, fault) : faultOf(fault)?.action[language];
}

/** Translates an agent's reason as far as the language has its phrases. */
export function translateReason(reason: string, language: MessageLanguage): string {
  return isNotificationOnly(language)
    ? applyTranslations(reason, Object.entries(completeTextsOf(language).reasons))
    : coreReasonText(reason, language);
}

/** Returns a name of the site table in a language, or else in English. */
export function nameIn(name: Words, language: MessageLanguage): string {
  return name[isNotificationOnly(language) ? notificationOnlyLanguages[language].names : language] || name.en;
}

export function datesIn(language: MessageLanguage): Dates {
  if (isNotificationOnly(language)) return notificationOnlyLanguages[language].dates;
  return language === 'hi' ? { locale: 'hi-IN-u-nu-latn', month: 'long' } : { locale: 'en-GB', month: 'short' };
}

/** Splits an action into its steps: one per sentence, at most three. */
export function stepsOf(action: string): string[] {
  return action.split(/(?<=[.।])\s+/).filter((step) => step !== '');
}

function isNotificationOnly(language: MessageLanguage): language is NotificationOnlyLanguage {
  return Object.hasOwn(notificationOnlyLanguages, language);
}

function ownText(words: Readonly<Partial<Record<FaultId | string, string>>>, key: string): string | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
