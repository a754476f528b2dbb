/** Messages to people: what waits in the outbox, and what a channel promises. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AnswerWord, CauseKind, Clock, MessageLanguage, Outage, Person, Severity, TransitionKind, Words } from '@sabha/contracts';
import type * as v from 'valibot';
import type { Again, FaultNews, PastFault, ShownOutage } from './incidents.ts';

/** What a message is made of; the text is made when it is sent, in the language of the person. */
export type Notice = Place & {
  kind: TransitionKind | 'unfinished' | 'direct';
  incident: number | null;
  severity: Severity;
  /** Scope and its names, as they were. */
  scope: string;
  faults: FaultNews[];
  at: number;
  flapping: boolean;
  /** Its news joins what is as severe already: there is more to do, and nothing is worse. */
  joins?: true;
  /** It is told once more, and why. */
  again?: Pick<Again, 'why' | 'by'>;
  /** Somebody gave it back, or nobody of those who were told (ids) has taken it, so it comes to who was not told before. */
  passed?: { at: number; by: string } | { at: number; to: readonly string[] };
  /** It waited for the morning, and goes out with others of it in one message. */
  digest?: true;
  /** The meeting for which it is urgent. */
  meeting?: { at: number; title: string };
  /** Why the PC is away, or was, where the news is that. */
  outage?: ShownOutage;
  /** Another PC of its site answers now: the site can be reached. */
  beside?: true;
  /** Of what got better: what else stands there, the most severe first. */
  rest?: FaultNews[];
  /** At its end: the room is known to be ready. */
  ready?: true;
  /** Of maintenance: when it ends. */
  until?: number;
  /** What was told of why it is away, before this. */
  toldOutage?: Outage;
  /** What went wrong in this room before, the last first. */
  before?: readonly PastFault[];
  /** So many changes of this hour were told to nobody: more are told of one PC than a person can use. */
  counted?: number;
  /** Of a cause of many: how many of how many are away, and their names. */
  many?: { kind: CauseKind; down: number; of: number; names: Words[] };
  /** What somebody says to many, in their own words: its number, by which it is answered. */
  announcement?: { id: number; by: string; text: string };
  /** Lines added by the machine, such as the incidents that the default route bundles. */
  lines: string[];
};

/** One row: one notice, one channel, one person (R23: key = transition, channel, person). */
export type OutboxRow = {
  key: string;
  transition: number | null;
  channel: string;
  person: string;
  /** The person's further channels, in order: the next one is used where this one does not deliver in time. */
  further?: readonly string[];
  /** It went out over the next channel too. */
  moved?: true;
  /** It arrived over another channel. */
  told?: true;
  /** It stood in one message with others before, all of which have this name: the key of the first. They go on in one. */
  beside?: string;
  /** It stands on the console because no other channel reaches its person, or carries it. */
  lost?: true;
  /** The other side took it under this name, and says later what became of it: it is not sent again. */
  accepted?: { id: string; at: number };
  /** It stands with its person and can be changed there. */
  copy?: Copy;
  notice: Notice;
  createdAt: number;
  /** Not before this time. */
  dueAt: number;
  tries: number;
  state: 'waiting' | 'delivered' | 'refused';
  lastError: string | null;
};

/** A message where it stands: the name that its channel gave it, and what it says, with `linkMark` in place of the person's link, which is nobody else's business. */
export type Copy = { id: string; text: string };
/** No name has it in it. */
export const linkMark = '\u001a';

/** What became of one send; `afterMs` where the other side named a wait, `copy` where what was delivered can be changed there: its name. */
export type Outcome =
  | { result: 'delivered'; copy?: string }
  | { result: 'retry'; reason: string; afterMs?: number }
  | { result: 'refused'; reason: string }
  /** The channel refuses ourselves: a wrong password, an expired token. Trying again helps nobody. */
  | { result: 'locked'; reason: string };

/** What a channel says of a send. `accepted`: the other side took it under this name, and says later what became of it; that is no delivery yet. */
export type SendOutcome = Outcome | { result: 'accepted'; id: string };

/** What the other side says later of a message that it took. */
export type Report = { channel: string; id: string; outcome: Extract<Outcome, { result: 'delivered' | 'refused' }> };

