/** The short form of a message: which registered text it is, and what stands in its blanks. */
import {
  filled,
  type MessageLanguage,
  maintenanceFault,
  nameIn,
  surenessOf,
  titleIn,
  unfinishedFault,
  type Words,
  wordFor,
} from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../../engine/records/notices.ts';
import { clockOf, localOf, short, shortInside } from '../channels/kit/plain.ts';
import { basicOf, type Size, sizeOf } from './segments.ts';
import { type Blank, type Form, isOfTag, newsId, segmentLimit, type Template, tags, templatesWith, usableUrl } from './templates.ts';

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
