/** Text of a message: place, fault, time, cause and action on one screen of a small phone. Details for a visit follow below. */
import {
  actionIn,
  type CauseKind,
  confidenceLevelOf,
  datesIn,
  fillIn,
  isOutageFault,
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
  stepsOf,
  titleIn,
  translateReason,
  unfinishedFault,
  type Vocabulary,
  vocabularyIn,
  wordFor,
} from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../engine/records/notices.ts';
import { telOf } from '../roster/book.ts';
import { countLetters, localTimeAt, plainLine, shorten, shortenInside, timeOfDayText, variableLimit } from './channels/kit/plain.ts';

/** Limit in characters of the first part of a message, which must fit one screen of a small phone. */
export const textLimit = 400;
const nameLimit = 80;
/** Limits of a name that are tried in order: first the full name, then a cut one if the text is too long. */
const nameLimits = [nameLimit, variableLimit] as const;
const tightLimit = 12;
/** Longest line about the remaining faults, characters. */
const restLimit = 120;
/**
 * Letters of all names in a subject together. With the title, the subject is then about as long as mail programs show. The state of the
 * site is left out first, then long names are cut.
 */
const namesLimit = 44;
/** Limit of the text of an announcement in characters. */
export const announcementLimit = 300;
/** Separates text and footer, as in a mail. */
export const footerMark = '\n-- \n';

/**
 * How to render a notice. `over`: the incident ended while its raise waited. `late`: the message is stale. `wall`: address of the wall,
 * absent without a public name.
 * `link`: one-tap link of the recipient, replaces the link to the wall. `reader`: the recipient.
 */
export type RenderOptions = Partial<RenderState> & { wall?: string | undefined; link?: string | undefined };
type RenderedParts = Pick<RenderedMessage, 'subject' | 'text' | 'phone'>;
type RenderState = { over: boolean; late: boolean; reader?: Reader | undefined };
/** `to`: the recipient. An action of this person is rendered as "you". */
export type Reader = { to: Pick<Person, 'id' | 'name'>; nameOf(person: string): string };

/**
 * Renders subject (one line) and text of a notice in one language.
 * Guarantee: names of devices and rooms are data: at most 80 characters each, without line breaks or hidden characters. It never throws.
 */
export function render(notice: Notice, language: MessageLanguage, options: RenderOptions = {}): RenderedParts {
  const { over = false, late = false, reader, ...links } = options;
  const message = messageOf(notice, language, { over: over && isNews(notice), late: late && isNews(notice), reader });
  const fitting = nameLimits.map((size) => partsOf(message, size)).find((some) => some.join('\n').length <= textLimit);
  const parts = fitting ?? partsOf(message, tightLimit);
  const more = listThatFits(moreOf(message), language, { limit: textLimit - parts.join('\n').length - 1, frame: frameOf(message) });
  const [place, what, ...rest] = parts;
  const text = [place, what, ...(more === '' ? [] : [more]), ...rest].join('\n');
  const footer = notice.incident === null ? 'Sabha' : `${fillIn(message.words.message.incident, { n: notice.incident })} · Sabha`;
  const phone = phoneOf(notice, language);
  return { subject: subjectOf(message), text: `${text}${belowOf(message, links)}${footerMark}${footer}\n`, ...(phone && { phone }) };
}