/** Takes what is said later of messages. Each rejects where the ledger takes nothing now: whoever said it is to say it again. */
export type Reports = {
  /** Ends once it is committed. A name that nobody knows changes nothing. */
  take(report: Report): Promise<void>;
  /** To whom a message went that was taken under this name, and about what. */
  about(channel: string, id: string): { person: string; incident: number | null } | undefined;
};

/** A call of a provider at the address of a channel: `token` is what stands behind its name there. */
export type HookCall = { method: string; token: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: Buffer };
/** 401: it does not prove who it is. 503: it is to be said again. */
export type HookReply = { status: 200 | 401 | 503; text?: string };

/** A way to reach a person, open; every one passes the same conformance suite. */
export type Channel = {
  /** Longest time that one send may take, where it is not the outbox's own. */
  limitMs?: number;
  /** Most sends at the same time, where it is fewer than the outbox's own. */
  atOnce?: number;
  /** So many messages are shown to one person in such a time, as on a phone; the last of them is a list of all that waits for that person. */
  within?: { most: number; ms: number };
  /** Of a channel that carries no list (`single`): whether it can say in one short text of a language how many alerts there are. Absent: it cannot. */
  lists?(language: MessageLanguage): boolean;
  /** Whether a text stands whole in one message here; absent: any does. */
  fits?(text: string): boolean;
  /** Guarantee: `delivered` only when the other side took the message. Never throws for what the other side does. */
  send(message: RenderedMessage, person: Person, signal: AbortSignal): Promise<SendOutcome>;
  /** Its provider calls us, at the address of this channel. Guarantee: what does not prove who it is does nothing. Rejects where it is to be said again. */
  hear?(call: HookCall): Promise<HookReply>;
  /**
   * Changes a message that stands with the person. Guarantee: news goes before it, and nothing is changed at an address that the person has no more;
   * `said` is asked when its turn comes. Never throws for what the other side does.
   */
  edit?(copy: Changed, person: Person, signal: AbortSignal): Promise<Outcome>;
  /** Ends what it does by itself, such as asking for answers. Absent: it does nothing by itself. */
  close?(): void;
};

/** What a message that stands there is to say: its text, and lines below it. */
export type Changed = Pick<Copy, 'id'> & { notice: Notice; said(): { text: string; lines: readonly string[] } };

/** Takes one line of the log: its fields, and its words. Pino's `info` is one. */
export type LogLine = (fields: object, words: string) => void;

/** An answer as a channel hears it: from one of these addresses of the channel, the person's own first, or of the person to whom the message went. */
export type Answer = { channel: string; addresses: readonly string[]; person?: string; incident: number; word: AnswerWord };

/** Takes an answer, once it is committed: `line` is what the person is shown, `by` whose it was where it counts. */
export type TakeAnswer = (answer: Answer) => Promise<{ line: string; by?: string }>;

/** Takes the number of somebody who called us and hung up; what it came to. */
export type TakeMissedCall = (channel: string, number: string) => Promise<'taken' | 'none' | 'several' | 'stranger'>;

/** A browser that shows what its person is told: its address at the push service of its maker, and the keys for which a message is sealed. */
export type Device = { endpoint: string; p256dh: string; auth: string };
/** The devices of persons, and the secret by which push services know this centre. A service says that one is `gone`. */
export type Devices = { secret: Buffer; of(person: string): readonly Device[]; gone(person: string, endpoint: string): void };

/** What a channel is opened with, beside its settings. */
export type Around = {
  log: LogLine;
  clock: Clock;
  /** Absent: nobody takes answers. */
  onAnswer?: TakeAnswer | undefined;
  /** Absent: nobody takes missed calls. */
  onMissedCall?: TakeMissedCall | undefined;
  /** Absent: nobody follows what is said later of messages, so what is taken counts as delivered. */
  reports?: Reports | undefined;
  /** Absent: nobody is told on devices. */
  devices?: Devices | undefined;
};

