/**
 * SMS texts as registered in India. Each text has an id, and each blank has a tag for its kind of value.
 * No rule states whether `#alphanumeric#` accepts Devanagari. So there are two forms, and the operator decides which one is used.
 * - `fixed`: one text for each fault, with Latin letters in the blanks
 * - `open`: one text for all faults, with the fault as a blank
 */
import {
  confidenceLevelOf,
  faultIds,
  fillIn,
  type MessageLanguage,
  maintenanceFault,
  messageLanguages,
  nameIn,
  type OutageCause,
  outageCauses,
  titleIn,
  unfinishedFault,
  type Vocabulary,
  vocabularyIn,
  type Words,
  wordFor,
} from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../../engine/records/notices.ts';
import { safeTable } from '../../../sites/sheet.ts';
import { localTimeAt, shorten, shortenInside, timeOfDayText } from '../channels/kit/plain.ts';

// Segment count of an SMS: GSM 03.38 if it has every character, otherwise UCS-2.

/** Size of an SMS text. `units`: septets with `gsm7`, UTF-16 units with `ucs2`. */
type SmsSize = { encoding: 'gsm7' | 'ucs2'; units: number; segments: number };

/** Basic table of GSM 03.38, and its extension table, whose characters need an escape and so cost two septets. */
const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const extension = new Set('\f^{}\\[~]|€');

/** Units of a single segment, and of each segment of a longer text, where a header takes the rest. */
const limits = { gsm7: { alone: 160, each: 153 }, ucs2: { alone: 70, each: 67 } };

/** Returns the size of a text. A character that does not fit into the rest of a segment moves as a whole to the next segment. */
export function sizeOf(text: string): SmsSize {
  const isGsm = [...text].every((character) => basic.has(character) || extension.has(character));
  const encoding = isGsm ? 'gsm7' : 'ucs2';
  const costs = [...text].map((character) => costOf(character, encoding));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  const { alone, each } = limits[encoding];
  if (units <= alone) return { encoding, units, segments: units === 0 ? 0 : 1 };
  let segments = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > each) {
      segments += 1;
      used = 0;
    }
    used += cost;
  }
  return { encoding, units, segments };
}