/** The same parts for a web page, separately: place, fault, time, cause, action and the details for a visit. */
export function partsForPage(notice: Notice, language: MessageLanguage) {
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

function messageOf(given: Notice, language: MessageLanguage, { over, late, reader }: RenderState): RenderInput {
  const { many, room } = given;
  // A link, a provider or a state is named by itself. "All offices" would add nothing.
  const isNamed = many?.kind === 'link' || many?.kind === 'provider' || many?.kind === 'state';
  const notice = isNamed ? { ...given, site: room, room: { en: '', hi: '' } } : given;
  const words = vocabularyIn(language);
  const news = newsLinesOf({ notice, language, words, over });
  const head = late && !over ? `${words.message.comesLate}, ${news.head}` : news.head;
  return { notice, language, words, over, late, reader, news: { ...news, head } };
}

/** News of a notice: the event (`head`, `title`) and the actions to take now (`steps`). */
type NewsLines = { head: string; title: string; steps: string[] };
type RenderInput = RenderState & { notice: Notice; language: MessageLanguage; words: Vocabulary; news: NewsLines };

function newsLinesOf({ notice, language, words, over }: Pick<RenderInput, 'notice' | 'language' | 'words' | 'over'>): NewsLines {
  const { severity, kind, message } = words;
  const first = notice.faults[0];
  const urgency = severity[notice.severity];
  const joined = notice.faults.length > 1 ? message.severalMore : message.oneMore;
  const title = first ? commonFaultTitle(first, notice.many?.kind, language) : urgency;
  const steps = first ? stepsOf(actionOf(notice, language)) : [];
  if (over) return { head: message.over, title, steps: [message.alreadyOver] };
  const planned = plannedOf(notice, message, steps);
  if (planned) return { ...planned, title };
  switch (notice.kind) {
    case 'raised':
      // A person to whom the incident was just assigned may not have been notified before.
      return {
        head: notice.again !== undefined && notice.again.why !== 'assigned' ? `${message.stillThere}, ${urgency}` : urgency,
        title,
        steps,
      };
    case 'worsened':
      return { head: `${notice.joins ? fillIn(joined, { n: notice.faults.length }) : kind.worsened}, ${urgency}`, title, steps };
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

/** Planned maintenance is not a fault: at its end nothing remains to do. */
function plannedOf({ faults, kind }: Notice, message: Vocabulary['message'], steps: string[]): Omit<NewsLines, 'title'> | undefined {
  if (faults[0]?.fault !== maintenanceFault) return undefined;
  if (kind === 'cleared') return { head: message.ended, steps: [message.maintained] };
  return kind === 'raised' || kind === 'worsened' ? { head: message.begun, steps } : undefined;
}

/** Returns the sentence that says why the notification is repeated. */
function repeatReason({ notice, language, words, over, reader }: RenderInput, size: number): string {
  const { again } = notice;
  if (again === undefined || over) return '';
  const isOwn = reader?.to.id === again.by || reader?.to.name === again.by;
  const own = isOwn ? wordFor(language, 'againOwn', again.why) : undefined;
  return own ?? fillIn(words.again[again.why], { name: shorten(again.by, size) });
}

/**
 * Returns why the message goes to a further recipient. Empty if the message is stale, since another person may have acknowledged the
 * incident.
 */
function handoverLine({ notice: { passed, at, timeZone }, language, words: { message }, ...telling }: RenderInput, size: number): string {
  if (passed === undefined || telling.over || telling.late) return '';
  const time = dayAndTimeOf(passed.at, at, { timeZone, language });
  if ('by' in passed) return fillIn(message.gaveBack, { name: shorten(passed.by, size), time });
  const names = passed.to.map((person) => shorten(telling.reader?.nameOf(person) ?? person, size));
  return fillIn(message.untaken, { names: namesInWords(names, language), time });
}

/** Reply to an unknown sender, in all languages, since the language is not known. */
export function textForStranger(): string {
  return languages.map((language) => vocabularyIn(language).sender.stranger).join(' · ');
}

/** Returns true for kinds that ask for an action and are stale once the incident is over. */
export function isNews({ kind }: Pick<Notice, 'kind'>): boolean {
  return kind === 'raised' || kind === 'worsened' || kind === 'eased';
}

/** Adds the fault to the title of a fault in many rooms. A region on battery has its own title. */
function commonFaultTitle({ fault, device }: Notice['faults'][number], kind: CauseKind | undefined, language: MessageLanguage): string {
  if (fault === 'outage.power' && kind !== undefined && kind !== 'site') return titleOf('power.on_battery', language);
  const what = fault === 'centre.spread' ? titleIn(device, language) : undefined;
  return what === undefined ? titleOf(fault, language) : `${titleOf(fault, language)}: ${what}`;
}

/** Returns the title of a fault; for an id that this version does not know, the id itself. */
function titleOf(fault: string, language: MessageLanguage): string {
  return titleIn(fault, language) ?? shorten(fault, 64);
}

/**
 * Returns the closing line. It states that a room is well only if that is known. Empty while some PCs of a common cause are still offline.
 */
function wellOf({ many, ready }: Notice, { message }: Vocabulary): string[] {
  if (many === undefined) return [ready ? message.roomWell : message.isOver];
  return many.down > 0 ? [] : [message.allWell];
}

/**
 * Returns the line about the remaining faults, as many as fit. If all remaining faults are in their clear time, the line states that they
 * are over.
 */
function restOf({ rest }: Notice, language: MessageLanguage): string {
  const { stillOpen, restOpen, isOver } = vocabularyIn(language).message;
  if (rest === undefined) return restOpen;
  if (rest.length === 0) return isOver;
  const items = [...new Set(rest.map(({ fault }) => titleOf(fault, language)))];
  const frame = (list: string) => fillIn(stillOpen, { list });
  return listThatFits({ items, count: items.length }, language, { limit: restLimit, frame }) || restOpen;
}

/** Returns the action for the first fault. For a silent PC or site the action depends on the cause. */
function actionOf({ faults, outage, beside }: Notice, language: MessageLanguage): string {
  const fault = faults[0]?.fault ?? '';
  if (!(fault === 'pc.silent' || fault === 'outage.site') || outage === undefined) return actionIn(fault, language) ?? '';
  const { cause, confidence } = outage;
  // If another PC of the site responds, the site has power and a link.
  const unknown = beside ? 'pc-off' : 'undetermined';
  return vocabularyIn(language).outageAction[confidenceLevelOf(confidence) === 'open' ? unknown : cause];
}

function directOf({ lines }: Notice, language: MessageLanguage): Omit<NewsLines, 'head'> {
  const reason = lines[0] ?? '';
  const title = wordFor(language, 'direct', reason) ?? shorten(reason, 80);
  return { title, steps: stepsOf(wordFor(language, 'directAction', reason) ?? '') };
}

/** The lines of every message: place, fault, time, cause and action, with names of at most `size` characters. */
function partsOf(message: RenderInput, size: number): string[] {
  const { announcement } = message.notice;
  const parts = [
    placeOf(message, size),
    whatOf(message, size),
    // The length was checked when the announcement was sent, so it is not cut.
    announcement === undefined ? '' : `${shorten(announcement.by)}: ${shorten(announcement.text, announcementLimit)}`,
    handoverLine(message, size),
    sinceOf(message),
    repeatReason(message, size),
    meetingOf(message),
    ...whyOf(message),
    ...stepLines(message),
  ];
  return parts.filter((part) => part !== '');
}

function whatOf({ notice, news, language }: RenderInput, size: number): string {
  const first = mainFault(notice);
  const name = shorten(namesOf(notice)[0] ?? '', size);
  // Faults of the server name a file or a node, which may be longer.
  const reasonSize = first?.fault.startsWith('centre.') && size > tightLimit ? 4 * size : size;
  const reason = first?.reason ? ` (${shorten(translateReason(first.reason, language), reasonSize)})` : '';
  return `${news.head}: ${news.title}${name === '' ? '' : `: ${name}`}${reason}`;
}

function stepLines({ notice, news, over, words }: RenderInput): string[] {
  const [only] = news.steps;
  if (over || hasEnded(notice)) return news.steps;
  if (news.steps.length === 1 && only !== undefined) return [fillIn(words.message.todo, { action: only })];
  return news.steps.map((step, at) => `${at + 1}. ${step}`);
}

/** The fault that the title names. A notice of the server itself has none. */
function mainFault(notice: Notice): Notice['faults'][number] | undefined {
  return notice.kind === 'unfinished' || notice.kind === 'direct' ? undefined : notice.faults[0];
}

/** Names of everything with the first fault, reduced to what differs. PCs with the same name are named by their path. */
function namesOf(notice: Notice): string[] {
  const first = mainFault(notice);
  const same = notice.faults.filter(({ fault }) => fault === first?.fault).slice(0, itemLimit);
  const names = differing(same.map(({ name }) => name ?? ''));
  const isTwice = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return names.map((name, at) => (isTwice(name) && isPcPath(same[at]?.device ?? '') ? (same[at]?.device ?? '') : name));
}

/**
 * Returns why the incident is closed, or why the PC is or was offline. If an earlier notification named another cause, the all-clear states
 * that too.
 */
function whyOf(message: RenderInput): string[] {
  const { notice, words } = message;
  if (notice.kind === 'closed') return closedBecause(message);
  const { outage, toldOutage } = notice;
  if (outage === undefined || !isOutageFault(notice.faults[0]?.fault ?? '') || message.over) return [];
  const why = (one: Outage) => fillIn(words.message.why, { reason: outageText({ ...one, beside: notice.beside }, message.language) });
  if (!hasEnded(notice)) return [why(outage)];
  const isTold = toldOutage !== undefined && toldOutage.cause !== 'undetermined';
  if (isTold && outage.cause !== toldOutage.cause && toldOutage.confidence > outage.confidence) return [why(toldOutage)];
  if (outage.cause === 'undetermined' || outage.to === null) return [];
  const isOther = isTold && outage.cause !== toldOutage.cause && confidenceLevelOf(toldOutage.confidence) !== 'open';
  return [isOther ? `${why(outage)} ${fillIn(words.message.thought, { cause: words.outage[toldOutage.cause] })}` : why(outage)];
}

function closedBecause({ notice, language, words }: RenderInput): string[] {
  const reason = notice.lines[0] ?? '';
  const [, said = reason, place = ''] = /^(moved to)( .+)$/.exec(reason) ?? [];
  const known = wordFor(language, 'closed', said);
  const text = known ? `${known} ${shorten(place, 60)}`.trimEnd() : shorten(reason, 60);
  return reason === '' ? [] : [fillIn(words.message.why, { reason: text })];
}

/** Returns the sentence about the meeting that makes the fault urgent, in the local time of the site. */
function meetingOf({ notice, words, over }: RenderInput): string {
  if (notice.meeting === undefined || over || !isNews(notice)) return '';
  return fillIn(words.message.meeting, { time: timeOfDayText(notice.meeting.at, notice.timeZone) });
}

function hasEnded({ kind }: Notice): boolean {
  return kind === 'cleared' || kind === 'closed' || kind === 'eased';
}

function placeOf({ notice, language }: RenderInput, size: number): string {
  const { site, state, room } = notice;
  const names = [site, ...(state ? [state] : []), room].map((name) => shorten(nameIn(name, language), size));
  const place = [...new Set(names)].filter((name) => name !== '').join(', ');
  return place === '' ? shorten(notice.scope, 98) : place;
}

/** Place, fault and room on one line. The names are the same in all messages of an incident. */
function subjectOf({ notice, news, language }: RenderInput): string {
  const { scope } = notice;
  const nameOf = (name: Notice['site'] = { en: '', hi: '' }) => plainLine(nameIn(name, language));
  const [site, state, room] = [nameOf(notice.site), nameOf(notice.state), nameOf(notice.room)] as const;
  const whole = [...new Set([site, state])].filter((name) => name !== '').join(', ');
  const isShort = countLetters(whole) + countLetters(room) <= namesLimit;
  const place = isShort ? whole : site || whole;
  const end = shortenInside(room, Math.max(Math.floor(namesLimit / 2), namesLimit - countLetters(place)));
  const begin = shortenInside(place, namesLimit - countLetters(end));
  const what = `${news.head}: ${news.title}`;
  return [begin === '' ? what : `${begin}: ${what}`, begin + end === '' ? shorten(scope, 40) : end]
    .filter((part) => part !== '')
    .join(', ');
}

/** Start, or start and end, of the fault in the title. A PC is offline since its last message, not since the detection. */
function sinceOf({ notice, language, words, over }: RenderInput): string {
  const { faults, at, timeZone, outage, until } = notice;
  const lastWord = isOutageFault(faults[0]?.fault ?? '') && outage !== undefined ? [outage.from] : [];
  const titled = faults.filter(({ fault }) => fault === faults[0]?.fault);
  const from = timeOf(Math.min(...titled.map(({ since }) => since), at, ...lastWord), timeZone, language);
  const ended = notice.kind === 'cleared' || notice.kind === 'closed';
  const { since, between, flapping, counted } = words.message;
  const to = ended ? at : until;
  const when = to === undefined ? fillIn(since, { from }) : fillIn(between, { from, to: timeOf(to, timeZone, language) });
  const comes = notice.flapping && !over && !ended ? ` ${flapping}` : '';
  return `${when}${comes}${notice.counted ? ` ${fillIn(counted, { n: notice.counted })}` : ''}`;
}

/**
 * Rest of the news: offline PCs of a common cause, otherwise further faults or added lines. The title already uses the first line of a
 * close or of a notice of the server.
 */
function moreOf({ notice, language }: RenderInput): ListLines {
  // Names of the offline PCs. PCs beyond the limit of a notice are counted.
  if (notice.many !== undefined)
    return { items: distinct(notice.many.names.map((name) => nameIn(name, language))), count: notice.many.down };
  const first = mainFault(notice);
  const others = first ? notice.faults.slice(1) : notice.faults;
  const lines = notice.lines.slice(notice.kind === 'closed' || notice.kind === 'direct' ? 1 : 0).filter((line) => line !== '');
  const names = namesOf(notice).slice(1);
  const items = others.slice(0, itemLimit).map(({ fault }) => {
    const name = fault === first?.fault ? shorten(names.shift() ?? '') : '';
    return name === '' ? titleOf(fault, language) : name;
  });
  return { items: [...items, ...lines.slice(0, itemLimit).map((line) => shorten(line, 80))], count: others.length + lines.length };
}

/**
 * Returns the sentence around the list. For a common cause it lists who is offline, or at its end who still is. Otherwise it lists further
 * faults.
 */
function frameOf({ notice, words }: RenderInput): (list: string) => string {
  const { also, left, manyPcs, manyRooms, manySites } = words.message;
  const { many } = notice;
  if (mainFault(notice) === undefined) return (list) => list;
  if (many === undefined) return (list) => fillIn(also, { list });
  const { kind, down, of } = many;
  const asMany = kind === 'site' ? manyPcs : kind === 'spread' ? manyRooms : manySites;
  return (list) => (hasEnded(notice) ? fillIn(left, { list }) : fillIn(asMany, { down, of, list }));
}

/** The details for a visit and the link, if any. */
function belowOf({ notice, language, words, over }: RenderInput, { wall, link: url }: Omit<RenderOptions, 'over' | 'late'>): string {
  const visit = over || (notice.kind !== 'raised' && notice.kind !== 'worsened') ? [] : visitLines(notice, language);
  const onWall =
    wall === undefined || notice.incident === null ? [] : [fillIn(words.message.onWall, { url: incidentLink(wall, notice.incident) })];
  const lines = [...visit, ...(url === undefined ? onWall : [fillIn(words.message.tap, { url })])];
  return lines.length === 0 ? '' : `\n\n${lines.join('\n')}`;
}

/** Longest line and longest title in these details, characters. */
const lineLimit = 80;
const titleLimit = 40;

/** One line each: contact, access, spare part, network line if that is at fault, and earlier faults in this room. */
function visitLines(notice: Notice, language: MessageLanguage): string[] {
  const { message } = vocabularyIn(language);
  const { wayIn = '', spare = '', line = '', at, timeZone, faults, outage } = notice;
  const isOfLine = outage
    ? outage.cause === 'link-down' || outage.cause === 'upstream'
    : faults.some(({ fault }) => fault.startsWith('link.') || fault === 'path.last_mile');
  const visitTexts = [
    [message.wayIn, wayIn],
    [message.spare, spare],
    [message.lineOf, isOfLine ? line : ''],
  ] as const;
  const below = visitTexts.flatMap(([text, what]) => (what === '' ? [] : [fillIn(text, { text: shorten(what, lineLimit) })]));
  const lines = [callText(notice, language), ...below].filter((one) => one !== '');
  const whenOf = (ms: number) => {
    const day = dayOf(ms, timeZone, language);
    return day === dayOf(at, timeZone, language) ? timeOfDayText(ms, timeZone) : day;
  };
  const list = (notice.before ?? [])
    .map((one) => `${whenOf(one.at)} ${shorten(titleIn(one.fault, language) ?? one.fault, titleLimit)}`)
    .join('; ');
  return list === '' ? lines : [...lines, fillIn(message.before, { list })];
}

/** Contact line: the phone of the room, or the contact person of the office. */
function callText({ phone = '', contact }: Notice, language: MessageLanguage): string {
  const { message } = vocabularyIn(language);
  const number = shorten(phone, lineLimit);
  if (number === '' || contact === undefined) return number && fillIn(message.phone, { text: number });
  return fillIn(message.contact, { text: contact === '' ? number : `${shorten(contact, titleLimit)}, ${number}` });
}

/** The contact line, its number as shown, and the number to dial; undefined if it cannot be dialled. */
function phoneOf(notice: Notice, language: MessageLanguage): RenderedMessage['phone'] {
  const { phone = '' } = notice;
  const tel = telOf(phone);
  return tel === undefined ? undefined : { line: callText(notice, language), number: shorten(phone, lineLimit), tel };
}

/** Address of the wall, for links in messages; undefined if the server has no public name. */
export function wallAddress(https: { names: readonly string[]; port: number } | undefined): string | undefined {
  const [name] = https?.names ?? [];
  if (https === undefined || name === undefined) return undefined;
  return `https://${name}${https.port === 443 ? '' : `:${https.port}`}`;
}

/** Link to the incident on the wall. India's operators register an address up to the `?`; the rest may vary. */
export function incidentLink(wall: string, incident: number): string {
  return `${wall}/?#/incident/${incident}`;
}

/** Longest possible link: an incident number has at most seven digits. */
export function longestLink(wall: string | undefined): string | undefined {
  return wall === undefined ? undefined : incidentLink(wall, 9_999_999);
}

/** Limit of items that are considered for a list, because more never fit. */
const itemLimit = 60;

/**
 * Removes words that all names share at their start or end: "Conference room, Leh" and "Conference room, Nubra" become "Leh" and "Nubra".
 * Keeps the full names if one of them would be empty or only a number.
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
  // "Hall 1" and "Hall 2" would become bare numbers, which name no room.
  return parts.every((part) => /\p{L}[\p{L}\p{M}]/u.test(part)) ? parts : [...names];
}

/** Shortens names for a list. Names with the same start keep what differs. A name stays whole if its short form is not unique. */
function distinct(names: readonly string[]): string[] {
  const alike = [...Map.groupBy(new Set(names), (name) => shorten(name)).values()];
  const cut = new Map(alike.flatMap((some) => differing(some).map((name, at) => [some[at] ?? '', shorten(name)] as const)));
  const counts = Map.groupBy(cut.values(), (name) => name);
  return names.map((name) => (counts.get(cut.get(name) ?? '')?.length === 1 ? (cut.get(name) ?? '') : shorten(name, nameLimit)));
}

/** Joins names as in a sentence; beyond three the rest is counted. */
function namesInWords(names: readonly string[], language: MessageLanguage): string {
  if (names.length <= 3) return new Intl.ListFormat(datesIn(language).locale).format(names);
  return `${names.slice(0, 3).join(', ')} ${fillIn(vocabularyIn(language).message.others, { n: names.length - 3 })}`;
}

/** A list of names, and how many more items it leaves out. */
export type ListLines = { items: readonly string[]; count: number };

/** Returns as many items as fit into `limit` characters inside `frame`, and the count of the rest; empty if not even the count fits. */
function listThatFits({ items, count }: ListLines, language: MessageLanguage, at: { limit: number; frame(list: string): string }): string {
  const { others } = vocabularyIn(language).message;
  for (let shown = items.length; shown >= 0; shown--) {
    const list = [...items.slice(0, shown), ...(count > shown ? [fillIn(others, { n: count - shown })] : [])].join('; ');
    const line = list === '' ? '' : at.frame(list);
    if (line.length <= at.limit) return line;
  }
  return '';
}

/** Day and time. Uses UTC and says so if this machine does not know the zone. */
export function timeOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  const time = `${dayOf(atMs, timeZone, language)}, ${timeOfDayText(atMs, timeZone)}`;
  return isTimeZone(timeZone) ? time : `${time} UTC`;
}

/** Time of day if `atMs` is on the same day as `now`, otherwise day and time. */
export function dayAndTimeOf(atMs: number, now: number, { timeZone, language }: { timeZone: string; language: MessageLanguage }): string {
  const isToday = dayOf(atMs, timeZone, language) === dayOf(now, timeZone, language);
  return isToday ? timeOfDayText(atMs, timeZone) : timeOf(atMs, timeZone, language);
}

function dayOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  const local = localTimeAt(atMs, timeZone);
  return days.get(language)?.format(Date.UTC(local.year, local.month - 1, local.day)) ?? local.toPlainDate().toString();
}

/** Formatters of the day by language. They are cached, because creating one costs more than rendering a message. */
const days = new Map(
  messageLanguages.map((language) => {
    const { locale, month } = datesIn(language);
    return [language, new Intl.DateTimeFormat(locale, { day: 'numeric', month, timeZone: 'UTC' })];
  }),
);

export function voiceTextOf(notice: Notice, language: MessageLanguage): string {
  const { place, what, since } = partsForPage(notice, language);
  return [place, what, since]
    .map((part) => part.trim().replace(/[.।]$/u, ''))
    .filter((part) => part !== '')
    .map((part) => `${part}.`)
    .join(' ');
}
