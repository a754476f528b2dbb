/** The text of a message: where, what, since when, why, what to do; never more than one screen of a small phone, and below it what helps whoever goes there. */
import {
  actionIn,
  type CauseKind,
  datesIn,
  filled,
  isAbsence,
  isPcPath,
  isTimeZone,
  languages,
  type MessageLanguage,
  maintenanceFault,
  messageLanguages,
  nameIn,
  type Outage,
  outageText,
  type Person,
  reasonTold,
  stepsOf,
  surenessOf,
  titleIn,
  unfinishedFault,
  type Vocabulary,
  wordFor,
  wordsIn,
} from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../engine/records/notices.ts';
import { telOf } from '../roster/book.ts';
import { clockOf, lettersIn, localOf, plain, short, shortInside, variableLimit } from './channels/kit/plain.ts';

/** Longest news, characters: one screen of a small phone. What helps whoever goes there stands below it. */
export const textLimit = 400;
/** Longest name, as a site table has it. */
const nameLimit = 80;
/** Longest names: as a site table has them, and what they are cut to where those do not fit. */
const nameLimits = [nameLimit, variableLimit] as const;
const tightLimit = 12;
/** Longest line about what is left. */
const restLimit = 120;
/** Letters of the names in a subject, together: with what is wrong, it then stays about as long as mail programs show. The state goes first, and long names are cut. */
const namesLimit = 44;
/** Longest text of a notice to many, characters. */
export const announcementLimit = 300;
/** Stands between text and footer, as in a mail. */
export const footerMark = '\n-- \n';

/**
 * How a notice is told. `over`: its incident ended while a raise still waited. `late`: it comes when it is no news any more. `wall`: the address of the wall, where the centre has a name.
 * `link`: where its person answers with one tap; it stands in the place of the wall's. `reader`: who that is.
 */
export type Telling = Partial<Told> & { wall?: string | undefined; link?: string | undefined };
type Rendered = Pick<RenderedMessage, 'subject' | 'text' | 'phone'>;
type Told = { over: boolean; late: boolean; reader?: Reader | undefined };
/** `to`: its person, whose own deeds are said as such. */
export type Reader = { to: Pick<Person, 'id' | 'name'>; nameOf(person: string): string };

/**
 * Subject (one line) and text of a notice in one language.
 * Guarantee: names of devices and rooms are data, at most 80 characters each, without line breaks or hidden characters; it never throws.
 */
export function render(notice: Notice, language: MessageLanguage, telling: Telling = {}): Rendered {
  const { over = false, late = false, reader, ...links } = telling;
  const message = messageOf(notice, language, { over: over && isNews(notice), late: late && isNews(notice), reader });
  const fitting = nameLimits.map((size) => partsOf(message, size)).find((some) => some.join('\n').length <= textLimit);
  const parts = fitting ?? partsOf(message, tightLimit);
  const more = listThatFits(moreOf(message), language, { limit: textLimit - parts.join('\n').length - 1, frame: frameOf(message) });
  const [place, what, ...rest] = parts;
  const text = [place, what, ...(more === '' ? [] : [more]), ...rest].join('\n');
  const footer = notice.incident === null ? 'Sabha' : `${filled(message.words.message.incident, { n: notice.incident })} · Sabha`;
  const phone = phoneOf(notice, language);
  return { subject: subjectOf(message), text: `${text}${belowOf(message, links)}${footerMark}${footer}\n`, ...(phone && { phone }) };
}

/** The same for a page, each by itself: where, what, since when, why, what to do, and what helps whoever goes there. */
export function spokenOf(notice: Notice, language: MessageLanguage) {
  const message = messageOf(notice, language, { over: false, late: false });
  return {
    place: placeOf(message, nameLimits[0]),
    what: whatOf(message, nameLimits[0]),
    since: sinceOf(message),
    why: whyOf(message),
    steps: hasEnded(notice) ? [] : message.news.steps,
    visit: hasEnded(notice) ? [] : visitLines(notice, language),
    phone: phoneOf(notice, language),
  };
}

function messageOf(given: Notice, language: MessageLanguage, { over, late, reader }: Told): Message {
  const { many, room } = given;
  // A line, a provider and a state go by their own name; that they are of all offices says nothing.
  const isNamed = many?.kind === 'link' || many?.kind === 'provider' || many?.kind === 'state';
  const notice = isNamed ? { ...given, site: room, room: { en: '', hi: '' } } : given;
  const words = wordsIn(language);
  const news = newsOf({ notice, language, words, over });
  const head = late && !over ? `${words.message.comesLate}, ${news.head}` : news.head;
  return { notice, language, words, over, late, reader, news: { ...news, head } };
}

