/** What goes into the ledger and what comes out. All of a batch is one transaction (R20). */
import type {
  CommandAnswer,
  CommandSummary,
  CommandView,
  EventMessage,
  LedgerAudit,
  RegistryEntry,
  RollCallSummary,
  RollCallView,
  Signed,
  TabsStep,
} from '@sabha/contracts';
import type { Incident, PcRecord, Timer, Transition } from './incidents.ts';
import type { Announcement, AnnouncementState, OutboxRow } from './notices.ts';
import type {
  Account,
  AccountContents,
  Forgetting,
  Forgotten,
  Login,
  Maintenance,
  Meeting,
  Member,
  PersonRow,
  PersonWords,
  Proof,
  RosterContents,
  TreeNode,
} from './sites.ts';

/** One row that is written, or taken away. */
export type Op =
  /** A birth names the spool's range; what lies below its first number is settled here (R5). */
  | { op: 'birth'; pc: string; spool: string; first: number; last: number; carries: string | null; at: number }
  | { op: 'event'; pc: string; event: EventMessage; at: number }
  | { op: 'pc'; record: PcRecord }
  | { op: 'incident'; incident: Incident }
  | { op: 'transition'; transition: Transition }
  | { op: 'transition-gone'; id: number }
  | { op: 'timer'; timer: Timer }
  | { op: 'timer-gone'; id: number }
  /** Adds a row under its key; a key that exists is left as it is. */
  | { op: 'outbox'; row: OutboxRow }
  /** Replaces the row of the key. */
  | { op: 'outbox-set'; row: OutboxRow }
  /** What a person or the centre did: a row of the chain. */
  | { op: 'audit'; at: number; who: string; what: string; about: string }
  /** What a machine did. */
  | { op: 'step'; at: number; who: string; what: string; about: string }
  | { op: 'registry'; entry: RegistryEntry }
  | { op: 'node'; node: TreeNode }
  /** With a PC goes what was remembered of it; not its registry entry, nor which configuration versions and tokens it had, which must not come again. */
  | { op: 'node-gone'; path: string }
  /** What a PC's component says from `at` on; `component` `presence` is the PC's own. For the strips of the wall. */
  | ({ op: 'change' } & PcChange)
  /** A time in which the centre heard nobody, once it is over. */
  | ({ op: 'away' } & Away)
  /** The clock fell back to `at` (R29): nothing of strips, commands and roll calls is later; each last answer is that of now, and a command begins its life. */
  | { op: 'not-ahead'; at: number }
  | { op: 'rollcall'; rollcall: RollCallView }
  | { op: 'command'; row: CommandRow }
  /** Counts once, and only of a PC that was asked. */
  | { op: 'command-answer'; pc: string; at: number; answer: CommandAnswer }
  | { op: 'account'; account: Account }
  /** With an account go its logins. */
  | { op: 'account-gone'; name: string }
  | { op: 'login'; login: Login }
  | { op: 'login-gone'; hash: string }
  | { op: 'meeting'; meeting: Meeting }
  | { op: 'meeting-gone'; id: string }
  | { op: 'maintenance'; maintenance: Maintenance }
  | { op: 'maintenance-gone'; id: string }
  | { op: 'member'; member: Member }
  /** With a person go the proofs, and the devices. */
  | { op: 'member-gone'; id: string }
  | ({ op: 'proof' } & Proof)
  | { op: 'announcement'; announcement: Announcement }
  /** The first time counts. */
  | { op: 'announcement-read'; id: number; person: string; at: number }
  /** Null takes the row away. */
  | { op: 'meta'; key: string; value: string | null };

/** A command as it was sent. */
export type CommandRow = CommandSummary & { signed: Signed };

/** `status` is ok, fault, unknown, `gone` where it is no longer reported or kept, or, of the presence, what it became. */
export type Change = { component: string; at: number; status: string; faults: string[] };

/** A time in which the centre heard nobody (R18a): nothing is known of it, whatever stood before. */
export type Away = { from: number; to: number };

/** Where a spool stands after a commit: everything up to `upTo` is durable or declared dropped (R4). */
export type Cursor = { pc: string; spool: string; upTo: number; mark: string | undefined };

/** What a commit came to. */
export type Receipt = {
  /** One for each spool that the batch touched. */
  cursors: Cursor[];
  /** Events written for the first time. */
  applied: number;
  /** Numbers lost: neither in the ledger nor declared dropped, as many as were counted; the rest is in later receipts, whoever they are for. */
  gaps: number;
  /** Whose numbers those were; absent where there are none. */
  gapsOf?: Readonly<Record<string, number>>;
  /** Numbers that tombstones declared dropped. */
  dropped: number;
  /** What of the batch could not be written though the disk took the rest (R28); absent where all of it is there. */
  poison?: Poison[];
};

/** An operation that was set aside: what it was, whose, and why. */
export type Poison = { op: Op['op']; pc: string; why: string };

