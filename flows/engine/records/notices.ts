/** Messages to people: rows of the outbox, and the interface of a notification channel. */
import type { IncomingHttpHeaders } from 'node:http';
import type { CauseKind, Clock, MessageLanguage, OneTapAnswer, Outage, Person, Severity, TransitionKind, Words } from '@sabha/contracts';
import type * as v from 'valibot';
import type { FaultNews, PastFault, Repeat, ShownOutage } from './incidents.ts';

/** The data of a message. The text is rendered when it is sent, in the language of the recipient. */
export type Notice = PlaceDetails & {
  kind: TransitionKind | 'unfinished' | 'direct';
  incident: number | null;
  severity: Severity;
  /** The scope of the incident, with the names of the place at that time. */
  scope: string;
  faults: FaultNews[];
  at: number;
  flapping: boolean;
  /** The incident already has a present fault that is at least as severe, so this message makes it no more urgent. */
  joins?: true;
  /** Why people are notified again of the incident. */
  again?: Pick<Repeat, 'why' | 'by'>;
  /**
   * The message goes to a further recipient. Either a person declined the incident, or none of the earlier recipients (ids) acknowledged
   * it.
   */
  passed?: { at: number; by: string } | { at: number; to: readonly string[] };
  /** The message waited for the morning and is sent in a digest with others. */
  digest?: true;
  meeting?: { at: number; title: string };
  /** Why the PC is or was offline; absent if the message is about other faults. */
  outage?: ShownOutage;
  /** Another PC of the site is online, so the site is reachable. */
  beside?: true;
  /** For `eased`: the faults that are still open, most severe first. */
  rest?: FaultNews[];
  /** For an ended incident: the room is proven ready. */
  ready?: true;
  /** For maintenance: its planned end. */
  until?: number;
  /** The cause of the outage that earlier messages named. */
  toldOutage?: Outage;
  /** Earlier faults of this room, newest first. */
  before?: readonly PastFault[];
  /** Number of changes that the rate limit suppressed since the last message. */
  counted?: number;
  /** For a group incident: how many of how many are offline, and their names. */
  many?: { kind: CauseKind; down: number; of: number; names: Words[] };
  /** An announcement in its author's own words. People mark it as read by its id. */
  announcement?: { id: number; by: string; text: string };
  /** Extra lines, such as the incidents that the default route bundles. */
  lines: string[];
};

/** An outbox row: one notice to one person over one channel. The key is transition, channel, person: R23 (conclude). */
export type OutboxRow = {
  key: string;
  transition: number | null;
  channel: string;
  person: string;
  /** The person's further channels, in order. The next one is used if this one does not deliver in time. */
  further?: readonly string[];
  /** The message was not delivered in time and was also sent over the next channel. */
  moved?: true;
  /** The recipient received the message over another channel meanwhile. */
  told?: true;
  /** Rows that were sent in one list share this value, the key of the first row. Later lists keep them together. */
  beside?: string;
  /** The row is written only to the console, because no other channel reaches the person or carries this notice. */
  lost?: true;
  /** The provider accepted the message under this id and reports the result later. It is not sent again. */
  accepted?: { id: string; at: number };
  /** The delivered message, if the channel can still edit it. */
  copy?: EditableMessage;
  notice: Notice;
  createdAt: number;
  /** The earliest time at which the message may be sent. */
  dueAt: number;
  tries: number;
  state: 'waiting' | 'delivered' | 'refused';
  lastError: string | null;
};

/** An editable message: its id at the channel, and its text. `linkMark` replaces the recipient's personal link, which must stay private. */
export type EditableMessage = { id: string; text: string };
/** A control character that no name contains. */
export const linkMark = '\u001a';

/**
 * The result of one send. `afterMs`: the wait that the provider requested. `copy`: the id of the delivered message, if it can be edited.
 */
export type DeliveryOutcome =
  | { result: 'delivered'; copy?: string }
  | { result: 'retry'; reason: string; afterMs?: number }
  | { result: 'refused'; reason: string }
  /** The channel rejects this server (wrong password, expired token). A retry does not help. */
  | { result: 'locked'; reason: string };

/** The result of a send. `accepted`: the provider took the message under this id and reports the delivery later. */
export type SendOutcome = DeliveryOutcome | { result: 'accepted'; id: string };