/** What the notice says happened (`head`, `title`) and what is to be done now (`steps`). */
type News = { head: string; title: string; steps: string[] };
type Message = Told & { notice: Notice; language: MessageLanguage; words: Vocabulary; news: News };

function newsOf({ notice, language, words, over }: Pick<Message, 'notice' | 'language' | 'words' | 'over'>): News {
  const { severity, kind, message } = words;
  const first = notice.faults[0];
  const urgency = severity[notice.severity];
  const joined = notice.faults.length > 1 ? message.severalMore : message.oneMore;
  const title = first ? spreadTitle(first, notice.many?.kind, language) : urgency;
  const steps = first ? stepsOf(actionOf(notice, language)) : [];
  if (over) return { head: message.over, title, steps: [message.alreadyOver] };
  const planned = plannedOf(notice, message, steps);
  if (planned) return { ...planned, title };
  switch (notice.kind) {
    case 'raised':
      // A person who is only assigned was not notified before.
      return {
        head: notice.again !== undefined && notice.again.why !== 'assigned' ? `${message.stillThere}, ${urgency}` : urgency,
        title,
        steps,
      };
    case 'worsened':
      return { head: `${notice.joins ? filled(joined, { n: notice.faults.length }) : kind.worsened}, ${urgency}`, title, steps };
    case 'eased':
      return { head: kind.eased, title, steps: [restOf(notice, language)] };
    case 'cleared':
      return { head: kind.cleared, title, steps: wellOf(notice, words) };
    case 'closed':
      return { head: kind.closed, title, steps: [] };
    case 'unfinished':
      return { head: urgency, title: titleOf(unfinishedFault, language), steps: stepsOf(actionIn(unfinishedFault, language) ?? '') };
    case 'direct':
      return { head: severity[notice.severity === 'info' ? 'info' : 'critical'], ...directOf(notice, language) };
  }
}

/** Maintenance is no fault, and at its end nobody is to do anything about it. */
function plannedOf({ faults, kind }: Notice, message: Vocabulary['message'], steps: string[]): Omit<News, 'title'> | undefined {
  if (faults[0]?.fault !== maintenanceFault) return undefined;
  if (kind === 'cleared') return { head: message.ended, steps: [message.maintained] };
  return kind === 'raised' || kind === 'worsened' ? { head: message.begun, steps } : undefined;
}

/** Why it is told once more. */
function againOf({ notice, language, words, over, reader }: Message, size: number): string {
  const { again } = notice;
  if (again === undefined || over) return '';
  const isOwn = reader?.to.id === again.by || reader?.to.name === again.by;
  const own = isOwn ? wordFor(language, 'againOwn', again.why) : undefined;
  return own ?? filled(words.again[again.why], { name: short(again.by, size) });
}

/** Why it comes to who was not told before; of what is late nobody knows who has it by now. */
function passedOf({ notice: { passed, at, timeZone }, language, words: { message }, ...telling }: Message, size: number): string {
  if (passed === undefined || telling.over || telling.late) return '';
  const time = momentOf(passed.at, at, { timeZone, language });
  if ('by' in passed) return filled(message.gaveBack, { name: short(passed.by, size), time });
  const names = passed.to.map((person) => short(telling.reader?.nameOf(person) ?? person, size));
  return filled(message.untaken, { names: namesInWords(names, language), time });
}

/** To whoever writes from an address that is nobody's, and so in no language that is known. */
export function toStranger(): string {
  return languages.map((language) => wordsIn(language).sender.stranger).join(' · ');
}

/** Kinds that ask somebody to act, and are stale once the incident is over. */
export function isNews({ kind }: Pick<Notice, 'kind'>): boolean {
  return kind === 'raised' || kind === 'worsened' || kind === 'eased';
}

/** What has come in many rooms is named with them; a region on battery is no site on battery. */
function spreadTitle({ fault, device }: Notice['faults'][number], kind: CauseKind | undefined, language: MessageLanguage): string {
  if (fault === 'outage.power' && kind !== undefined && kind !== 'site') return titleOf('power.on_battery', language);
  const what = fault === 'centre.spread' ? titleIn(device, language) : undefined;
  return what === undefined ? titleOf(fault, language) : `${titleOf(fault, language)}: ${what}`;
}

