/** The text of a message: what, where, since when, what to do first; never more than one screen of a small phone. */
import { type Fault, faultOf, faults, isAbsence, isTimeZone, type Language, outageText, reasonIn, vocabulary, wordFor } from '#contracts';
import type { Notice } from '../records/notices.ts';
import { short, variableLimit } from './channels/plain.ts';
import { type DirectReason, directWords, type Phrases, phrases } from './phrases.ts';

/** Longest text before the footer, characters. */
export const textLimit = 320;
/** Longest name where the whole ones do not fit. */
const tightLimit = 12;
/** Stands between text and footer, as in a mail. */
export const footerMark = '\n-- \n';

/**
 * Subject (one line) and text of a notice in one language. `over`: the incident ended while a raise still waited; the text then says so.
 * Guarantee: names of devices and rooms are data, at most 30 characters each, without line breaks or hidden characters; it never throws.
 */
export function render(notice: Notice, language: Language, over = false): { subject: string; text: string } {
  const p = phrases[language];
  const message: Message = { notice, language, p, news: newsOf({ notice, language, p, over }), over: over && isNews(notice) };
  const whole = partsOf(message, variableLimit);
  const parts = lengthOf(whole) <= textLimit ? whole : partsOf(message, tightLimit);
  const room = textLimit - lengthOf(parts) - 1;
  const more = listThatFits(notice.many === undefined ? moreOf(message) : manyOf(notice.many, language), message, room);
  const [what, ...rest] = parts;
  const text = [what, ...(more === '' ? [] : [more]), ...rest].join('\n');
  const footer = notice.incident === null ? 'Sabha' : `${p.incident(notice.incident)} · Sabha`;
  const subject = [`${message.news.head}: ${message.news.title}`, placeOf(message, variableLimit)].filter((part) => part !== '').join(', ');
  return { subject, text: `${text}${footerMark}${footer}\n` };
}

/** What the notice says happened (`head`, `title`) and what is to be done now (`action`). */
type News = { head: string; title: string; action: string };
type Message = { notice: Notice; language: Language; p: Phrases; news: News; over: boolean };

function newsOf({ notice, language, p, over }: Omit<Message, 'news'>): News {
  const first = notice.faults[0];
  const fault = first && faultOf(first.fault);
  const { severity, kind } = vocabulary[language];
  const urgency = severity[notice.severity];
  const title = first ? spreadTitle(first, language) : urgency;
  const action = fault ? p.first(fault.action[language]) : '';
  if (over && isNews(notice)) return { head: p.over, title, action: p.alreadyOver };
  switch (notice.kind) {
    case 'raised':
      return { head: urgency, title, action };
    case 'worsened':
      return { head: `${notice.joins ? p.oneMore : kind.worsened}, ${urgency}`, title, action };
    case 'eased':
      return { head: kind.eased, title, action: p.restOpen };
    case 'cleared':
      return { head: kind.cleared, title, action: (notice.many?.down ?? 0) > 0 ? '' : p.nothingToDo };
    case 'closed':
      return { head: kind.closed, title, action: closedBecause(notice, language, p) };
    case 'unfinished':
      return { head: urgency, ...ownWords(faults['centre.flow_unfinished'], language) };
    case 'direct':
      return { head: severity.critical, ...directOf(notice, language) };
  }
}

/** Kinds that ask somebody to act, and are stale once the incident is over. */
function isNews(notice: Notice): boolean {
  return notice.kind === 'raised' || notice.kind === 'worsened' || notice.kind === 'eased';
}

/** What has come in many rooms is named with them. */
function spreadTitle({ fault, device }: Notice['faults'][number], language: Language): string {
  const what = fault === 'centre.spread' ? faultOf(device)?.title[language] : undefined;
  return what === undefined ? titleOf(fault, language) : `${titleOf(fault, language)}: ${what}`;
}

/** An id that this version does not know is printed as itself. */
function titleOf(fault: string, language: Language): string {
  return faultOf(fault)?.title[language] ?? short(fault, 64);
}

function ownWords(words: Pick<Fault, 'title' | 'action'>, language: Language): Omit<News, 'head'> {
  return { title: words.title[language], action: phrases[language].first(words.action[language]) };
}

function directOf(notice: Notice, language: Language): Omit<News, 'head'> {
  const reason = notice.lines[0] ?? '';
  const known = Object.hasOwn(directWords, reason) ? directWords[reason as DirectReason] : undefined;
  return known ? ownWords(known, language) : { title: short(reason, 80), action: '' };
}

function closedBecause(notice: Notice, language: Language, p: Phrases): string {
  const reason = notice.lines[0] ?? '';
  const [, words = reason, place = ''] = /^(moved to)( .+)$/.exec(reason) ?? [];
  const known = wordFor(language, 'closed', words);
  const said = known ? `${known} ${short(place, 60)}`.trimEnd() : short(reason, 60);
  return reason === '' ? '' : p.because(said);
}

