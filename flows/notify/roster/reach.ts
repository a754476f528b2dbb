/** How persons are reached: by which channels, which of those nobody has tried for long, and by which number. */
import type { Person } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import { isPhone, isSamePhone } from '../people/channels/kit/gateway.ts';

/** The channels that are open here, and whom each can reach now. `joined`: persons join it by themselves, so that it may stand in the order of who has not yet. */
export type OpenChannels = {
  names: readonly string[];
  reaches(channel: string, person: Person): boolean | undefined;
  joined?(channel: string): boolean;
  /** Whether an alert goes over it at a time; absent: always. */
  carries?(channel: string, at: { now: number; zone: string }): boolean;
};
/** A channel that should be tried again: it was last proven at a time, or never. */
export type Unproven = { person: string; channel: string; at: number | null };
/** When each channel last was proven, by `person/channel`. */
export type Proofs = ReadonlyMap<string, number>;

/** A quarter of a year: telephone numbers and pass words change meanwhile. */
export const proofLongMs = 90 * 24 * 3_600_000;

/** The channels that work for a person, in the person's order; what only the desk reads is none. */
export function reachedBy(member: Member, { names, reaches }: OpenChannels): string[] {
  const wanted = member.channels.length > 0 ? member.channels : names.filter((name) => name !== 'console');
  return wanted.filter((name) => reaches(name, member));
}

/** Whether one of some channels carries an alert at a time: one may ring at night alone. */
export function carriedBy(reached: readonly string[], { carries }: OpenChannels, at: { now: number; zone: string }): boolean {
  return reached.some((name) => carries?.(name, at) ?? true);
}

/** Persons whom no channel reaches; of each other person the channel with the oldest proof, where that is older than a quarter of a year. */
export function weakPoints(
  members: readonly Member[],
  { channels, proofs, now }: { channels: OpenChannels; proofs: Proofs; now: number },
): { unreached: string[]; unproven: Unproven[] } {
  const all = members.map((member) => ({ member, reached: reachedBy(member, channels) }));
  const oldest = all.flatMap(({ member: { id }, reached }) => {
    const proven = reached.map((channel): Unproven => ({ person: id, channel, at: proofs.get(`${id}/${channel}`) ?? null }));
    return proven.toSorted((a, b) => (a.at ?? Number.NEGATIVE_INFINITY) - (b.at ?? Number.NEGATIVE_INFINITY)).slice(0, 1);
  });
  return {
    unreached: all.filter(({ reached }) => reached.length === 0).map(({ member }) => member.id),
    unproven: oldest.filter(({ at }) => at === null || now - at > proofLongMs),
  };
}

type Numbered = { number: string; ids: Set<string> };

/** Persons who stand with one phone number, a list for each number: of them nobody knows who calls from it. A number is compared with few others, however many end alike. */
export function sharedNumbers(members: readonly Member[]): string[][] {
  const whole = new Map<string, Numbered[]>();
  const bare = new Map<string, Numbered[]>();
  for (const { id, addresses } of members)
    for (const number of byNumber.flatMap((name) => addresses[name] ?? [])) {
      const digits = number.replace(/\D/g, '').replace(/^0+/, '');
      const withoutCode = [1, 2, 3].map((code) => digits.slice(code));
      const alike = [...[digits, ...withoutCode].map((one) => whole.get(one) ?? []), bare.get(digits) ?? []].flat();
      const same = alike.find((one) => one.number === number || isSamePhone(one.number, number));
      same?.ids.add(id);
      if (same !== undefined) continue;
      const one = { number, ids: new Set([id]) };
      whole.getOrInsertComputed(digits, () => []).push(one);
      for (const end of withoutCode) bare.getOrInsertComputed(end, () => []).push(one);
    }
  const shared = [...whole.values()].flat().filter(({ ids }) => ids.size > 1);
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
