/** Phone numbers as people write them, and as a gateway dials them. */
import type { Member } from '../records/roster.ts';

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
  return /^\+?[1-9]\d{7,14}$/.test(number) ? number : undefined;
}

const byNumber = ['phone', 'sms', 'voice', 'whatsapp'] as const;

/** The person with numbers that can be dialled, however they were written in `sabha.json`, or before an import looked at them. */
export function withDialled(member: Member): Member {
  // A row of before may lack them.
  const { addresses = {} }: Partial<Member> = member;
  const changed = byNumber.flatMap((name) => {
    const text = addresses[name];
    const number = text === undefined ? undefined : dialled(text);
    return number === undefined || number === text ? [] : [[name, number] as const];
  });
  return changed.length === 0 ? member : { ...member, addresses: { ...addresses, ...Object.fromEntries(changed) } };
}