/** Typographic characters of word processors and their GSM equivalents. */
const typed: Readonly<Record<string, string>> = { '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '…': '.' };

/** Converts a text to the basic table, one septet for each character. Removes accents and all other characters. */
export function basicOf(text: string): string {
  const letters = [...text.replaceAll(/[’‘“”–—…]/g, (sign) => typed[sign] ?? sign)].flatMap((character) =>
    basic.has(character) ? [character] : [...character.normalize('NFD')],
  );
  return letters
    .filter((character) => basic.has(character))
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

function costOf(character: string, encoding: SmsSize['encoding']): number {
  if (encoding === 'ucs2') return character.length;
  return extension.has(character) ? 2 : 1;
}

/** Tag as written in a registered text, the longest value in characters, and its pattern. */
type Tag = { written: string; limit: number; pattern: RegExp };

/**
 * TRAI's direction of 18 November 2025 defines the tags of India's operators (DLT) and the 40 characters of `#alphanumeric#`.
 * The other lengths are those that gateways accept for any variable. Change them if an operator states others.
 */
export const tags = {
  numeric: { written: '#numeric#', limit: 40, pattern: /^\d+$/ },
  alphanumeric: { written: '#alphanumeric#', limit: 40, pattern: /^[^\p{Cc}]+$/u },
  url: { written: '#url#', limit: 40, pattern: /^https:\/\/\S+$/ },
} as const satisfies Record<string, Tag>;

type TagName = keyof typeof tags;

type TemplateForm = 'fixed' | 'open';
/** A blank of a text: its tag, and the limit of characters that Sabha fills in. */
type Blank = { name: BlankName; tag: TagName; limit: number };
export type SmsTemplate = { id: string; language: MessageLanguage; form: TemplateForm; text: string; blanks: readonly Blank[] };

export const segmentLimit = 2;

/** All blanks with our own limits, so that the text fits into two segments. None exceeds the limit of its tag. */
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

/** Variants of a text, the most detailed first. The first one that fits into two segments is used. */
const newsTexts = ['newsLink', 'news', 'newsShort'] as const;
const sureAndLikely = ['sure', 'likely'] as const;

/** All texts in all languages. `link`: the server has a public name, so an alert may link to its incident. */
export function templatesWith(link: boolean): SmsTemplate[] {
  return messageLanguages.flatMap((language) => templatesOf(language, link));
}

/** Id of the fixed text for a fault. A silent PC has one text for each cause and certainty. */
function newsId(fault: string, cause?: { cause: OutageCause; sureness: (typeof sureAndLikely)[number] }): string {
  return cause === undefined ? `news.${fault}` : `news.${fault}.${cause.cause}.${cause.sureness}`;
}

/** The text as registered, with tags in place of the blanks. */
export function registeredText({ text, blanks: of }: SmsTemplate): string {
  return fillIn(text, Object.fromEntries(of.map(({ name, tag }) => [name, tags[tag].written])));
}

/** The text at its longest: each blank filled to its limit with letters of its script. */
export function longestText({ text, blanks: of, language, form }: SmsTemplate): string {
  const letter = (tag: TagName) => (form === 'open' && language !== 'en' && tag === 'alphanumeric' ? 'अ' : '0');
  return fillIn(text, Object.fromEntries(of.map(({ name, tag, limit }) => [name, letter(tag).repeat(limit)])));
}

function templatesOf(language: MessageLanguage, link: boolean): SmsTemplate[] {
  const { sms, direct } = vocabularyIn(language);
  const make = (id: string, form: TemplateForm, text: string) => template({ id, language, form, text });
  const news = (id: string, form: TemplateForm, title: string) =>
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

function awayTitle(language: MessageLanguage, why: { cause: OutageCause; sureness: 'sure' | 'likely' }): { id: string; title: string } {
  const { outage, sureness }: Vocabulary = vocabularyIn(language);
  return {
    id: newsId('pc.silent', why),
    title: `${titleIn('pc.silent', language)}: ${fillIn(sureness[why.sureness], { cause: outage[why.cause] })}`,
  };
}

function withTitle(text: string, title: string): string {
  return text.replace('{title}', () => title);
}

/** Returns the first variant that fits into two segments. If none fits it returns the last one, which the check of the texts reports. */
function firstThatFits(variants: readonly SmsTemplate[]): SmsTemplate {
  const found = variants.find((one) => sizeOf(longestText(one)).segments <= segmentLimit) ?? variants.at(-1);
  if (found === undefined) throw new Error('a text needs at least one variant');
  return found;
}

function template({ id, language, form, text }: Omit<SmsTemplate, 'blanks'>): SmsTemplate {
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const of = (Object.keys(blanks) as BlankName[]).filter((name) => names.includes(name)).map((name) => ({ name, ...blanks[name] }));
  return { id: `${id}.${language}.${form}`, language, form, text, blanks: of };
}

const columns = ['id', 'language', 'form', 'text', 'blanks', 'encoding', 'longest', 'segments', 'register_url'] as const;

/** CSV with one row for each text. `longestLink`: the longest incident link, whose fixed part is registered too. */
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

/** Whether the operators accept a value at a tag. */
export function fitsTag(tag: TagName, value: string): boolean {
  return value.length <= tags[tag].limit && tags[tag].pattern.test(value);
}

/** Returns the address if it fits the tag, otherwise undefined: the text then has no link. */
export function usableUrl(url: string | undefined): string | undefined {
  return url !== undefined && fitsTag('url', url) ? url : undefined;
}

/** Part of an address to register: up to the `?` if there is one, since only the rest may vary. */
export function fixedPartOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at + 1);
}

/**
 * Language and form. `link`: link to the incident on the wall, if the server has a public name. `alerts`: counts, if the notice is one of
 * several.
 */
export type SmsTextOptions = {
  language: MessageLanguage;
  form: TemplateForm;
  link?: string | undefined;
  alerts?: RenderedMessage['alerts'];
};
/** `template`: registered id. `wrong`: the value that its tag does not accept. */
export type Sms = { template: string; text: string; values: Readonly<Record<string, string>>; size: SmsSize; wrong?: string };

/** Guarantee: at most two segments. Every value fits its tag or is named in `wrong`. In the fixed form all values use Latin letters. */
export function smsOf(notice: Notice, options: SmsTextOptions): Sms {
  const link = usableUrl(options.link);
  const template = templateFor(notice, { ...options, link });
  const isLatin = options.form === 'fixed' || options.language === 'en';
  const own = filledIn(template, valuesOf(notice, { ...options, link }, isLatin ? latin : nameIn));
  // If a character of two units, such as an emoji, made the text too long, the text is rendered with Latin names.
  return own.size.segments <= segmentLimit ? own : filledIn(template, valuesOf(notice, { ...options, link }, latin));
}

function filledIn(template: SmsTemplate, all: TemplateValues): Sms {
  const { id, blanks } = template;
  // A number must not be cut: it would be another number.
  const fitted = ({ name, limit }: Blank) => (name === 'site' || name === 'room' ? shortenInside : shorten)(all[name], limit, limit);
  const values = Object.fromEntries(blanks.map((one) => [one.name, fitted(one).replaceAll('…', '.')] as const));
  const text = fillIn(template.text, values);
  const wrong = blanks.find(({ name, tag }) => !fitsTag(tag, values[name] ?? ''));
  const said = wrong && `{${wrong.name}} is no ${tags[wrong.tag].written}: ${shorten(values[wrong.name] ?? '')}`;
  return { template: id, text, values, size: sizeOf(text), ...(said !== undefined && { wrong: said }) };
}

type TemplateValues = Record<SmsTemplate['blanks'][number]['name'], string>;

/** One character outside GSM 03.38, such as a typographic apostrophe, makes the whole text UCS-2, at twice the cost. */
function latin({ en }: Words): string {
  return basicOf(en);
}

/** An unknown fault, from a newer agent, uses the open text. */
function templateFor(notice: Notice, { language, form, link, alerts }: SmsTextOptions): SmsTemplate {
  const all = link === undefined ? withoutLink : withLink;
  const id = alerts === undefined ? idOf(notice) : 'many';
  const open = notice.kind === 'unfinished' ? 'direct' : id.split('.')[0];
  const found = all.get(`${id}.${language}.${form}`) ?? all.get(`${open}.${language}.open`);
  if (found === undefined) throw new Error(`no text for SMS is called ${id}`);
  return found;
}

const withLink = byId(true);
const withoutLink = byId(false);

function byId(link: boolean): ReadonlyMap<string, SmsTemplate> {
  return new Map(templatesWith(link).map((one) => [one.id, one]));
}

function idOf({ kind, faults, lines, outage, many }: Notice): string {
  if (kind === 'cleared' && faults[0]?.fault === maintenanceFault) return 'maintained';
  if (kind === 'cleared') return (many?.down ?? 0) > 0 ? 'eased' : 'well';
  if (kind === 'eased' || kind === 'closed') return kind;
  if (kind === 'direct') return `direct.${lines[0] ?? ''}`;
  if (kind === 'unfinished') return newsId(unfinishedFault);
  const fault = faults[0]?.fault ?? '';
  const sureness = outage && confidenceLevelOf(outage.confidence);
  if (fault !== 'pc.silent' || outage === undefined || sureness === undefined || sureness === 'open') return newsId(fault);
  return newsId(fault, { cause: outage.cause, sureness });
}

function valuesOf(notice: Notice, { language, link = '', alerts }: SmsTextOptions, nameOf: typeof nameIn): TemplateValues {
  const { kind, site, room, faults, at, timeZone, incident, lines } = notice;
  const named = (name: Words) => nameOf(name, language);
  const fault = kind === 'unfinished' ? unfinishedFault : (faults[0]?.fault ?? '');
  const title = titleIn(fault, language) ?? wordFor(language, 'direct', lines[0] ?? '') ?? (fault || (lines[0] ?? ''));
  const since = Math.min(...faults.map((one) => one.since), at);
  return {
    site: named(site) || basicOf(notice.scope),
    room: named(room) || '-',
    title,
    since: momentOf(since, timeZone),
    until: momentOf(at, timeZone),
    n: String(alerts?.open ?? incident ?? 0),
    m: String(alerts?.over ?? 0),
    url: link,
  };
}

/** Returns a time in its shortest form, such as `14:05 3/3`. */
function momentOf(atMs: number, timeZone: string): string {
  const { day, month } = localTimeAt(atMs, timeZone);
  return `${timeOfDayText(atMs, timeZone)} ${day}/${month}`;
}
