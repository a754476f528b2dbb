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
/** How a list is written: of the night, of what is late, or of what came all at once. `fits`: whether its channel takes such a text whole. */
export type ListWay = { kind: 'night' | 'late' | 'atOnce'; linkOf?: LinkOf; fits?: (text: string) => boolean };

/** A notice, and whether its incident has ended. */
export type Late = { notice: Notice; over: boolean };

/** Subject and text of several notices in one language: a line for each, the most severe first. What is over says so; what does not fit is counted. */
export function renderList(
  late: readonly Late[],
  language: MessageLanguage,
  { kind, linkOf = () => undefined, fits = () => true }: ListWay,
): { subject: string; text: string } {
  const { message } = wordsIn(language);
  const [title, about] = {
    night: [message.digest, message.stillStands],
    late: [message.late, message.wasAway],
    atOnce: [message.atOnce, ''],
  }[kind] as [string, string];
  const head = filled(title, { n: late.length });
  const inOrder = late.toSorted((a, b) => Number(a.over) - Number(b.over) || byUrgency(a.notice, b.notice));
  const lines = inOrder.map(({ notice, over }) => {
    const link = over ? undefined : linkOf(notice);
    // In a line of its own, which a mail shows as a link.
    return `${lineOf(notice, language, over)}${link === undefined ? '' : `\n${link}`}`;
  });
  const textOf = (shown: number) => {
    const more = shown < lines.length ? [filled(message.others, { n: lines.length - shown })] : [];
    return `${[head, ...(about === '' ? [] : [about]), ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n`;
  };
  const isTooLong = (shown: number) => lines.slice(0, shown).join('\n').length > listLimit || !fits(textOf(shown));
  // A line stands whole or not at all.
  let shown = lines.length;
  while (shown > 1 && isTooLong(shown)) shown -= 1;
  return { subject: head, text: textOf(shown) };
}

/** The last word on each incident; a word of the centre's own stands for itself. */
export function lastOfEach(late: readonly Late[]): Late[] {
  return [...new Map(late.map((one, at) => [one.notice.incident ?? `word ${at}`, one])).values()];
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
