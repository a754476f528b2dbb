/** The list of the morning: what waited for it and still stands, one message a person. */
import { bySeverity, faultOf, type Language, vocabulary } from '#contracts';
import type { Notice } from '../records/notices.ts';
import { short } from './channels/plain.ts';
import { phrases } from './phrases.ts';
import { footerMark } from './words.ts';

/** Longest list, characters: a screen or two of a small phone. */
const listLimit = 1_200;

/** Subject and text of several notices in one language, the most severe first; what does not fit is counted. */
export function renderDigest(notices: readonly Notice[], language: Language): { subject: string; text: string } {
  const p = phrases[language];
  const head = p.digest.head(notices.length);
  const lines = sorted(notices).map((notice) => lineOf(notice, language));
  let shown = lines.length;
  while (shown > 1 && lines.slice(0, shown).join('\n').length > listLimit) shown -= 1;
  const more = shown < lines.length ? [p.more(lines.length - shown)] : [];
  return { subject: head, text: `${[head, p.digest.about, ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n` };
}

/** The same for programs: the most severe notice, with a line for each. */
export function digestOf(notices: readonly Notice[]): Notice {
  const [first] = sorted(notices);
  if (first === undefined) throw new Error('a digest of nothing');
  return { ...first, lines: sorted(notices).map((notice) => lineOf(notice, 'en')) };
}

function sorted(notices: readonly Notice[]): Notice[] {
  return [...notices].sort((a, b) => bySeverity(a.severity, b.severity) || a.at - b.at);
}

/** Where first, since the list is of many places. */
function lineOf({ site, room, severity, faults, scope }: Notice, language: Language): string {
  const place = [site[language] || site.en, room[language] || room.en].filter((name) => name !== '').map((name) => short(name));
  const [first, ...others] = faults;
  const title = first === undefined ? '' : (faultOf(first.fault)?.title[language] ?? short(first.fault, 64));
  const more = others.length === 0 ? '' : ` (${phrases[language].more(others.length)})`;
  return `• ${place.join(', ') || short(scope, 98)}: ${title}${more}. ${vocabulary[language].severity[severity]}`;
}