/** All that `flows` needs to begin where it stopped. */
export type Contents = {
  pcs: PcRecord[];
  /** Open ones, and those that are over within the last day. */
  incidents: Incident[];
  /** Not concluded, and those of the incidents above. */
  transitions: Transition[];
  timers: Timer[];
  /** Not delivered and not refused. */
  outbox: OutboxRow[];
  registry: { version: number; entries: RegistryEntry[] };
  nodes: TreeNode[];
  /** All but the inventories of PCs, which nobody needs at the start. */
  meta: Record<string, string>;
  nextIncident: number;
  nextTransition: number;
  nextTimer: number;
};

/** `admitted` = of each PC the hash of the token by which it was let in by itself; `codes` = enrolment codes by the hash of their secret;
 * `reflectorKey` = by which the reflector proves who may measure, null before one was made. */
export type RegistryContents = Contents['registry'] & {
  admitted: Record<string, string>;
  codes: Record<string, string>;
  reflectorKey: string | null;
  fingerprints: string | null;
};

/** Who did what, about what. */
export type Audit = { who: string; what: string; about: string };
/** Something that somebody did, as it stands in the audit. */
export type AuditAct = Audit & { id: number; at: number };

/** Which rows: of what people and the centre did, or machines; of one of them, since a time, below a number. The newest first, `most` of them at most. */
export type ActsQuery = {
  of: 'people' | 'machines';
  who?: string | undefined;
  since?: number | undefined;
  before?: number | undefined;
  most: number;
};

/**
 * Which ledger this is, how many commits it has seen, its last row of the audit with the hash of that, and the last acts of people, newest first.
 * `older`: what stands under its meta key. `newestAt`: a time of the centre that was reached when it was written.
 */
export type Progress = {
  ledger: string;
  commits: number;
  lastAct: number;
  head: string;
  acts: AuditAct[];
  older: string | null;
  newestAt: number;
};

/** All queries of the ledger, as the thread that holds the file runs them. */
export type Queries = Retention & {
  load(): Contents;
  /** Who may connect, and nothing else. */
  registry(): RegistryContents;
  /** Who may log in, and who is logged in. */
  accounts(): AccountContents;
  /** The calendar, by id. */
  meetings(): Meeting[];
  /** What maintenance is planned, by id. */
  maintenance(): Maintenance[];
  /** Who is told, by id, and what was proven of their channels. */
  roster(): RosterContents;
  /** Notices to many, newest first, at most 50. */
  announcements(): Announcement[];
  announcement(id: number): AnnouncementState | undefined;
  /** The rows of an incident whose message stands with somebody and can be changed there: the newest first, so many at most. */
  copies(incident: number): OutboxRow[];
  /** Changes of one PC since a time, and of each component the last one before it, oldest first; what is beyond its budgets is unknown (R27). */
  history(pc: string, since: number): Change[];
  /** The times in which the centre heard nobody that ended after `since`, oldest first. */
  aways(since: number): Away[];
  /** Finished roll calls, newest first, at most 50, without their rows. */
  rollcalls(): RollCallSummary[];
  rollcall(id: string): RollCallView | undefined;
  /** The newest commands first, at most 50. */
  commands(): CommandRow[];
  /** A command with the answers that came. */
  command(id: string): { row: CommandRow; answers: CommandView['answers'] } | undefined;
  /** Commands that have not expired, with the PCs that have answered, in the order in which they were issued. */
  openCommands(now: number): { row: CommandRow; answered: string[] }[];
  /** What became of the tabs, newest first, at most 50. */
  tabsSteps(): TabsStep[];
  /** What was done, page by page. */
  acts(query: ActsQuery): AuditAct[];
  /**
   * What happened, page by page, so that no commit waits for all of it: incidents above `after` that were not over at `since`. As JSON, so that
   * whoever only hands it on need not read it; `last`: the highest incident of the page, null where there is none.
   */
  past(query: { since: number; after: number; most?: number }): { json: string; last: number | null };
  /** Proof from the data that no event is missing and none stands twice. Commits wait for it: a centre that runs asks a copy. */
  audit(): LedgerAudit;
  /** All rows in which a person stands. */
  person(words: PersonWords): PersonRow[];
  /** Takes a person out of them, and writes the file anew. Nothing else may be written meanwhile, and whatever was loaded before is not true any more. */
  forget(whom: Forgetting): Forgotten;
  progress(): Progress;
  /** The hash of one row of the audit; null where there is no such row. */
  hashAt(row: number): string | null;
  /** Brings what stands in the write-ahead log into the file. */
  checkpoint(): void;
};

/** The ledger as `flows` sees it; behind it stands a worker thread, or the same code in this thread. */
export type Ledger = Async<Queries> & {
  /** Guarantee: resolves only when the whole batch is on disk; rejects with nothing of it written. */
  commit(ops: Op[]): Promise<Receipt>;
  /** Copies it into a file, which is written anew; commits go on meanwhile. */
  copyTo(file: string): Promise<void>;
  close(): Promise<void>;
};