/** An id that this version does not know is printed as itself. */
function titleOf(fault: string, language: MessageLanguage): string {
  return titleIn(fault, language) ?? short(fault, 64);
}

/** What is said at the end: of one cause of many that ends for a part of them, nothing; that a room is well only where that is known. */
function wellOf({ many, ready }: Notice, { message }: Vocabulary): string[] {
  if (many === undefined) return [ready ? message.roomWell : message.isOver];
  return many.down > 0 ? [] : [message.allWell];
}

/** What is left, by name, as far as it fits. Where all of it is gone and only watched, nothing is left. */
function restOf({ rest }: Notice, language: MessageLanguage): string {
  const { stillOpen, restOpen, isOver } = wordsIn(language).message;
  if (rest === undefined) return restOpen;
  if (rest.length === 0) return isOver;
  const items = [...new Set(rest.map(({ fault }) => titleOf(fault, language)))];
  const frame = (list: string) => filled(stillOpen, { list });
  return listThatFits({ items, count: items.length }, language, { limit: restLimit, frame }) || restOpen;
}

/** What to do about the first fault: of a PC or a site that is away that depends on why it is. */
function actionOf({ faults, outage, beside }: Notice, language: MessageLanguage): string {
  const fault = faults[0]?.fault ?? '';
  if (!(fault === 'pc.silent' || fault === 'outage.site') || outage === undefined) return actionIn(fault, language) ?? '';
  const { cause, confidence } = outage;
  // Where another PC of the site answers, its power and its line are there.
  const unknown = beside ? 'pc-off' : 'undetermined';
  return wordsIn(language).outageAction[surenessOf(confidence) === 'open' ? unknown : cause];
}

function directOf({ lines }: Notice, language: MessageLanguage): Omit<News, 'head'> {
  const reason = lines[0] ?? '';
  const title = wordFor(language, 'direct', reason) ?? short(reason, 80);
  return { title, steps: stepsOf(wordFor(language, 'directAction', reason) ?? '') };
}

/** Where, what, since when, why, what to do: the lines that every message has, with names of at most `size` characters. */
function partsOf(message: Message, size: number): string[] {
  const { announcement } = message.notice;
  const parts = [
    placeOf(message, size),
    whatOf(message, size),
    // What somebody says to many stands whole: its length was looked at when it was sent.
    announcement === undefined ? '' : `${short(announcement.by)}: ${short(announcement.text, announcementLimit)}`,
    passedOf(message, size),
    sinceOf(message),
    againOf(message, size),
    meetingOf(message),
    ...whyOf(message),
    ...stepLines(message),
  ];
  return parts.filter((part) => part !== '');
}

function whatOf({ notice, news, language }: Message, size: number): string {
  const first = mainFault(notice);
  const name = short(namesOf(notice)[0] ?? '', size);
  // What the centre found wrong with itself names a file, or a node.
  const reasonSize = first?.fault.startsWith('centre.') && size > tightLimit ? 4 * size : size;
  const reason = first?.reason ? ` (${short(reasonTold(first.reason, language), reasonSize)})` : '';
  return `${news.head}: ${news.title}${name === '' ? '' : `: ${name}`}${reason}`;
}

function stepLines({ notice, news, over, words }: Message): string[] {
  const [only] = news.steps;
  if (over || hasEnded(notice)) return news.steps;
  if (news.steps.length === 1 && only !== undefined) return [filled(words.message.todo, { action: only })];
  return news.steps.map((step, at) => `${at + 1}. ${step}`);
}

/** The fault that the title names; a word of the centre's own has none. */
function mainFault(notice: Notice): Notice['faults'][number] | undefined {
  return notice.kind === 'unfinished' || notice.kind === 'direct' ? undefined : notice.faults[0];
}

/** The names of all that has the first fault, by what tells them apart; a PC of a name that stands there twice goes by its path. */
function namesOf(notice: Notice): string[] {
  const first = mainFault(notice);
  const same = notice.faults.filter(({ fault }) => fault === first?.fault).slice(0, itemLimit);
  const names = differing(same.map(({ name }) => name ?? ''));
  const isTwice = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return names.map((name, at) => (isTwice(name) && isPcPath(same[at]?.device ?? '') ? (same[at]?.device ?? '') : name));
}

