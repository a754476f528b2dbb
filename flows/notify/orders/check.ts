/** Dry run of the roster: lists the recipients for each place and each coming hour, and the hours without a reachable recipient. */
import { setImmediate } from 'node:timers/promises';
import type { RosterCheck } from '@sabha/contracts';
import type { Notice } from '../../engine/records/notices.ts';
import type { Member } from '../../engine/records/sites.ts';
import { centralNotice } from '../../engine/transitions/delivery.ts';
import { centrePlace } from '../../sites/table.ts';
import { type Channels, lastChannel } from '../people/channels/channels.ts';
import { type AttendanceOf, attendanceAt, type Book, resolveRecipients } from '../roster/book.ts';

/** The recipients whom the tabs notify of a fault in a place, and the delay after the fault. */
export type PlannedMessage = { to: readonly string[]; afterMs: number };
export type PlaceNotifications = { scope: string; tells: readonly PlannedMessage[] };

export type CheckOptions = { book: Book; channels: Channels; places: readonly PlaceNotifications[]; from: number; hours: number };

const hourMs = 3_600_000;
type CheckedSpan = RosterCheck['places'][number]['spans'][number];

/**
 * Simulates a fault in each place at each hour and looks up its first recipients.
 * Guarantee: it uses the same lookup as a real alert, so the recipients are the same.
 */
export async function checkRoster(options: CheckOptions): Promise<Pick<RosterCheck, 'places' | 'gaps' | 'untold'>> {
  const { book, channels, from, hours } = options;
  const reached = new Map(book.members.map((member) => [member.id, workingChannelsOf(member, channels)]));
  // Each hour is checked separately, because a channel may carry alerts only at some hours.
  const isReached = ({ id, zone }: Member, now: number) =>
    (reached.get(id) ?? []).some((name) => channels.get(name)?.carries?.(alertIn(zone, now), now) ?? true);
  const checked = options.places
    .filter(({ tells }) => tells.length > 0)
    .map(({ scope, tells }) => ({ scope, first: firstOf(tells), spans: [] as CheckedSpan[] }));
  for (let hour = 0; hour < hours; hour++) {
    const at = from + hour * hourMs;
    const moments = new Map<number, AttendanceOf>();
    for (const { scope, first, spans } of checked) {
      const moment = moments.getOrInsertComputed(first.afterMs, () => attendanceAt(at + first.afterMs));
      const { persons, by } = resolveRecipients(book, { to: first.to, scope, moment });
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
    places: checked.map(({ scope, spans }) => ({ scope, spans })),
    gaps: checked.flatMap(({ scope, spans }) => spans.filter(({ reached }) => !reached).map((span) => ({ scope, ...span }))),
    untold: options.places.filter(({ tells }) => tells.length === 0).map(({ scope }) => scope),
  };
}

/** Returns the most urgent alert that exists, for the question whether a channel carries an alert at this hour. */
function alertIn(timeZone: string, now: number): Notice {
  const notice = centralNotice({ kind: 'direct', lines: [], place: { ...centrePlace(), timeZone }, now });
  return { ...notice, kind: 'raised', incident: 0, severity: 'critical' };
}

function firstOf(tells: readonly PlannedMessage[]): PlannedMessage {
  const afterMs = Math.min(...tells.map((tell) => tell.afterMs));
  return { afterMs, to: [...new Set(tells.filter((tell) => tell.afterMs === afterMs).flatMap(({ to }) => to))] };
}

/** Extends the last span by an hour if the hour has the same recipients and the same reachability; else begins a new span. */
function extend(spans: CheckedSpan[], next: CheckedSpan): void {
  const last = spans.at(-1);
  const isSame = last?.by === next.by && last.reached === next.reached && last.persons.join() === next.persons.join();
  if (last !== undefined && isSame) last.to = next.to;
  else spans.push(next);
}

/** Age after which the proof of a channel is too old, 90 days: phone numbers and passwords change meanwhile. */
export const proofValidMs = 90 * 24 * 3_600_000;

/** Channels that reach a person, in the person's order, without the console. */
export function workingChannelsOf(member: Member, channels: Channels): string[] {
  const wanted = member.channels.length > 0 ? member.channels : [...channels.keys()].filter((name) => name !== lastChannel);
  return wanted.filter((name) => channels.get(name)?.reaches(member));
}

/** Persons whom no channel reaches, and for each other person the channel with the oldest proof, if it is older than 90 days. */
export function unprovenChannels(members: readonly Member[], at: { channels: Channels; proofs: ReadonlyMap<string, number>; now: number }) {
  const { channels, proofs, now } = at;
  const all = members.map((member) => ({ member, reached: workingChannelsOf(member, channels) }));
  const oldest = all.flatMap(({ member: { id }, reached }) => {
    const proven = reached.map((channel) => ({ person: id, channel, at: proofs.get(`${id}/${channel}`) ?? null }));
    return proven.toSorted((a, b) => (a.at ?? Number.NEGATIVE_INFINITY) - (b.at ?? Number.NEGATIVE_INFINITY)).slice(0, 1);
  });
  return {
    unreached: all.filter(({ reached }) => reached.length === 0).map(({ member }) => member.id),
    unproven: oldest.filter(({ at }) => at === null || now - at > proofValidMs),
  };
}
