/** A person's own order of channels: over which the person is told first, and over which next where that one does not deliver. */
import type { Person } from '@sabha/contracts';
import type { Notice, OpenChannel, OutboxRow } from '../../engine/records/notices.ts';
import { type Channels, lastChannel } from './channels/channels.ts';

/** As `deliver` on the tabs names it. */
export { ownOrder } from './channels/channels.ts';

/** Where a message goes first, and where next. `lost`: nothing but the console is left. */
export type Way = { channel: string; further?: readonly string[]; lost?: true };

/**
 * By the order of `sabha.json`, else every channel for people that reaches the person, in the order of their list; the console is last, and never absent.
 * A person whom none of them reaches may be a program, such as a ticket desk: its own channel is used then.
 */
export function wayOf(person: Person, channels: Channels): Way {
  const reaching = (names: readonly string[]) => names.filter((name) => name !== lastChannel && channels.get(name)?.reaches(person));
  const { channels: own = [] } = person;
  const { people = [], programs = [] } = Object.groupBy(channels.keys(), (name) =>
    channels.get(name)?.forPrograms ? 'programs' : 'people',
  );
  const first = reaching(own.length > 0 ? own : people);
  const [channel, ...further] = [...new Set(first.length > 0 ? first : reaching(programs)), lastChannel];
  return channel === undefined || further.length === 0 ? { channel: lastChannel } : { channel, further };
}

/** Whether nothing but the console is left of a way for such news at that time, where the centre has other channels for people at all. */
export function isLost(way: Way, person: Person, { channels, notice, now }: { channels: Channels; notice: Notice; now: number }): boolean {
  if (![...channels].some(([name, { forPrograms = false }]) => name !== lastChannel && !forPrograms)) return false;
  const isAlone = way.further === undefined;
  return [way.channel, ...(way.further ?? [])].every((name) => {
    const open = name === lastChannel ? undefined : channels.get(name);
    return !open?.reaches(person) || !(isAlone || (open.carries?.(notice, now) ?? true));
  });
}

/** The row on the first channel of its order that still reaches the person, and carries such news at that time: the console, where none does. */
export function openRow(row: OutboxRow, person: Person, channels: Channels): OutboxRow {
  const order = orderOf(row, channels);
  const isAlone = row.further === undefined;
  const carries = (one: OpenChannel) => isAlone || (one.carries?.(row.notice, Math.max(row.createdAt, row.dueAt)) ?? true);
  const at = order.findIndex((name) => {
    const open = channels.get(name);
    return open?.reaches(person) && carries(open);
  });
  if (at === 0 && order[at] === row.channel) return row;
  const { further: _, ...rest } = row;
  const further = at < 0 ? [] : order.slice(at + 1);
  return { ...rest, channel: order[at] ?? lastChannel, ...(further.length > 0 && { further }) };
}

/** The order of its channels. What waited for the morning is a list: it goes first where one can be read. */
function orderOf({ channel, further = [], notice }: OutboxRow, channels: Channels): string[] {
  const rankOf = (name: string) => (name === lastChannel ? 2 : Number(channels.get(name)?.single === true));
  const order = [channel, ...further];
  return notice.digest ? order.toSorted((a, b) => rankOf(a) - rankOf(b)) : order;
}

/** The row that tells the same over the next channel that reaches the person. */
export function nextRow(row: OutboxRow, person: Person, at: { channels: Channels; now: number }): OutboxRow {
  const { further: [channel = lastChannel, ...further] = [], moved: _, accepted: __, ...rest } = row;
  const next = openRow({ ...rest, channel, ...(further.length > 0 && { further }) }, person, at.channels);
  const key = `${row.key}/${next.channel}`;
  return { ...next, key, createdAt: at.now, dueAt: at.now, tries: 0, state: 'waiting' };
}

/** The keys of the rows before it in its order of channels, as `nextRow` made them. */
export function keysBefore(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** The row that stays behind: it is told over another channel too. */
export function movedRow({ further: _, ...row }: OutboxRow): OutboxRow {
  return { ...row, moved: true };
}