/** Why it is closed, or why the PC is away or was. What was told before and is not so is said too: message and all-clear agree. */
function whyOf(message: Message): string[] {
  const { notice, words } = message;
  if (notice.kind === 'closed') return closedBecause(message);
  const { outage, toldOutage } = notice;
  if (outage === undefined || !isAbsence(notice.faults[0]?.fault ?? '') || message.over) return [];
  const why = (one: Outage) => filled(words.message.why, { reason: outageText({ ...one, beside: notice.beside }, message.language) });
  if (!hasEnded(notice)) return [why(outage)];
  const isTold = toldOutage !== undefined && toldOutage.cause !== 'undetermined';
  if (isTold && outage.cause !== toldOutage.cause && toldOutage.confidence > outage.confidence) return [why(toldOutage)];
  if (outage.cause === 'undetermined' || outage.to === null) return [];
  const isOther = isTold && outage.cause !== toldOutage.cause && surenessOf(toldOutage.confidence) !== 'open';
  return [isOther ? `${why(outage)} ${filled(words.message.thought, { cause: words.outage[toldOutage.cause] })}` : why(outage)];
}

function closedBecause({ notice, language, words }: Message): string[] {
  const reason = notice.lines[0] ?? '';
  const [, said = reason, place = ''] = /^(moved to)( .+)$/.exec(reason) ?? [];
  const known = wordFor(language, 'closed', said);
  const text = known ? `${known} ${short(place, 60)}`.trimEnd() : short(reason, 60);
  return reason === '' ? [] : [filled(words.message.why, { reason: text })];
}

/** The meeting for which it is urgent, by the clock of the site. */
function meetingOf({ notice, words, over }: Message): string {
  if (notice.meeting === undefined || over || !isNews(notice)) return '';
  return filled(words.message.meeting, { time: clockOf(notice.meeting.at, notice.timeZone) });
}

function hasEnded({ kind }: Notice): boolean {
  return kind === 'cleared' || kind === 'closed' || kind === 'eased';
}

/** Site and state, then the room. */
function placeOf({ notice, language }: Message, size: number): string {
  const { site, state, room } = notice;
  const names = [site, ...(state ? [state] : []), room].map((name) => short(nameIn(name, language), size));
  const place = [...new Set(names)].filter((name) => name !== '').join(', ');
  return place === '' ? short(notice.scope, 98) : place;
}

/** Where, what, and the room, on one line. The names are the same in all messages of an incident, whatever else these say. */
function subjectOf({ notice, news, language }: Message): string {
  const { scope } = notice;
  const nameOf = (name: Notice['site'] = { en: '', hi: '' }) => plain(nameIn(name, language));
  const [site, state, room] = [nameOf(notice.site), nameOf(notice.state), nameOf(notice.room)] as const;
  const whole = [...new Set([site, state])].filter((name) => name !== '').join(', ');
  const isShort = lettersIn(whole) + lettersIn(room) <= namesLimit;
  const place = isShort ? whole : site || whole;
  const end = shortInside(room, Math.max(Math.floor(namesLimit / 2), namesLimit - lettersIn(place)));
  const begin = shortInside(place, namesLimit - lettersIn(end));
  const what = `${news.head}: ${news.title}`;
  return [begin === '' ? what : `${begin}: ${what}`, begin + end === '' ? short(scope, 40) : end].filter((part) => part !== '').join(', ');
}

/** Since when, or from when to when, of the fault in the title. A PC is away since its last word, not since we noticed. */
function sinceOf({ notice, language, words, over }: Message): string {
  const { faults, at, timeZone, outage, until } = notice;
  const lastWord = isAbsence(faults[0]?.fault ?? '') && outage !== undefined ? [outage.from] : [];
  const titled = faults.filter(({ fault }) => fault === faults[0]?.fault);
  const from = timeOf(Math.min(...titled.map(({ since }) => since), at, ...lastWord), timeZone, language);
  const ended = notice.kind === 'cleared' || notice.kind === 'closed';
  const { since, between, flapping, counted } = words.message;
  const to = ended ? at : until;
  const when = to === undefined ? filled(since, { from }) : filled(between, { from, to: timeOf(to, timeZone, language) });
  const comes = notice.flapping && !over && !ended ? ` ${flapping}` : '';
  return `${when}${comes}${notice.counted ? ` ${filled(counted, { n: notice.counted })}` : ''}`;
}

