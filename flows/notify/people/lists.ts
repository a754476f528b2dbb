/** Lists in a message: as many names as fit, each by what tells it from the others. */
import { datesIn, filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import { short } from './channels/kit/plain.ts';

/** Longest name, as a site table has it. */
export const nameLimit = 80;
/** More items than this never fit. */
export const itemLimit = 60;

/**
 * Of names that share their first or last words only what differs: of "Conference room, Leh" and "Conference room, Nubra" the places.
 * Nothing is left out where only a number or nothing would be left of one of them.
 */
export function differing(names: readonly string[]): string[] {
  if (new Set(names).size < 2) return [...names];
  const words = names.map((name) => name.split(' '));
  const least = Math.min(...words.map(({ length }) => length));
  const isShared = (at: number) => words.every((one) => one.at(at) === words[0]?.at(at));
  let head = 0;
  while (head < least - 1 && isShared(head)) head += 1;
  let tail = 0;
  while (head + tail < least - 1 && isShared(-1 - tail)) tail += 1;
  const parts = words.map((one) =>
    one
      .slice(head, one.length - tail)
      .join(' ')
      .replace(/,$/, ''),
  );
  // Of "Hall 1" and "Hall 2" the numbers alone name no room.
  return parts.every((part) => /\p{L}[\p{L}\p{M}]/u.test(part)) ? parts : [...names];
}

/** Names cut short for a list: of those with the same beginning what differs; whole where that reads like another. */
export function distinct(names: readonly string[]): string[] {
  const alike = [...Map.groupBy(new Set(names), (name) => short(name)).values()];
  const cut = new Map(alike.flatMap((some) => differing(some).map((name, at) => [some[at] ?? '', short(name)] as const)));
  const counts = Map.groupBy(cut.values(), (name) => name);
  return names.map((name) => (counts.get(cut.get(name) ?? '')?.length === 1 ? (cut.get(name) ?? '') : short(name, nameLimit)));
}

/** Names as a sentence has them; more than three are counted. */
export function namesInWords(names: readonly string[], language: MessageLanguage): string {
  if (names.length <= 3) return new Intl.ListFormat(datesIn(language).locale).format(names);
  return `${names.slice(0, 3).join(', ')} ${filled(wordsIn(language).message.others, { n: names.length - 3 })}`;
}

/** A list that may say how many items it leaves out. */
export type List = { items: readonly string[]; count: number };

/** As many items as fit into `limit` characters once `frame` is around them, and how many are left out; empty where not even that fits. */
export function listThatFits(
  { items, count }: List,
  language: MessageLanguage,
  at: { limit: number; frame(list: string): string },
): string {
  const { others } = wordsIn(language).message;
  for (let shown = items.length; shown >= 0; shown--) {
    const list = [...items.slice(0, shown), ...(count > shown ? [filled(others, { n: count - shown })] : [])].join('; ');
    const line = list === '' ? '' : at.frame(list);
    if (line.length <= at.limit) return line;
  }
  return '';
}
