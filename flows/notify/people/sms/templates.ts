/**
 * The texts that may be sent as SMS, as they are registered in India: each has an id, and each of its blanks a tag.
 * Whether Devanagari passes `#alphanumeric#` no rule says. So each fault has a text of its own whose blanks are Latin (`fixed`), and there is
 * one text for all of them with the fault as a blank (`open`): an operator's word decides which is used.
 */
import {
  faultIds,
  filled,
  type MessageLanguage,
  messageLanguages,
  type OutageCause,
  outageCauses,
  titleIn,
  unfinishedFault,
  type Vocabulary,
  wordsIn,
} from '@sabha/contracts';
import { safeTable } from '../../../sites/sheet.ts';
import { sizeOf } from './segments.ts';

/** How a tag is written in a registered text, the most characters that a value of it may have, and what one looks like. */
type Tag = { written: string; limit: number; pattern: RegExp };

/**
 * TRAI's direction of 18 November 2025 names the tags by which India's operators (DLT) know what a variable may hold, and the 40 characters of `#alphanumeric#`; the other lengths are those that gateways take for any variable.
 * Change a number here where an operator says another.
 */
export const tags = {
  numeric: { written: '#numeric#', limit: 40, pattern: /^\d+$/ },
  alphanumeric: { written: '#alphanumeric#', limit: 40, pattern: /^[^\p{Cc}]+$/u },
  url: { written: '#url#', limit: 40, pattern: /^https:\/\/\S+$/ },
} as const satisfies Record<string, Tag>;

type TagName = keyof typeof tags;

/** How a text is made: see above. */
export type Form = 'fixed' | 'open';
/** A blank of a text: how it is tagged, and the most characters that we fill in. */
export type Blank = { name: BlankName; tag: TagName; limit: number };
/** One text. */
export type Template = { id: string; language: MessageLanguage; form: Form; text: string; blanks: readonly Blank[] };

/** Most segments of an SMS. */
export const segmentLimit = 2;

/** Every blank that a text may have. The limits are ours: two segments hold the rest; none is above that of its tag. */
const blanks = {
  site: { tag: 'alphanumeric', limit: 24 },
  room: { tag: 'alphanumeric', limit: 16 },
  title: { tag: 'alphanumeric', limit: 40 },
  since: { tag: 'alphanumeric', limit: 11 },
  until: { tag: 'alphanumeric', limit: 11 },
  n: { tag: 'numeric', limit: 7 },
  m: { tag: 'numeric', limit: 7 },
  url: { tag: 'url', limit: tags.url.limit },
} as const satisfies Record<string, { tag: TagName; limit: number }>;
type BlankName = keyof typeof blanks;

/** The blanks of which the first that fits into two segments are kept, from the most telling to the shortest. */
const newsTexts = ['newsLink', 'news', 'newsShort'] as const;
const sureAndLikely = ['sure', 'likely'] as const;

/** All texts of all languages. `link`: where the centre has a name, an alert may lead to its incident. */
export function templatesWith(link: boolean): Template[] {
  return messageLanguages.flatMap((language) => templatesOf(language, link));
}

/** Id of the text for a fault in the fixed form; a PC that is away has one for each cause, as far as it is known. */
export function newsId(fault: string, cause?: { cause: OutageCause; sureness: (typeof sureAndLikely)[number] }): string {
  return cause === undefined ? `news.${fault}` : `news.${fault}.${cause.cause}.${cause.sureness}`;
}

/** The tags in place of the blanks: as the text is registered. */
export function registeredText({ text, blanks: of }: Template): string {
  return filled(text, Object.fromEntries(of.map(({ name, tag }) => [name, tags[tag].written])));
}

/** The text at its longest: each blank with as many characters as it may have, of the letters that it is filled with. */
export function longestText({ text, blanks: of, language, form }: Template): string {
  const letter = (tag: TagName) => (form === 'open' && language !== 'en' && tag === 'alphanumeric' ? 'अ' : '0');
  return filled(text, Object.fromEntries(of.map(({ name, tag, limit }) => [name, letter(tag).repeat(limit)])));
}

