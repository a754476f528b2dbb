/** THE list of channels. A new one is a file, its test, and a line here. */
import type { ChannelSettings, OpenChannel } from '../../records/notices.ts';
import { createConsole, type LogLine } from './console.ts';
import { createEmail } from './email.ts';
import { channelsOnTabs, type Offers } from './offered.ts';
import { createWebhook } from './webhook.ts';

/** The channels that are open, by their name. */
export type Channels = ReadonlyMap<string, OpenChannel>;

/** The channels of a kind that the settings ask for. */
type Row = (asked: Asked) => OpenChannel[];
type Asked = { settings: ChannelSettings; offers: Offers; log: LogLine };

/** The channel that reaches everybody: whoever runs the centre reads its log. */
export const lastChannel = 'console';

const list: readonly Row[] = [
  ({ log }) => [{ channel: createConsole(log), reaches: () => true }],
  ({ settings: { email } }) => (email ? [{ channel: createEmail(email), reaches: (person) => person.email !== undefined }] : []),
  ({ settings: { webhook } }) => (webhook ? [{ channel: createWebhook(webhook), reaches: (person) => person.webhook }] : []),
  ({ settings: { offered = [] }, offers }) => channelsOnTabs(offered, offers),
];

/** The channels that the settings ask for, and the console always. `log` takes what the console tells. */
export function openChannels(asked: Asked): Channels {
  return new Map(list.flatMap((row) => row(asked)).map((one) => [one.channel.name, one]));
}