/** An event as it leaves, with the PC and the name of its spool; `body` as it is stored. */
export type LeavingEvent = {
  spool: number;
  pc: string;
  name: string;
  seq: number;
  mark: string;
  received: number;
  boot: string;
  at: number;
  grade: string;
  kind: string;
  body: string;
};

/** Where a page begins: behind this number of this spool. */
export type PagePlace = { spool: number; seq: number };
/** Events that may leave, received before `before`, or by a clock that was ahead, after `ahead`; or all that the ledger has of a PC or site. */
export type PageAsk = { after: PagePlace; before: number; ahead: number } | { after: PagePlace; path: string };
/** `next` is null behind the last spool. */
export type LeavingPage = { events: LeavingEvent[]; next: PagePlace | null };

/** Numbers side by side, both ends in it. */
export type Run = { a: number; b: number };
/** What a segment holds of a spool; `newest` = when the last of them was received. */
export type SegmentSpool = { spool: number; runs: Run[]; newest: number };
/** A part of the archive of a month, whole on the disk: where it begins, how long it is, the SHA-256 of its bytes. */
export type Segment = { month: string; at: number; bytes: number; sha256: string; spools: SegmentSpool[] };

/** How many events of a spool stand in the archive of a month, which is the first, when the last of them was received, and whether it was given up. */
export type HeldMonth = { pc: string; name: string; month: string; a: number; count: number; newest: number; expired: boolean };
/** What archives hold of a PC or site, and where the segments of those months lie; `known`: it said something once. */
export type HeldOf = { known: boolean; months: HeldMonth[]; segments: Omit<Segment, 'spools'>[] };

/** The steps by which rows leave the ledger for their age, each a slice: it waits for the commits before it, as they do for it. */
export type Retention = {
  /** Some of the events that are asked for, by spool and number. */
  page(ask: PageAsk): LeavingPage;
  /** How long the archive of a month is, as far as it counts. */
  end(month: string): number;
  /** What has left of a PC or site. */
  held(path: string): HeldOf;
  /** From now on the events of a segment count as held by it. Throws where it does not begin at the end of its archive. */
  seal(segment: Segment): void;
  /** Takes some of what is sealed out of the ledger; false where nothing is left to take. */
  leave(): boolean;
  /** Deletes some of what is older than this; false where nothing is left. */
  forgetBefore(before: number): boolean;
  /** Gives some free pages back to the disk; false where enough are given. */
  shrink(): boolean;
  /** Expires all months but the newest `kept`. Returns the months that an earlier call expired: their files may be deleted. */
  expire(kept: number): string[];
};

/** Functions that another thread runs: each returns a promise of its result. */
type Async<T extends Record<keyof T, (...args: never[]) => unknown>> = {
  [K in keyof T]: (...args: Parameters<T[K]>) => Promise<ReturnType<T[K]>>;
};
/** A message to a person as it was written down. */
export type Sent = Pick<OutboxRow, 'key' | 'createdAt'>;
/** What stands in the audit behind an acknowledgement that was taken back at once. */
export const withdrawnWord = 'withdrawn';
/** A change of a component, with its PC. */
export type PcChange = { pc: string } & Change;

/** Some incidents with all that belongs to them. */
export type Past = { incidents: Incident[]; transitions: Transition[]; changes: PcChange[]; sent: Sent[] };

/** Holds times of day: each keeps its distance to now when the centre's time is set by so much (R29). */
export type FollowsClock = { setClock(byMs: number): void };

// The keys of the table `meta`.

/** The version of the registry that was last published to the broker. */
export const registryVersionKey = 'registry.version';
/** The key by which the reflector proves which PC may measure. */
export const reflectorKeyKey = 'reflector.key';
/** The fingerprints of the signing key and of the certificate authority. */
export const fingerprintsKey = 'fingerprints';
/** The time up to which retention has deleted old rows. */
export const settledKey = 'settled';
/** The PCs that were not heard since the last start, and for how long the server listened for them. */
export const inVainKey = 'in-vain';
/** When central operations last received the list of checks that are unknown for a day. */
export const unknownNamedKey = 'unknown-named';
/** What the ledger lacks of an earlier state, and until when that is reported. */
export const olderKey = 'ledger.older';
/** Prefix: the hash of the token with which a PC enrolled itself. */
export const admittedPrefix = 'admitted/';
/** Prefix: the inventory of a PC. */
export const inventoryPrefix = 'inventory/';
/** Prefix: the last link report of a site. */
export const linkReportPrefix = 'link/';
/** Prefix: where the link of a site last broke. */
export const linkBreakPrefix = 'broke/';
/** Prefix: the devices that receive push messages for a person. */
export const devicePrefix = 'device/';
/** Prefix: an enrolment code, by the hash of its secret. */
export const codePrefix = 'enrol/';
