/** The list of the morning: what waited for it and still stands, one message a person. */
import { bySeverity, filled, type MessageLanguage, nameIn, titleIn, wordsIn } from '#contracts';
import type { Notice } from '../records/notices.ts';
import { short } from './channels/plain.ts';
import { footerMark } from './words.ts';

/** Longest list, characters: a screen or two of a small phone. */
const listLimit = 1_200;

/** Subject and text of several notices in one language, the most severe first; what does not fit is counted. */
export function renderDigest(notices: readonly Notice[], language: MessageLanguage): { subject: string; text: string } {
  const { message } = wordsIn(language);
  const head = filled(message.digest, { n: notices.length });
  const lines = sorted(notices).map((notice) => lineOf(notice, language));
  let shown = lines.length;
  while (shown > 1 && lines.slice(0, shown).join('\n').length > listLimit) shown -= 1;
  const more = shown < lines.length ? [filled(message.others, { n: lines.length - shown })] : [];
  return { subject: head, text: `${[head, message.stillStands, ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n` };
}

/** The same for programs: the most severe notice, with a line for each. */
export function digestOf(notices: readonly Notice[]): Notice {
  const all = sorted(notices);
  const [first] = all;
  if (first === undefined) throw new Error('a digest of nothing');
  return { ...first, lines: all.map((notice) => lineOf(notice, 'en')) };
}

function sorted(notices: readonly Notice[]): Notice[] {
  return [...notices].sort((a, b) => bySeverity(a.severity, b.severity) || a.at - b.at);
}

/** Where first, since the list is of many places. */
function lineOf({ site, room, severity, faults, scope }: Notice, language: MessageLanguage): string {
  const words = wordsIn(language);
  const place = [site, room].map((name) => short(nameIn(name, language))).filter((name) => name !== '');
  const [first, ...others] = faults;
  const title = first === undefined ? '' : (titleIn(first.fault, language) ?? short(first.fault, 64));
  const more = others.length === 0 ? '' : ` (${filled(words.message.others, { n: others.length })})`;
  return `• ${place.join(', ') || short(scope, 98)}: ${title}${more}. ${words.severity[severity]}`;
}
