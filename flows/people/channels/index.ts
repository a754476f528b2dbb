/** THE list of channels. A new one is a file, its test, and a line here. */
import type { Person } from '#contracts';
import type { Channel, ChannelSettings } from '../model.ts';
import { createConsole, type LogLine } from './console.ts';
import { createEmail } from './email.ts';

/** A channel, and whom it can reach. */
export type Line = { channel: Channel; reaches(person: Person): boolean };
export type Lines = ReadonlyMap<string, Line>;

type Row = { open(settings: ChannelSettings, log: LogLine): Channel | undefined; reaches(person: Person): boolean };

/** The channel that reaches everybody: whoever runs the centre reads its log. */
export const lastChannel = 'console';

const list: Record<string, Row> = {
  [lastChannel]: { open: (_, log) => createConsole(log), reaches: () => true },
  email: { open: ({ email }) => email && createEmail(email), reaches: (person) => person.email !== undefined },
};

/** The channels that the settings ask for, and the console always. `log` takes what the console tells. */
export function openChannels(settings: ChannelSettings, log: LogLine): Lines {
  const open = Object.entries(list).map(([name, row]) => ({ name, channel: row.open(settings, log), reaches: row.reaches }));
  return new Map(open.flatMap(({ name, channel, reaches }) => (channel ? [[name, { channel, reaches }] as const] : [])));
}
