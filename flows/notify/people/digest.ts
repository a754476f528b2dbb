/** Lists in place of many messages to a person: what waited for the morning and still stands; what is late because its channel was away. */
import { bySeverity, filled, type MessageLanguage, nameIn, titleIn, wordsIn } from '@sabha/contracts';
import type { Notice } from '../../engine/records/notices.ts';
import { short } from './channels/kit/plain.ts';
import { footerMark } from './words.ts';

/** Longest list, characters: a screen or two of a small phone. */
const listLimit = 1_200;
/** Longest name in it. */
const nameLimit = 60;

/** Where the person answers to what a line tells; undefined where there is no such address. */
export type LinkOf = (notice: Notice) => string | undefined;
/** How a list is written. `fits`: whether its channel takes such a text whole; `isLate`: why there is a list. */
export type ListWay = { linkOf?: LinkOf; fits?: (text: string) => boolean; isLate?: boolean };

/** Subject and text of several notices in one language, the most severe first; what does not fit is counted. */
export function renderDigest(
  notices: readonly Notice[],
  language: MessageLanguage,
  { linkOf = noLink, fits = anyFits }: ListWay = {},
): { subject: string; text: string } {
  const { message } = wordsIn(language);
  const lines = sorted(notices).map((notice) => withLink(lineOf(notice, language), linkOf(notice)));
  return listed({ head: filled(message.digest, { n: notices.length }), about: message.stillStands, lines }, { language, fits });
}

/** A notice, and whether its incident has ended. */
export type Late = { notice: Notice; over: boolean };

/** Subject and text of what could not be sent in time, or came all at once: a line for each incident, and what is over says so. */
export function renderLate(
  late: readonly Late[],
  language: MessageLanguage,
  { linkOf = noLink, fits = anyFits, isLate = true }: ListWay = {},
): { subject: string; text: string } {
  const { message } = wordsIn(language);
  const inOrder = late.toSorted((a, b) => Number(a.over) - Number(b.over) || byUrgency(a.notice, b.notice));
  const lines = inOrder.map(({ notice, over }) => withLink(lineOf(notice, language, over), over ? undefined : linkOf(notice)));
  const head = filled(isLate ? message.late : message.atOnce, { n: late.length });
  return listed({ head, about: isLate ? message.wasAway : '', lines }, { language, fits });
}

const noLink: LinkOf = () => undefined;
const anyFits = () => true;

/** In a line of its own, which a mail shows as a link. */
function withLink(line: string, link: string | undefined): string {
  return link === undefined ? line : `${line}\n${link}`;
}

/** The last word on each incident; a word of the centre's own stands for itself. */
export function lastOfEach(late: readonly Late[]): Late[] {
  return [...new Map(late.map((one, at) => [one.notice.incident ?? `word ${at}`, one])).values()];
}

/** A line stands whole or not at all. */
function listed(
  { head, about, lines }: { head: string; about: string; lines: readonly string[] },
  { language, fits }: { language: MessageLanguage } & Required<Pick<ListWay, 'fits'>>,
): { subject: string; text: string } {
  const { message } = wordsIn(language);
  const textOf = (shown: number) => {
    const more = shown < lines.length ? [filled(message.others, { n: lines.length - shown })] : [];
    return `${[head, ...(about === '' ? [] : [about]), ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n`;
  };
  const isTooLong = (shown: number) => lines.slice(0, shown).join('\n').length > listLimit || !fits(textOf(shown));
  let shown = lines.length;
  while (shown > 1 && isTooLong(shown)) shown -= 1;
  return { subject: head, text: textOf(shown) };
}

/** The same for programs: a line for each, and the place and urgency of the most severe of `first`. */
export function digestOf(all: readonly Late[], first = all): Notice {
  const [of] = sorted(first.map(({ notice }) => notice));
  if (of === undefined) throw new Error('a digest of nothing');
  return { ...of, lines: sorted(all.map(({ notice }) => notice)).map((notice) => lineOf(notice, 'en')) };
}

function sorted(notices: readonly Notice[]): Notice[] {
  return notices.toSorted(byUrgency);
}

function byUrgency(a: Notice, b: Notice): number {
  return bySeverity(a.severity, b.severity) || a.at - b.at;
}

/** Where first, since the list is of many places. */
function lineOf({ site, room, severity, faults, scope }: Notice, language: MessageLanguage, over = false): string {
  const words = wordsIn(language);
  const place = [site, room].map((name) => short(nameIn(name, language), nameLimit)).filter((name) => name !== '');
  const [first, ...others] = faults;
  const title = first === undefined ? '' : (titleIn(first.fault, language) ?? short(first.fault, 64));
  const more = others.length === 0 ? '' : ` (${filled(words.message.others, { n: others.length })})`;
  return `• ${place.join(', ') || short(scope, 98)}: ${title}${more}. ${over ? words.message.over : words.severity[severity]}`;
}