/** The rest of the news: who is away with one cause of many, else further faults, or the lines that the machine added. The first line of a close or a direct word is used already. */
function moreOf({ notice, language }: Message): List {
  // The names of those that are away; more than a notice holds are counted.
  if (notice.many !== undefined)
    return { items: distinct(notice.many.names.map((name) => nameIn(name, language))), count: notice.many.down };
  const first = mainFault(notice);
  const others = first ? notice.faults.slice(1) : notice.faults;
  const lines = notice.lines.slice(notice.kind === 'closed' || notice.kind === 'direct' ? 1 : 0).filter((line) => line !== '');
  const names = namesOf(notice).slice(1);
  const items = others.slice(0, itemLimit).map(({ fault }) => {
    const name = fault === first?.fault ? short(names.shift() ?? '') : '';
    return name === '' ? titleOf(fault, language) : name;
  });
  return { items: [...items, ...lines.slice(0, itemLimit).map((line) => short(line, 80))], count: others.length + lines.length };
}

/** Frames the list below the news: of one cause of many who is away, or at its end who is left; else what there is beside the first fault. */
function frameOf({ notice, words }: Message): (list: string) => string {
  const { also, left, manyPcs, manyRooms, manySites } = words.message;
  const { many } = notice;
  if (mainFault(notice) === undefined) return (list) => list;
  if (many === undefined) return (list) => filled(also, { list });
  const { kind, down, of } = many;
  const asMany = kind === 'site' ? manyPcs : kind === 'spread' ? manyRooms : manySites;
  return (list) => (hasEnded(notice) ? filled(left, { list }) : filled(asMany, { down, of, list }));
}

/** What stands below the news, and the link, each where there is any. */
function belowOf({ notice, language, words, over }: Message, { wall, link: url }: Omit<Telling, 'over' | 'late'>): string {
  const visit = over || (notice.kind !== 'raised' && notice.kind !== 'worsened') ? [] : visitLines(notice, language);
  const onWall =
    wall === undefined || notice.incident === null ? [] : [filled(words.message.onWall, { url: incidentLink(wall, notice.incident) })];
  const lines = [...visit, ...(url === undefined ? onWall : [filled(words.message.tap, { url })])];
  return lines.length === 0 ? '' : `\n\n${lines.join('\n')}`;
}

/** Longest of each, characters. */
const lineLimit = 80;
const titleLimit = 40;

/** Whom to call, the way in, what to bring, its line where that is at fault, and what went wrong there before; a line each. */
function visitLines(notice: Notice, language: MessageLanguage): string[] {
  const { message } = wordsIn(language);
  const { wayIn = '', spare = '', line = '', at, timeZone, faults, outage } = notice;
  const isOfLine = outage
    ? outage.cause === 'link-down' || outage.cause === 'upstream'
    : faults.some(({ fault }) => fault.startsWith('link.') || fault === 'path.last_mile');
  const said = [
    [message.wayIn, wayIn],
    [message.spare, spare],
    [message.lineOf, isOfLine ? line : ''],
  ] as const;
  const below = said.flatMap(([text, what]) => (what === '' ? [] : [filled(text, { text: short(what, lineLimit) })]));
  const lines = [callText(notice, language), ...below].filter((one) => one !== '');
  const whenOf = (ms: number) => {
    const day = dayOf(ms, timeZone, language);
    return day === dayOf(at, timeZone, language) ? clockOf(ms, timeZone) : day;
  };
  const list = (notice.before ?? [])
    .map((one) => `${whenOf(one.at)} ${short(titleIn(one.fault, language) ?? one.fault, titleLimit)}`)
    .join('; ');
  return list === '' ? lines : [...lines, filled(message.before, { list })];
}

/** Whom to call: the room, or who is named for its office. */
function callText({ phone = '', contact }: Notice, language: MessageLanguage): string {
  const { message } = wordsIn(language);
  const number = short(phone, lineLimit);
  if (number === '' || contact === undefined) return number && filled(message.phone, { text: number });
  return filled(message.contact, { text: contact === '' ? number : `${short(contact, titleLimit)}, ${number}` });
}

/** The number at the end of that line, and what a telephone dials for it; undefined where there is none that could be dialled. */
function phoneOf(notice: Notice, language: MessageLanguage): RenderedMessage['phone'] {
  const { phone = '' } = notice;
  const tel = telOf(phone);
  return tel === undefined ? undefined : { line: callText(notice, language), number: short(phone, lineLimit), tel };
}

/** Where people find the wall, where the centre has a name: what a message links to. */
export function wallAddress(https: { names: readonly string[]; port: number } | undefined): string | undefined {
  const [name] = https?.names ?? [];
  if (https === undefined || name === undefined) return undefined;
  return `https://${name}${https.port === 443 ? '' : `:${https.port}`}`;
}

