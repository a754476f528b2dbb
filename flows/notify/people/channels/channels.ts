/** THE list of channels. A new one is a file, its test, and a line here. */

import { type Language, type Person, setting, type Vocabulary, vocabulary } from '@sabha/contracts';
import * as v from 'valibot';
import type { Around, ChannelKind, OpenChannel } from '../../../engine/records/notices.ts';
import { byConsole } from './console.ts';
import { byEmail } from './email.ts';
import { channelOnTabs, type Offers } from './offered.ts';
import { byPush } from './push.ts';
import { bySms } from './sms-gateway.ts';
import { byTelegram } from './telegram.ts';
import { byVoice } from './voice.ts';
import { byWatchdog } from './watchdog.ts';
import { byWebhook } from './webhook.ts';
import { byWhatsapp } from './whatsapp.ts';

/** In this order a person is told who has no order of their own, and stand their words in the API. */
const list: readonly ChannelKind[] = [byPush, byEmail, byTelegram, byWhatsapp, bySms, byVoice, byConsole, byWebhook, byWatchdog];

/** The channels that are open, by their name. */
export type Channels = ReadonlyMap<string, OpenChannel>;

/** What is set under `channels` in `sabha.json`: a key for each channel that has settings, and the names of those on the tabs. */
export type ChannelSettings = { readonly [name: string]: unknown; readonly offered?: readonly string[] };

/** The channel that reaches everybody. */
export const lastChannel = 'console';

/** On the tabs, in place of a channel: of each person the first that works, in the person's own order. */
export const ownOrder = 'own-order';

/** What is always open comes first. */
const kinds = list.toSorted((a, b) => Number(a.settings !== undefined) - Number(b.settings !== undefined));

/** Their addresses stand elsewhere than those of a channel on the tabs. What is joined may have lived there before it was ours. */
const neverOffered = list.filter(({ reaches, joined }) => reaches !== undefined && !joined).map(({ name }) => name);
const offeredName = v.pipe(setting.id, v.notValues([ownOrder, ...neverOffered]));

/** The key `channels` of `sabha.json`; a channel that is not in the list is wrong. */
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
      v.check((settings) => twice(settings) === undefined, 'a channel is set, or stands in offered, not both'),
    ),
    'The ways to reach people, besides the console.',
  ),
  {},
);

/** A channel of ours that nobody has set may live on the tabs under the same name, as it did before it was ours. */
function twice(settings: ChannelSettings): string | undefined {
  return settings.offered?.find((name) => settings[name] !== undefined);
}

/** The channels that the settings ask for, and the console always. `log` takes what the console tells. */
export function openChannels({ settings, offers, ...around }: Around & { settings: ChannelSettings; offers: Offers }): Channels {
  const own = kinds
    .filter((kind) => kind.settings === undefined || settings[kind.name] !== undefined)
    .map((kind) => [kind.name, openOne(kind, settings[kind.name], around)] as const);
  const onTabs = (settings.offered ?? []).map((name) => [name, channelOnTabs(name, offers, around.clock)] as const);
  return new Map([...own, ...onTabs]);
}

function openOne(kind: ChannelKind, settings: unknown, around: Around): OpenChannel {
  const { name, open, reaches = ({ addresses }) => addresses[name] !== undefined, carries, ...flags } = kind;
  const isAsked = (person: Person) => !flags.asked || person.channels?.includes(name) === true;
  return {
    ...flags,
    channel: open(settings, around),
    reaches: (person) => reaches(person, around) && isAsked(person),
    ...(carries && { carries: carries(settings) }),
  };
}

/** Every channel that a tab may name, set or not: a person whom it does not reach gets the message over the console. */
export function channelNames({ offered = [] }: ChannelSettings): string[] {
  return [...new Set([ownOrder, ...kinds.map(({ name }) => name), ...offered])];
}

/** One line on a channel in a person's order that is not open; undefined where all is well. */
export function strayChannel(name: string, settings: ChannelSettings): string | undefined {
  const isOpen =
    settings.offered?.includes(name) ||
    kinds.some((kind) => kind.name === name && (kind.settings === undefined || settings[name] !== undefined));
  return isOpen ? undefined : `channels.${name} is not set, and channels.offered does not name it`;
}

/** One line on an address for a channel that would never use it, which is a typo; undefined where all is well. */
export function strayAddress(name: string, settings: ChannelSettings): string | undefined {
  if (settings.offered?.includes(name)) return undefined;
  const kind = kinds.find((one) => (one.name === name || one.knownBy === name) && one.reaches === undefined);
  if (kind === undefined) return 'is not in channels.offered';
  return settings[kind.name] === undefined ? `channels.${kind.name} is not set` : undefined;
}

/** Where in the settings something stands that is nobody else's business. */
export function secretsIn(settings: ChannelSettings): string[] {
  const isSet = (name: string, key: string) => (settings[name] as Record<string, unknown> | undefined)?.[key] !== undefined;
  return list.flatMap(({ name, secrets = [] }) => secrets.filter((key) => isSet(name, key)).map((key) => `channels.${name}.${key}`));
}

/** The words of the domain with those of the channels, as the wall gets them. */
export function wordsOf(language: Language): Readonly<Record<keyof Vocabulary, Readonly<Record<string, string>>>> {
  return { ...vocabulary[language], channel: Object.fromEntries(list.map(({ name, words }) => [name, words[language]])) };
}
