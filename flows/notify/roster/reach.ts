/** The numbers by which persons are reached. */
import type { Member } from '../../engine/records/roster.ts';
import { isPhone, isSamePhone } from '../people/channels/kit/gateway.ts';

/** Persons who stand with one phone number, a list for each number: of them nobody knows who calls from it. Only numbers that end alike are compared. */
export function sharedNumbers(members: readonly Member[]): string[][] {
  const alike = new Map<string, { number: string; ids: Set<string> }[]>();
  for (const { id, addresses } of members)
    for (const number of byNumber.flatMap((name) => addresses[name] ?? [])) {
      const known = alike.getOrInsertComputed(number.replace(/\D/g, '').slice(-10), () => []);
      const same = known.find((one) => one.number === number || isSamePhone(one.number, number));
      if (same === undefined) known.push({ number, ids: new Set([id]) });
      else same.ids.add(id);
    }
  const shared = [...alike.values()].flat().filter(({ ids }) => ids.size > 1);
  return [...new Map(shared.map(({ ids }) => [[...ids].join(), [...ids]])).values()];
}

/** In groups of digits, with the mark of the file before it. */
const written = /^'?\+?\d[\d ()-]{4,24}$/;

/**
 * The number as a gateway dials it: `+`, where it stands there, and digits. Undefined for what none could dial: two numbers in one cell, too few
 * digits, or a zero in the place of the country.
 */
export function dialled(text: string): string | undefined {
  if (!written.test(text)) return undefined;
  const number = text
    .replace('(0)', '')
    .replace(/[^+\d]/g, '')
    .replace(/^00/, '+');
  return isPhone(number) ? number : undefined;
}

/** A number of India as people write it there: the zero that no gateway takes, and ten digits. */
const withZero = /^0[1-9]\d{9}$/;

/** What a telephone is told to dial for a number that somebody wrote down: as a gateway dials it, or with the zero of its country; undefined where none could. */
export function telOf(text: string): string | undefined {
  const digits = text.replace(/[ ()-]/g, '');
  return dialled(text) ?? (withZero.test(digits) ? digits : undefined);
}

const byNumber = ['phone', 'sms', 'voice', 'whatsapp'] as const;

/** The person with numbers that can be dialled, however they were written in `sabha.json`, or before an import looked at them. */
export function withDialled(member: Member): Member {
  const { addresses } = member;
  const changed = byNumber.flatMap((name) => {
    const text = addresses[name];
    const number = text === undefined ? undefined : dialled(text);
    return number === undefined || number === text ? [] : [[name, number] as const];
  });
  return changed.length === 0 ? member : { ...member, addresses: { ...addresses, ...Object.fromEntries(changed) } };
}