/** A later delivery report of the provider. */
export type DeliveryReport = { channel: string; id: string; outcome: Extract<DeliveryOutcome, { result: 'delivered' | 'refused' }> };

/** Handles delivery reports. Each function rejects if the ledger cannot commit now; the provider must then repeat the report. */
export type DeliveryReports = {
  /** Resolves when the report is committed. An unknown id has no effect. */
  take(report: DeliveryReport): Promise<void>;
  /** The recipient and the incident of an accepted message. */
  about(channel: string, id: string): { person: string; incident: number | null } | undefined;
};

/** A request of a provider to the webhook of a channel. `token` is the part of the path after the channel name. */
export type HookCall = { method: string; token: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: Buffer };
/** 401: not authenticated. 503: the provider must retry. */
export type HookReply = { status: 200 | 401 | 503; text?: string };

/** An open notification channel. All channels pass one conformance suite. */
export type Channel = {
  /** Timeout of one send, if it differs from the default of the outbox. */
  limitMs?: number;
  /** Concurrent sends, if fewer than the default of the outbox. */
  atOnce?: number;
  /**
   * Rate limit per person, for example on a phone. The last message within the limit is a list of everything that waits for that person.
   */
  within?: { most: number; ms: number };
  /** For a `single` channel: whether one short text in this language can state the number of alerts. Absent: it cannot. */
  lists?(language: MessageLanguage): boolean;
  /** Returns whether a text fits into one message. Absent: every text fits. */
  fits?(text: string): boolean;
  /** Guarantee: returns `delivered` only after the provider took the message. Never throws for a fault of the provider. */
  send(message: RenderedMessage, person: Person, signal: AbortSignal): Promise<SendOutcome>;
  /** Handles a webhook request of the provider. Guarantee: an unauthenticated request has no effect. Rejects if the provider must retry. */
  receiveCall?(call: HookCall): Promise<HookReply>;
  /**
   * Edits a delivered message. Guarantee: new messages go first, and no message is edited at an address that the person no longer has.
   * `said` is called just before the edit. Never throws for a fault of the provider.
   */
  edit?(copy: MessageEdit, person: Person, signal: AbortSignal): Promise<DeliveryOutcome>;
  /** Stops background work, such as polling for replies. Absent: the channel has none. */
  close?(): void;
};

/** The new text of a delivered message, and the lines below it. */
export type MessageEdit = Pick<EditableMessage, 'id'> & { notice: Notice; said(): { text: string; lines: readonly string[] } };

/** Writes one log line, like Pino's `info`. */
export type LogLine = (fields: object, words: string) => void;

/**
 * A reply as a channel receives it. `addresses` are the sender's addresses on this channel, the personal one first. `person` is the
 * recipient of the original message.
 */
export type ChannelReply = { channel: string; addresses: readonly string[]; person?: string; incident: number; word: OneTapAnswer };

/** Processes a reply and resolves after the commit. `line` is shown to the sender; `by` is the person, if the reply counted. */
export type HandleReply = (answer: ChannelReply) => Promise<{ line: string; by?: string }>;

export type HandleMissedCall = (channel: string, number: string) => Promise<'taken' | 'none' | 'several' | 'stranger'>;

/** A browser with push notifications: its address at the push service, and its encryption keys. */
export type Device = { endpoint: string; p256dh: string; auth: string };
/**
 * The push devices of people, and the key pair's secret that identifies this server to push services. `gone` removes a device that the
 * service no longer knows.
 */
export type PushDevices = { secret: Buffer; of(person: string): readonly Device[]; gone(person: string, endpoint: string): void };

export type ChannelContext = {
  log: LogLine;
  clock: Clock;
  /** Handles replies of people. Absent: replies are ignored. */
  onAnswer?: HandleReply | undefined;
  /** Handles missed calls, which count as the reply *going*. Absent: missed calls are ignored. */
  onMissedCall?: HandleMissedCall | undefined;
  /** Absent: delivery reports are not tracked, so an accepted message counts as delivered. */
  reports?: DeliveryReports | undefined;
  /** Absent: there are no push devices. */
  devices?: PushDevices | undefined;
};

