/** The roster tried out: who would be told of each place in each hour to come, and where that is nobody who can be reached. */
import { setImmediate } from 'node:timers/promises';
import type { RosterCheck } from '@sabha/contracts';
import type { Notice } from '../../engine/records/notices.ts';
import type { Member } from '../../engine/records/sites.ts';
import { centralNotice } from '../../engine/transitions/delivery.ts';
import { centrePlace } from '../../sites/table.ts';
import { type Channels, lastChannel } from '../people/channels/channels.ts';
import { type Book, type Moment, momentAt, toldFor } from '../roster/book.ts';

/** Whom the tabs tell of a place, and how long after the fault. */
export type Tell = { to: readonly string[]; afterMs: number };
/** A place with what the running tabs tell of it. */
export type ToldPlace = { scope: string; tells: readonly Tell[] };

/** What is tried. */
export type CheckOptions = { book: Book; channels: Channels; places: readonly ToldPlace[]; from: number; hours: number };

const hourMs = 3_600_000;
type Span = RosterCheck['places'][number]['spans'][number];

/**
 * Raises a fault in each place at each hour and looks up who is told of it first.
 * Guarantee: who is named is who would be told, by the same choice on the same words at the same time.
 */
export async function checkRoster(options: CheckOptions): Promise<Pick<RosterCheck, 'places' | 'gaps' | 'untold'>> {
  const { book, channels, from, hours } = options;
  const reached = new Map(book.members.map((member) => [member.id, reachedBy(member, channels)]));
  // A channel may carry an alert at some hours only.
  const isReached = ({ id, zone }: Member, now: number) =>
    (reached.get(id) ?? []).some((name) => channels.get(name)?.carries?.(alertIn(zone, now), now) ?? true);
  const told = options.places
    .filter(({ tells }) => tells.length > 0)
    .map(({ scope, tells }) => ({ scope, first: firstOf(tells), spans: [] as Span[] }));
  for (let hour = 0; hour < hours; hour++) {
    const at = from + hour * hourMs;
    const moments = new Map<number, Moment>();
    for (const { scope, first, spans } of told) {
      const moment = moments.getOrInsertComputed(first.afterMs, () => momentAt(at + first.afterMs));
      const { persons, by } = toldFor(book, { to: first.to, scope, moment });
      extend(spans, {
        from: at,
        to: at + hourMs,
        by,
        persons: persons.map(({ id }) => id),
        reached: persons.some((one) => isReached(one, at + first.afterMs)),
      });
    }
    // Yields to the event loop after each hour.
    await setImmediate();
  }
  return {
    places: told.map(({ scope, spans }) => ({ scope, spans })),
    gaps: told.flatMap(({ scope, spans }) => spans.filter(({ reached }) => !reached).map((span) => ({ scope, ...span }))),
    untold: options.places.filter(({ tells }) => tells.length === 0).map(({ scope }) => scope),
  };
}

/** An alert than which none is more urgent. */
function alertIn(timeZone: string, now: number): Notice {
  const notice = centralNotice({ kind: 'direct', lines: [], place: { ...centrePlace(), timeZone }, now });
  return { ...notice, kind: 'raised', incident: 0, severity: 'critical' };
}

/** All that is told at the earliest time. */
function firstOf(tells: readonly Tell[]): Tell {
  const afterMs = Math.min(...tells.map((tell) => tell.afterMs));
  return { afterMs, to: [...new Set(tells.filter((tell) => tell.afterMs === afterMs).flatMap(({ to }) => to))] };
}

/** An hour in which the same are told, and reached or not, makes the last span longer. */
function extend(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  const isSame = last?.by === next.by && last.reached === next.reached && last.persons.join() === next.persons.join();
  if (last !== undefined && isSame) last.to = next.to;
  else spans.push(next);
}

/** A quarter of a year: telephone numbers and pass words change meanwhile. */
export const proofLongMs = 90 * 24 * 3_600_000;

/** The channels that work for a person, in the person's order; what only the desk reads is none. */
export function reachedBy(member: Member, channels: Channels): string[] {
  const wanted = member.channels.length > 0 ? member.channels : [...channels.keys()].filter((name) => name !== lastChannel);
  return wanted.filter((name) => channels.get(name)?.reaches(member));
}

/** Persons whom no channel reaches; of each other person the channel with the oldest proof, where that is older than a quarter of a year. */
export function weakPoints(members: readonly Member[], at: { channels: Channels; proofs: ReadonlyMap<string, number>; now: number }) {
  const { channels, proofs, now } = at;
  const all = members.map((member) => ({ member, reached: reachedBy(member, channels) }));
  const oldest = all.flatMap(({ member: { id }, reached }) => {
    const proven = reached.map((channel) => ({ person: id, channel, at: proofs.get(`${id}/${channel}`) ?? null }));
    return proven.toSorted((a, b) => (a.at ?? Number.NEGATIVE_INFINITY) - (b.at ?? Number.NEGATIVE_INFINITY)).slice(0, 1);
  });
  return {
    unreached: all.filter(({ reached }) => reached.length === 0).map(({ member }) => member.id),
    unproven: oldest.filter(({ at }) => at === null || now - at > proofLongMs),
  };
}
