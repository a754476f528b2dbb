/** List of all channels. A new channel needs a file, its test and a line here. */

import { type Language, type Person, setting, type Vocabulary, vocabulary } from '@sabha/contracts';
import * as v from 'valibot';
import type { ChannelContext, ChannelKind, OpenChannel } from '../../../engine/records/notices.ts';
import { consoleKind } from './console.ts';
import { emailKind } from './email.ts';
import { channelOnTabs, type Offers } from './offered.ts';
import { pushKind } from './push.ts';
import { smsKind } from './sms-gateway.ts';
import { telegramKind } from './telegram.ts';
import { voiceKind } from './voice.ts';
import { watchdogKind } from './watchdog.ts';
import { webhookKind } from './webhook.ts';
import { whatsappKind } from './whatsapp.ts';

/** All channels. The order applies to a person without an own order, and to the names of channels in the API. */
const channelKinds: readonly ChannelKind[] = [
  pushKind,
  emailKind,
  telegramKind,
  whatsappKind,
  smsKind,
  voiceKind,
  consoleKind,
  webhookKind,
  watchdogKind,
];

export type Channels = ReadonlyMap<string, OpenChannel>;

/** The key `channels` of `sabha.json`: settings for each channel, and `offered`, the names of channels that tabs provide. */
export type ChannelSettings = { readonly [name: string]: unknown; readonly offered?: readonly string[] };

/** Name of the last channel of every person, the log of the server. */
export const lastChannel = 'console';

/** Value that a tab may use instead of a channel name. The message then goes over the channels in the person's own order. */
export const ownOrderWord = 'own-order';

/** Channels without settings are always open and come first. */
const kinds = channelKinds.toSorted((a, b) => Number(a.settings !== undefined) - Number(b.settings !== undefined));

/**
 * Names that tabs may not use for their own channels, because the addresses of these channels are stored elsewhere. A channel that persons
 * join may have been provided by tabs in an earlier version.
 */
const neverOffered = channelKinds.filter(({ reaches, joined }) => reaches !== undefined && !joined).map(({ name }) => name);
const offeredName = v.pipe(setting.id, v.notValues([ownOrderWord, ...neverOffered]));

/** Schema of the key `channels` of `sabha.json`. An unknown channel is an error. */
export const channelSettings = v.optional(
  setting.about(
    v.pipe(
      v.strictObject({
        ...Object.fromEntries(kinds.flatMap(({ name, settings }) => (settings === undefined ? [] : [[name, v.optional(settings)]]))),
        offered: v.optional(
          setting.about(v.array(offeredName), 'Names of the channels that live on the tabs: each has an offer node of this name.'),
          [],
        ),
      }),
      v.check((settings) => setTwice(settings) === undefined, 'a channel is set, or listed in offered, not both'),
    ),
    'The ways to reach people, besides the console.',
  ),
  {},
);

/**
 * Tabs may provide a channel under the name of a built-in channel without settings. They may have done this before that channel was built
 * in.
 */
function setTwice(settings: ChannelSettings): string | undefined {
  return settings.offered?.find((name) => settings[name] !== undefined);
}

/** Opens the channels of the settings, and always the console, which writes to `log`. */
export function openChannels({ settings, offers, ...around }: ChannelContext & { settings: ChannelSettings; offers: Offers }): Channels {
  const own = kinds
    .filter((kind) => kind.settings === undefined || settings[kind.name] !== undefined)
    .map((kind) => [kind.name, openOne(kind, settings[kind.name], around)] as const);
  const onTabs = (settings.offered ?? []).map((name) => [name, channelOnTabs(name, offers, around.clock)] as const);
  return new Map([...own, ...onTabs]);
}

function openOne(kind: ChannelKind, settings: unknown, around: ChannelContext): OpenChannel {
  const { name, open, reaches = ({ addresses }) => addresses[name] !== undefined, carries, ...flags } = kind;
  const isAsked = (person: Person) => !flags.asked || person.channels?.includes(name) === true;
  return {
    ...flags,
    channel: open(settings, around),
    reaches: (person) => reaches(person, around) && isAsked(person),
    ...(carries && { carries: carries(settings) }),
  };
}

/**
 * Returns every channel that a tab may name, with or without settings. If a channel does not reach a person, the console gets the message.
 */
export function channelNames({ offered = [] }: ChannelSettings): string[] {
  return [...new Set([ownOrderWord, ...kinds.map(({ name }) => name), ...offered])];
}

/** One line about a channel in a person's order that is not open; undefined if it is open. */
export function channelProblem(name: string, settings: ChannelSettings): string | undefined {
  const isOpen =
    settings.offered?.includes(name) ||
    kinds.some((kind) => kind.name === name && (kind.settings === undefined || settings[name] !== undefined));
  return isOpen ? undefined : `channels.${name} is not set, and channels.offered does not name it`;
}

/** One line about an address for a channel that never uses it, probably a typo; undefined if it is used. */
export function addressProblem(name: string, settings: ChannelSettings): string | undefined {
  if (settings.offered?.includes(name)) return undefined;
  const kind = kinds.find((one) => (one.name === name || one.knownBy === name) && one.reaches === undefined);
  if (kind === undefined) return 'is not in channels.offered';
  return settings[kind.name] === undefined ? `channels.${kind.name} is not set` : undefined;
}

export function secretsIn(settings: ChannelSettings): string[] {
  const isSet = (name: string, key: string) => (settings[name] as Record<string, unknown> | undefined)?.[key] !== undefined;
  return channelKinds.flatMap(({ name, secrets = [] }) =>
    secrets.filter((key) => isSet(name, key)).map((key) => `channels.${name}.${key}`),
  );
}

/** The vocabulary with the channel names, as the wall receives it. */
export function vocabularyOf(language: Language): Readonly<Record<keyof Vocabulary, Readonly<Record<string, string>>>> {
  return { ...vocabulary[language], channel: Object.fromEntries(channelKinds.map(({ name, words }) => [name, words[language]])) };
}