function templatesOf(language: MessageLanguage, link: boolean): Template[] {
  const { sms, direct } = wordsIn(language);
  const make = (id: string, form: Form, text: string) => template({ id, language, form, text });
  const news = (id: string, form: Form, title: string) =>
    firstThatFits(
      newsTexts.slice(link && id !== newsId(unfinishedFault) ? 0 : 1).map((name) => make(id, form, withTitle(sms[name], title))),
    );
  const rest = (['well', 'eased', 'closed', 'maintained', 'many'] as const).flatMap((id) =>
    (['fixed', 'open'] as const).map((form) => make(id, form, sms[id])),
  );
  return [
    ...titlesOf(language).map(({ id, title }) => news(id, 'fixed', title)),
    news('news', 'open', '{title}'),
    ...rest,
    ...Object.entries(direct).map(([reason, title]) => make(`direct.${reason}`, 'fixed', withTitle(sms.direct, title))),
    make('direct', 'open', sms.direct),
  ];
}

function titlesOf(language: MessageLanguage): { id: string; title: string }[] {
  const faults = faultIds.map((id) => ({ id: newsId(id), title: titleIn(id, language) ?? id }));
  return [...faults, ...outageCauses.flatMap((cause) => sureAndLikely.map((sureness) => awayTitle(language, { cause, sureness })))];
}

/** Of a PC that is away: with why it is. */
function awayTitle(language: MessageLanguage, why: { cause: OutageCause; sureness: 'sure' | 'likely' }): { id: string; title: string } {
  const { outage, sureness }: Vocabulary = wordsIn(language);
  return {
    id: newsId('pc.silent', why),
    title: `${titleIn('pc.silent', language)}: ${filled(sureness[why.sureness], { cause: outage[why.cause] })}`,
  };
}

function withTitle(text: string, title: string): string {
  return text.replace('{title}', () => title);
}

/** Where none fits, the last: the lint says so. */
function firstThatFits(variants: readonly Template[]): Template {
  const found = variants.find((one) => sizeOf(longestText(one)).segments <= segmentLimit) ?? variants.at(-1);
  if (found === undefined) throw new Error('a text needs at least one variant');
  return found;
}

function template({ id, language, form, text }: Omit<Template, 'blanks'>): Template {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const of = (Object.keys(blanks) as BlankName[]).filter((name) => names.includes(name)).map((name) => ({ name, ...blanks[name] }));
  return { id: `${id}.${language}.${form}`, language, form, text, blanks: of };
}

const columns = ['id', 'language', 'form', 'text', 'blanks', 'encoding', 'longest', 'segments', 'register_url'] as const;

/** CSV with a row for each text; `longestLink` is the longest address of an incident, whose fixed part is to be registered too. */
export function templatesCsv(longestLink: string | undefined): string {
  const link = usableUrl(longestLink);
  const rows = templatesWith(link !== undefined).map((one) => {
    const { encoding, units, segments } = sizeOf(longestText(one));
    const blanks = one.blanks.map(({ name, tag, limit }) => `${name} ${tags[tag].written} ${limit}`).join('; ');
    const url = link !== undefined && one.blanks.some(({ tag }) => tag === 'url') ? fixedPartOf(link) : '';
    return [one.id, one.language, one.form, registeredText(one), blanks, encoding, units, segments, url];
  });
  return `\ufeff${safeTable(columns, rows)}`;
}

/** Whether a value stands at a tag as the operators let it through. */
export function isOfTag(tag: TagName, value: string): boolean {
  return value.length <= tags[tag].limit && tags[tag].pattern.test(value);
}

/** An address that a text may carry; undefined where it is none or too long for its tag, and the text goes without. */
export function usableUrl(url: string | undefined): string | undefined {
  return url !== undefined && isOfTag('url', url) ? url : undefined;
}

/** The part of an address that is registered: with a `?` what follows may differ, without one nothing may. */
export function fixedPartOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at + 1);
}
