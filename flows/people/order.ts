/** A person's own order of channels: over which the person is told first, and over which next where that one does not deliver. */
import type { Person } from '#contracts';
import type { OutboxRow } from '../records/notices.ts';
import { type Channels, lastChannel } from './channels/channels.ts';

/** As `deliver` on the tabs names it. */
export { ownOrder } from './channels/channels.ts';

/** Where a message goes first, and where next. */
export type Way = { channel: string; further?: readonly string[] };

/** By the order of `sabha.json`, else every channel for people that reaches the person, in the order of their list; the console is last, and never absent. */
export function wayOf(person: Person, channels: Channels): Way {
  const forPeople = () => [...channels].filter(([, { forPrograms = false }]) => !forPrograms).map(([name]) => name);
  const wanted = person.channels ?? forPeople();
  const reaching = wanted.filter((name) => name !== lastChannel && channels.get(name)?.reaches(person));
  const [channel, ...further] = [...new Set(reaching), lastChannel];
  return channel === undefined || further.length === 0 ? { channel: lastChannel } : { channel, further };
}

/** The row that tells the same over the next channel that still reaches the person: the console, where none does. */
export function nextRow(row: OutboxRow, person: Person, at: { channels: Channels; now: number }): OutboxRow {
  const { further = [], moved: _, ...rest } = row;
  const found = further.findIndex((name) => at.channels.get(name)?.reaches(person));
  const channel = further[found] ?? lastChannel;
  const left = found < 0 ? [] : further.slice(found + 1);
  const fresh = { key: `${row.key}/${channel}`, channel, createdAt: at.now, dueAt: at.now, tries: 0, state: 'waiting' as const };
  return { ...rest, ...fresh, ...(left.length > 0 && { further: left }) };
}

/** The row that stays behind: it is told over another channel too. */
export function movedRow({ further: _, ...row }: OutboxRow): OutboxRow {
  return { ...row, moved: true };
}