/** Where the incident stands on the wall. A `?` ends what is registered of an address with India's operators: what follows may differ. */
export function incidentLink(wall: string, incident: number): string {
  return `${wall}/?#/incident/${incident}`;
}

/** The longest that such an address gets: incidents have at most seven digits for a long time. */
export function longestLink(wall: string | undefined): string | undefined {
  return wall === undefined ? undefined : incidentLink(wall, 9_999_999);
}

/** More items than this never fit. */
const itemLimit = 60;

/**
 * Of names that share their first or last words only what differs: of "Conference room, Leh" and "Conference room, Nubra" the places.
 * Nothing is left out where only a number or nothing would be left of one of them.
 */
function differing(names: readonly string[]): string[] {
  if (new Set(names).size < 2) return [...names];
  const words = names.map((name) => name.split(' '));
  const least = Math.min(...words.map(({ length }) => length));
  const isShared = (at: number) => words.every((one) => one.at(at) === words[0]?.at(at));
  let head = 0;
  while (head < least - 1 && isShared(head)) head += 1;
  let tail = 0;
  while (head + tail < least - 1 && isShared(-1 - tail)) tail += 1;
  const parts = words.map((one) => {
    const part = one.slice(head, one.length - tail).join(' ');
    return part.replace(/,$/, '');
  });
  // Of "Hall 1" and "Hall 2" the numbers alone name no room.
  return parts.every((part) => /\p{L}[\p{L}\p{M}]/u.test(part)) ? parts : [...names];
}

/** Names cut short for a list: of those with the same beginning what differs; whole where that reads like another. */
function distinct(names: readonly string[]): string[] {
  const alike = [...Map.groupBy(new Set(names), (name) => short(name)).values()];
  const cut = new Map(alike.flatMap((some) => differing(some).map((name, at) => [some[at] ?? '', short(name)] as const)));
  const counts = Map.groupBy(cut.values(), (name) => name);
  return names.map((name) => (counts.get(cut.get(name) ?? '')?.length === 1 ? (cut.get(name) ?? '') : short(name, nameLimit)));
}

/** Names as a sentence has them; more than three are counted. */
function namesInWords(names: readonly string[], language: MessageLanguage): string {
  if (names.length <= 3) return new Intl.ListFormat(datesIn(language).locale).format(names);
  return `${names.slice(0, 3).join(', ')} ${filled(wordsIn(language).message.others, { n: names.length - 3 })}`;
}

/** A list that may say how many items it leaves out. */
export type List = { items: readonly string[]; count: number };

/** As many items as fit into `limit` characters once `frame` is around them, and how many are left out; empty where not even that fits. */
function listThatFits({ items, count }: List, language: MessageLanguage, at: { limit: number; frame(list: string): string }): string {
  const { others } = wordsIn(language).message;
  for (let shown = items.length; shown >= 0; shown--) {
    const list = [...items.slice(0, shown), ...(count > shown ? [filled(others, { n: count - shown })] : [])].join('; ');
    const line = list === '' ? '' : at.frame(list);
    if (line.length <= at.limit) return line;
  }
  return '';
}

/** Day and time. A zone that this machine does not know is UTC, and says so. */
export function timeOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  const time = `${dayOf(atMs, timeZone, language)}, ${clockOf(atMs, timeZone)}`;
  return isTimeZone(timeZone) ? time : `${time} UTC`;
}

/** The time of day of what is of the same day as `now`, else with its day. */
export function momentOf(atMs: number, now: number, { timeZone, language }: { timeZone: string; language: MessageLanguage }): string {
  const isToday = dayOf(atMs, timeZone, language) === dayOf(now, timeZone, language);
  return isToday ? clockOf(atMs, timeZone) : timeOf(atMs, timeZone, language);
}

/** The day alone. */
function dayOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  const local = localOf(atMs, timeZone);
  return days.get(language)?.format(Date.UTC(local.year, local.month - 1, local.day)) ?? local.toPlainDate().toString();
}

/** Made once: a format costs more to make than a message. */
const days = new Map(
  messageLanguages.map((language) => {
    const { locale, month } = datesIn(language);
    return [language, new Intl.DateTimeFormat(locale, { day: 'numeric', month, timeZone: 'UTC' })];
  }),
);

/** One line, as a voice reads it. */
export function speechOf(notice: Notice, language: MessageLanguage): string {
  const { place, what, since } = spokenOf(notice, language);
  return [place, what, since]
    .map((part) => part.trim().replace(/[.।]$/u, ''))
    .filter((part) => part !== '')
    .map((part) => `${part}.`)
    .join(' ');
}