/** What, where, since when, what to do: the lines that every message has, with names of at most `size` characters. */
function partsOf(message: Message, size: number): string[] {
  const { news } = message;
  const first = mainFault(message.notice);
  const name = first ? short(first.name ?? '', size) : '';
  const cause = first !== undefined && isAbsence(first.fault) && !hasEnded(message.notice) ? causeOf(message) : '';
  const reason = first?.reason ? ` (${short(reasonIn(first.reason, message.language), size)})` : '';
  const what = `${news.head}: ${news.title}${name === '' ? '' : `: ${name}`}${cause === '' ? '' : `: ${cause}`}${reason}`;
  return [what, placeOf(message, size), sinceOf(message), wasOf(message), news.action].filter((part) => part !== '');
}

/** The fault that the title names; a word of the centre's own has none. */
function mainFault(notice: Notice): Notice['faults'][number] | undefined {
  return notice.kind === 'unfinished' || notice.kind === 'direct' ? undefined : notice.faults[0];
}

function causeOf({ notice, language }: Message): string {
  return notice.outage ? outageText(notice.outage, language) : '';
}

/** Of a PC that is back: why it was away, and from when to when. */
function wasOf(message: Message): string {
  const { notice, p } = message;
  const { outage } = notice;
  if (!outage || outage.to === null || !hasEnded(notice) || outage.cause === 'undetermined') return '';
  const [from, to] = [outage.from, outage.to].map((at) => localOf(at, notice.timeZone).toPlainTime().toString({ smallestUnit: 'minute' }));
  return p.was(`${causeOf(message)}, ${from}–${to}`);
}

function hasEnded({ kind }: Notice): boolean {
  return kind === 'cleared' || kind === 'closed' || kind === 'eased';
}

function placeOf({ notice, language }: Message, size: number): string {
  const names = [notice.room[language] || notice.room.en, notice.site[language] || notice.site.en].map((name) => short(name, size));
  const place = names.filter((name) => name !== '').join(', ');
  return place === '' ? short(notice.scope, 98) : place;
}

function sinceOf({ notice, language, p, over }: Message): string {
  const from = timeOf(Math.min(...notice.faults.map((fault) => fault.since), notice.at), notice.timeZone, language);
  const ended = notice.kind === 'cleared' || notice.kind === 'closed';
  const since = ended ? p.between(from, timeOf(notice.at, notice.timeZone, language)) : p.since(from);
  return notice.flapping && !over ? `${since} ${p.flapping}` : since;
}

/** The rest of the news: further faults, or the lines that the machine added. The first line of a close or a direct word is used already. */
function moreOf({ notice, language }: Message): { items: string[]; count: number } {
  const first = mainFault(notice);
  const others = first ? notice.faults.slice(1) : notice.faults;
  const used = notice.kind === 'closed' || notice.kind === 'direct' ? 1 : 0;
  const lines = notice.lines.slice(used).filter((line) => line !== '');
  const items = others.slice(0, itemLimit).map(({ fault, name }) => {
    const thing = short(name ?? '');
    return fault === first?.fault && thing !== '' ? thing : titleOf(fault, language);
  });
  return { items: [...items, ...lines.slice(0, itemLimit).map((line) => short(line, 80))], count: others.length + lines.length };
}

/** The names of those that are away; more than a notice holds are counted. */
function manyOf({ names, down }: NonNullable<Notice['many']>, language: Language): { items: string[]; count: number } {
  return { items: names.map((name) => short(name[language] || name.en)), count: down };
}

/** As many items as fit into `room` characters, and how many are left out. */
function listThatFits({ items, count }: { items: string[]; count: number }, { p, notice }: Message, room: number): string {
  for (let shown = items.length; shown >= 0; shown--) {
    const list = [...items.slice(0, shown), ...(count > shown ? [p.more(count - shown)] : [])].join('; ');
    const line = list === '' || !mainFault(notice) ? list : introduced(list, { p, notice });
    if (line.length <= room) return line;
  }
  return '';
}

function introduced(list: string, { p, notice }: Pick<Message, 'p' | 'notice'>): string {
  if (notice.many === undefined) return p.also(list);
  return hasEnded(notice) ? p.left(list) : p.many({ ...notice.many, list });
}

/** More items than this never fit. */
const itemLimit = 60;

function lengthOf(parts: string[]): number {
  return parts.join('\n').length;
}

/** Day and time on the clocks of the site. A zone that this machine does not know is UTC, and says so. */
function timeOf(atMs: number, timeZone: string, language: Language): string {
  const local = localOf(atMs, timeZone);
  const zone = local.timeZoneId;
  const day = days[language].format(Date.UTC(local.year, local.month - 1, local.day));
  const time = `${day}, ${local.toPlainTime().toString({ smallestUnit: 'minute' })}`;
  return isTimeZone(timeZone) ? time : `${time} ${zone}`;
}

function localOf(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  const instant = Temporal.Instant.fromEpochMilliseconds(Number.isFinite(atMs) ? Math.min(Math.max(Math.round(atMs), 0), latestMs) : 0);
  return instant.toZonedDateTimeISO(isTimeZone(timeZone) ? timeZone : 'UTC');
}

/** The end of the year 9999: nobody sends a message about a later one. */
const latestMs = 253_402_300_799_000;

/** Made once: a format costs more to make than a message. */
const days = { en: dayFormat('en'), hi: dayFormat('hi') };

function dayFormat(language: Language): Intl.DateTimeFormat {
  const { locale, month } = phrases[language].dates;
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month, timeZone: 'UTC' });
}
