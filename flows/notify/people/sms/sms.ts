/**
 * The texts that may be sent as SMS, as they are registered in India: each has an id, and each of its blanks a tag; and what stands in them.
 * Whether Devanagari passes `#alphanumeric#` no rule says. So each fault has a text of its own whose blanks are Latin (`fixed`), and there is
 * one text for all of them with the fault as a blank (`open`): an operator's word decides which is used.
 */
import {
  faultIds,
  filled,
  type MessageLanguage,
  maintenanceFault,
  messageLanguages,
  nameIn,
  type OutageCause,
  outageCauses,
  surenessOf,
  titleIn,
  unfinishedFault,
  type Vocabulary,
  type Words,
  wordFor,
  wordsIn,
} from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../../engine/records/notices.ts';
import { safeTable } from '../../../sites/sheet.ts';
import { clockOf, localOf, short, shortInside } from '../channels/kit/plain.ts';

// How many segments an SMS takes: by GSM 03.38 where every character is in it, else by UCS-2.

/** What a text costs: `units` are septets or UTF-16 units. */
type Size = { encoding: 'gsm7' | 'ucs2'; units: number; segments: number };

/** The basic table of GSM 03.38, and its extension, whose characters take an escape before them. */
const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const extension = new Set('\f^{}\\[~]|€');

/** Units of one segment alone, and of each where there are several: the rest of those joins them. */
const limits = { gsm7: { alone: 160, each: 153 }, ucs2: { alone: 70, each: 67 } };

/** The size of a text as it is sent. A character is never cut in two by the end of a segment: what does not fit goes to the next. */
export function sizeOf(text: string): Size {
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

/** What a word processor makes of signs of the basic table. */
const typed: Readonly<Record<string, string>> = { '’': "'", '‘': "'", '“': '"', '”': '"', '–': '-', '—': '-', '…': '.' };

/** The text in letters of the basic table only, which cost one septet each: accents go, what has no such letter goes too. */
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

function costOf(character: string, encoding: Size['encoding']): number {
  if (encoding === 'ucs2') return character.length;
  return extension.has(character) ? 2 : 1;
}

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
type Form = 'fixed' | 'open';
/** A blank of a text: how it is tagged, and the most characters that we fill in. */
type Blank = { name: BlankName; tag: TagName; limit: number };
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
function newsId(fault: string, cause?: { cause: OutageCause; sureness: (typeof sureAndLikely)[number] }): string {
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

/** In which form, and where the incident stands on the wall, where the centre has a name. `alerts`: it is of several, of which the notice is one. */
export type SmsOptions = { language: MessageLanguage; form: Form; link?: string | undefined; alerts?: RenderedMessage['alerts'] };
/** `template` is the id by which it is registered; `wrong`: which value its tag does not let through. */
export type Sms = { template: string; text: string; values: Readonly<Record<string, string>>; size: Size; wrong?: string };

/** Guarantee: at most two segments; every value keeps the limit of its tag, or is named as wrong, and in the fixed form is of Latin letters. */
export function smsOf(notice: Notice, options: SmsOptions): Sms {
  const link = usableUrl(options.link);
  const template = templateFor(notice, { ...options, link });
  const isLatin = options.form === 'fixed' || options.language === 'en';
  const own = filledIn(template, valuesOf(notice, { ...options, link }, isLatin ? latin : nameIn));
  // A sign that takes two units, such as one of a picture.
  return own.size.segments <= segmentLimit ? own : filledIn(template, valuesOf(notice, { ...options, link }, latin));
}

function filledIn(template: Template, all: Values): Sms {
  const { id, blanks } = template;
  // A number that is cut is another number, and no longer one for its tag.
  const fitted = ({ name, limit }: Blank) => (name === 'site' || name === 'room' ? shortInside : short)(all[name], limit, limit);
  const values = Object.fromEntries(blanks.map((one) => [one.name, fitted(one).replaceAll('…', '.')] as const));
  const text = filled(template.text, values);
  const wrong = blanks.find(({ name, tag }) => !isOfTag(tag, values[name] ?? ''));
  const said = wrong && `{${wrong.name}} is no ${tags[wrong.tag].written}: ${short(values[wrong.name] ?? '')}`;
  return { template: id, text, values, size: sizeOf(text), ...(said !== undefined && { wrong: said }) };
}

type Values = Record<Template['blanks'][number]['name'], string>;

/** One sign of another table, such as the apostrophe of a spreadsheet, makes all of a text cost twice. */
function latin({ en }: Words): string {
  return basicOf(en);
}

/** A fault without a text of its own, of a newer agent, takes the open one. */
function templateFor(notice: Notice, { language, form, link, alerts }: SmsOptions): Template {
  const all = link === undefined ? withoutLink : withLink;
  const id = alerts === undefined ? idOf(notice) : 'many';
  const open = notice.kind === 'unfinished' ? 'direct' : id.split('.')[0];
  const found = all.get(`${id}.${language}.${form}`) ?? all.get(`${open}.${language}.open`);
  if (found === undefined) throw new Error(`no text for SMS is called ${id}`);
  return found;
}

const withLink = byId(true);
const withoutLink = byId(false);

function byId(link: boolean): ReadonlyMap<string, Template> {
  return new Map(templatesWith(link).map((one) => [one.id, one]));
}

function idOf({ kind, faults, lines, outage, many }: Notice): string {
  if (kind === 'cleared' && faults[0]?.fault === maintenanceFault) return 'maintained';
  if (kind === 'cleared') return (many?.down ?? 0) > 0 ? 'eased' : 'well';
  if (kind === 'eased' || kind === 'closed') return kind;
  if (kind === 'direct') return `direct.${lines[0] ?? ''}`;
  if (kind === 'unfinished') return newsId(unfinishedFault);
  const fault = faults[0]?.fault ?? '';
  const sureness = outage && surenessOf(outage.confidence);
  if (fault !== 'pc.silent' || outage === undefined || sureness === undefined || sureness === 'open') return newsId(fault);
  return newsId(fault, { cause: outage.cause, sureness });
}

function valuesOf(notice: Notice, { language, link = '', alerts }: SmsOptions, nameOf: typeof nameIn): Values {
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

/** As short as a moment may be: 14:05 3/3. */
function momentOf(atMs: number, timeZone: string): string {
  const { day, month } = localOf(atMs, timeZone);
  return `${clockOf(atMs, timeZone)} ${day}/${month}`;
}