/** The description of a channel. Each channel has one file in `people/channels/` and one line in the list there. */
export type ChannelKind<S extends v.GenericSchema = v.GenericSchema> = {
  /** The name in the tabs and in `sabha.json`. */
  name: string;
  /** The display name. */
  words: Words;
  /**
   * The schema of the channel's key under `channels` in `sabha.json`; the channel opens if that key is present. Absent: the channel has no
   * settings and is always open.
   */
  settings?: S;
  /** Settings keys with secret values. */
  secrets?: readonly string[];
  open(settings: v.InferOutput<S>, around: ChannelContext): Channel;
  /** Absent: the channel reaches each person who has an address under the channel's name. */
  reaches?(person: Person, around: Pick<ChannelContext, 'devices'>): boolean;
  /** People subscribe to this channel by themselves, so `addresses` has no entry for it. */
  joined?: true;
  /** A channel for programs: used only for recipients whose channel order names it. */
  forPrograms?: true;
  /** A further key of `addresses` by which senders of replies are recognised. */
  knownBy?: string;
  /**
   * The channel cannot carry a list, so late messages are sent one by one, unless `lists` permits a count. A digest prefers a channel that
   * can carry a list.
   */
  single?: true;
  /**
   * The channel is used only if the person's own order names it. Central operations receive findings about the server over other channels.
   */
  asked?: true;
  /** The channel gets no messages about ended incidents, and none that were delivered over another channel. */
  newsOnly?: true;
  /**
   * Before sending, a message is dropped if another channel delivered it or its incident ended: this channel cannot state that a message is
   * late.
   */
  once?: true;
  /**
   * Returns which notices the channel carries, by time, when it is one channel of an order. A tab that names only this channel bypasses the
   * check. Absent: all notices.
   */
  carries?(settings: v.InferOutput<S>): Carries;
};

export type Carries = (notice: Notice, at: number) => boolean;

export type OpenChannel = Partial<Record<'joined' | 'forPrograms' | 'single' | 'asked' | 'newsOnly' | 'once', boolean>> & {
  channel: Channel;
  reaches(person: Person): boolean;
  carries?: Carries | undefined;
};

/** A message in the language of its recipient. */
export type RenderedMessage = {
  key: string;
  subject: string;
  text: string;
  language: MessageLanguage;
  severity: Severity;
  /** The message lists several incidents. */
  list?: true;
  /** How many of the listed incidents are open, and how many have ended. */
  alerts?: { open: number; over: number };
  /** The incident has ended meanwhile. */
  over?: true;
  /**
   * The link for a reply with one tap, which the text contains too, or the incident's page on the wall. Absent if the server has no public
   * name.
   */
  link?: string;
  /** The short form of a reply link. */
  shortLink?: string;
  /** The line of the text that ends with a phone number, that number, and its `tel:` form. */
  phone?: { line: string; number: string; tel: string };
  /** The source data, for channels that programs read. */
  notice: Notice;
};

/** Possible recipients for a tab: roles and groups, which are resolved for each place, and persons. */
export type RecipientChoices = { roles: string[]; groups: string[]; persons: Pick<Person, 'id' | 'name' | 'role' | 'scope'>[] };

/** Returns the key prefix of notices to central operations that a recipient declined an incident. */
export function notMinePrefix(incident: number): string {
  return `not-mine-${incident}-`;
}

/** The names of a scope, and the data from the sites file for people who call or visit it. */
export type PlaceDetails = {
  site: Words;
  room: Words;
  timeZone: string;
  state?: Words;
  phone?: string;
  /** The person at the office phone; '' if the sites file names none. */
  contact?: string;
  wayIn?: string;
  spare?: string;
  /** The internet provider of the site, and the number of the line at that provider. */
  line?: string;
};

/** An announcement: its text, its author, the scope or group of its recipients, and their ids. */
export type Announcement = { id: number; at: number; by: string; to: string; text: string; persons: string[] };

type AnnouncementSent = { person: string; channel: string; state: 'waiting' | 'delivered' | 'refused'; reason: string | null };

/** An announcement, its delivery states, and when each person marked it as read. */
export type AnnouncementState = { announcement: Announcement; sent: AnnouncementSent[]; read: { person: string; at: number }[] };

export function announcementPrefix(id: number): string {
  return `announcement/${id}/`;
}