/** All that Sabha knows of a channel: one file each in `people/channels/`, and its line in the list there. */
export type ChannelKind<S extends v.GenericSchema = v.GenericSchema> = {
  /** As the tabs and `sabha.json` call it. */
  name: string;
  /** As people read it, as in "Asha was told by e-mail". */
  words: Words;
  /** Its key under `channels` in `sabha.json`: it is open where that stands. Absent: there is nothing to set, and it is always open. */
  settings?: S;
  /** Those of its keys that hold what is nobody else's business. */
  secrets?: readonly string[];
  open(settings: v.InferOutput<S>, around: Around): Channel;
  /** Absent: it reaches who has an address under its name in `addresses`. */
  reaches?(person: Person, around: Pick<Around, 'devices'>): boolean;
  /** Persons join it by themselves, so no list has an address for it. */
  joined?: true;
  /** Programs read it: it stands in nobody's order who does not name it. */
  forPrograms?: true;
  /** Under this name of `addresses` stands by what else it knows who writes to us. */
  knownBy?: string;
  /** It carries no list: what is late goes out one by one too, but where it `lists`; and what waited for the morning goes where a list can be read, if there is such a channel. */
  single?: true;
  /** It reaches nobody whose own order does not name it, and central hears the findings of the centre elsewhere. */
  asked?: true;
  /** What is over, or was told over another channel, does not go out here at all. */
  newsOnly?: true;
  /** What arrived over another channel meanwhile, or was over before it could be said, does not go out here any more: no text of it could say that it is late. */
  once?: true;
  /** What it carries in an order of channels, and when; a tab that names it alone is not asked. Absent: anything. */
  carries?(settings: v.InferOutput<S>): Carries;
};

/** Whether a notice of a time goes over a channel. */
export type Carries = (notice: Notice, at: number) => boolean;

/** A channel, and whom it can reach. */
export type OpenChannel = Partial<Record<'joined' | 'forPrograms' | 'single' | 'asked' | 'newsOnly' | 'once', boolean>> & {
  channel: Channel;
  reaches(person: Person): boolean;
  carries?: Carries | undefined;
};

/** A message in the words of one person's language. */
export type RenderedMessage = {
  key: string;
  subject: string;
  text: string;
  language: MessageLanguage;
  severity: Severity;
  /** It tells of several incidents. */
  list?: true;
  /** So many of those stand, and so many are over. */
  alerts?: { open: number; over: number };
  /** Its incident has ended meanwhile. */
  over?: true;
  /** Where the person answers with one tap, which stands in the text too, or where its incident stands on the wall; absent where the centre has no name. */
  link?: string;
  /** The same in few characters; only where the person answers by it. */
  shortLink?: string;
  /** The line that ends with the number of whom to call, where its text has that, and what a telephone dials for it. */
  phone?: { line: string; number: string; tel: string };
  /** What it was made of, for channels that programs read. */
  notice: Notice;
};

/** Whom a tab may tell: roles and groups, which are looked up for a place, and persons. */
export type People = { roles: string[]; groups: string[]; persons: Pick<Person, 'id' | 'name' | 'role' | 'scope'>[] };

/** Begins the keys of what central is told where somebody gave an incident back. */
export function notMinePrefix(incident: number): string {
  return `not-mine-${incident}-`;
}

/** The names of a scope as people know it, and what the site table has for those who call or go there. */
export type Place = {
  site: Words;
  room: Words;
  timeZone: string;
  state?: Words;
  phone?: string;
  /** The phone is the office's: whose, '' where the table names nobody. */
  contact?: string;
  wayIn?: string;
  spare?: string;
  /** The provider of its line, and the number that the provider knows it by. */
  line?: string;
};

/** What was said, by whom, to which scope or group of the roster, and to whom that was. */
export type Announcement = { id: number; at: number; by: string; to: string; text: string; persons: string[] };

/** What became of the message to one person over one channel. */
type AnnouncementSent = { person: string; channel: string; state: 'waiting' | 'delivered' | 'refused'; reason: string | null };

/** A notice, where its messages stand, and when each person said that they have read it. */
export type AnnouncementState = { announcement: Announcement; sent: AnnouncementSent[]; read: { person: string; at: number }[] };

/** Begins the key of each of its rows in the outbox. */
export function announcementPrefix(id: number): string {
  return `announcement/${id}/`;
}
