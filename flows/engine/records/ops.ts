/** The operations and queries of the ledger. Each batch is one transaction: R20 (one transaction per batch). */
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
  AccountSession,
  ChannelProof,
  ErasedRows,
  Maintenance,
  Meeting,
  Member,
  PersonErasure,
  PersonIdentifiers,
  PersonRow,
  RosterContents,
  TreeNode,
} from './sites.ts';

/** One operation of a batch: it writes, replaces or deletes a row. */
export type Op =
  /** A birth names the first and last number of its spool. All lower numbers are settled by it: R5 (the ack always advances). */
  | { op: 'birth'; pc: string; spool: string; first: number; last: number; carries: string | null; at: number }
  | { op: 'event'; pc: string; event: EventMessage; at: number }
  | { op: 'pc'; record: PcRecord }
  | { op: 'incident'; incident: Incident }
  | { op: 'transition'; transition: Transition }
  | { op: 'transition-gone'; id: number }
  | { op: 'timer'; timer: Timer }
  | { op: 'timer-gone'; id: number }
  /** Inserts a row unless its key exists. */
  | { op: 'outbox'; row: OutboxRow }
  /** Inserts or replaces the row of this key. */
  | { op: 'outbox-set'; row: OutboxRow }
  /** An action of a person or of the server: one row of the audit log, which is a chain of hashes. */
  | { op: 'audit'; at: number; who: string; what: string; about: string }
  /** An action of a machine: one row of the machine log. */
  | { op: 'step'; at: number; who: string; what: string; about: string }
  | { op: 'registry'; entry: RegistryEntry }
  | { op: 'node'; node: TreeNode }
  /**
   * Deletes the node and what is stored about its PC. The registry entry, the used configuration versions and the tokens stay, because they
   * must never be reused.
   */
  | { op: 'node-gone'; path: string }
  /** The status of a component of a PC from `at` on, for the status strips of the wall. The component `presence` is the PC itself. */
  | ({ op: 'change' } & PcChange)
  /** A receive gap of the server, written when it ends. */
  | ({ op: 'away' } & ReceiveGap)
  /** The clock was set back to `at`: R29 (clock of the server). Later times of status strips, commands and roll calls become `at`. */
  | { op: 'not-ahead'; at: number }
  | { op: 'rollcall'; rollcall: RollCallView }
  | { op: 'command'; row: CommandRow }
  /** Adds the result of a PC to a command. Only the first result of each PC that received the command counts. */
  | { op: 'command-answer'; pc: string; at: number; answer: CommandAnswer }
  | { op: 'account'; account: Account }
  /** Also deletes the sessions of the account. */
  | { op: 'account-gone'; name: string }
  | { op: 'login'; login: AccountSession }
  | { op: 'login-gone'; hash: string }
  | { op: 'meeting'; meeting: Meeting }
  | { op: 'meeting-gone'; id: string }
  | { op: 'maintenance'; maintenance: Maintenance }
  | { op: 'maintenance-gone'; id: string }
  | { op: 'member'; member: Member }
  /** Also deletes the proofs and the devices of the person. */
  | { op: 'member-gone'; id: string }
  | ({ op: 'proof' } & ChannelProof)
  | { op: 'announcement'; announcement: Announcement }
  /** Only the first time per person is stored. */
  | { op: 'announcement-read'; id: number; person: string; at: number }
  /** A null value deletes the row. */
  | { op: 'meta'; key: string; value: string | null };

export type CommandRow = CommandSummary & { signed: Signed };

/** `status` is `ok`, `fault`, `unknown`, or `gone` if the check is no longer reported or stored. For `presence` it is the new presence. */
export type ComponentChange = { component: string; at: number; status: string; faults: string[] };

/** A receive gap of the server, in which nothing is known of any PC: R18a (canary). */
export type ReceiveGap = { from: number; to: number };

/**
 * The acknowledged position of a spool after a commit. All numbers up to `upTo` are stored or declared dropped: R4 (cumulative
 * acknowledgement).
 */
export type Cursor = { pc: string; spool: string; upTo: number; mark: string | undefined };

export type Receipt = {
  /** One cursor for each spool that the batch changed. */
  cursors: Cursor[];
  /** Number of events that were not in the ledger before. */
  applied: number;
  /**
   * Count of numbers that are neither in the ledger nor declared dropped. One batch counts a limited number; later receipts report the
   * rest, whatever PC they belong to.
   */
  gaps: number;
  /** The same count by PC; absent if there are no gaps. */
  gapsOf?: Readonly<Record<string, number>>;
  dropped: number;
  /** Operations that failed although the disk accepted the rest of the batch: R28 (poison messages). Absent if none failed. */
  poison?: Poison[];
};

/** An operation in quarantine, its PC, and the reason. */
export type Poison = { op: Op['op']; pc: string; why: string };

/** All data that `flows` loads at start. */
export type LedgerContents = {
  pcs: PcRecord[];
  /** Open incidents, and those that ended within the last day. */
  incidents: Incident[];
  /** Transitions without a conclusion, and all transitions of the incidents above. */
  transitions: Transition[];
  timers: Timer[];
  /** Outbox rows that are neither delivered nor refused. */
  outbox: OutboxRow[];
  registry: { version: number; entries: RegistryEntry[] };
  nodes: TreeNode[];
  /** All keys of the table `meta` except the inventories of PCs, which the start does not use. */
  meta: Record<string, string>;
  nextIncident: number;
  nextTransition: number;
  nextTimer: number;
};

/**
 * `admitted`: per PC, the hash of the token with which it enrolled itself. `codes`: enrolment codes by the hash of their secret.
 * `reflectorKey`: the key with which `flows` seals the measurement tokens of PCs, and the reflector checks them; null before it exists.
 */
export type RegistryContents = LedgerContents['registry'] & {
  admitted: Record<string, string>;
  codes: Record<string, string>;
  reflectorKey: string | null;
  fingerprints: string | null;
};

export type Audit = { who: string; what: string; about: string };
export type AuditAct = Audit & { id: number; at: number };

/**
 * Selects audit rows of people and the server, or of machines. Filters: one actor, a start time, a highest row number. Returns at most
 * `most` rows, newest first.
 */
export type ActsQuery = {
  of: 'people' | 'machines';
  who?: string | undefined;
  since?: number | undefined;
  before?: number | undefined;
  most: number;
};

/**
 * The state of a ledger: id, number of commits, last audit row with its hash, and the last actions of people, newest first.
 * `older` is the value of `olderKey`. `newestAt` is a time that the server clock had reached.
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

/** All queries of the ledger. They run in the thread that holds the database file. */
export type Queries = Retention & {
  load(): LedgerContents;
  /** The registry of the PCs that may connect. */
  registry(): RegistryContents;
  accounts(): AccountContents;
  meetings(): Meeting[];
  maintenance(): Maintenance[];
  /** Recipients by id, and the proofs of their channels. */
  roster(): RosterContents;
  /** Announcements, newest first, at most 50. */
  announcements(): Announcement[];
  announcement(id: number): AnnouncementState | undefined;
  /** The outbox rows of an incident whose delivered message can still be edited. Newest first, limited in number. */
  copies(incident: number): OutboxRow[];
  /**
   * Changes of one PC since a time, oldest first, with the last earlier change of each component. Beyond the limits the status is unknown:
   * R27 (budgets: quota and backpressure).
   */
  history(pc: string, since: number): ComponentChange[];
  /** Receive gaps of the server that ended after `since`, oldest first. */
  aways(since: number): ReceiveGap[];
  /** Finished roll calls, newest first, at most 50, without their rows. */
  rollcalls(): RollCallSummary[];
  rollcall(id: string): RollCallView | undefined;
  /** Commands, newest first, at most 50. */
  commands(): CommandRow[];
  command(id: string): { row: CommandRow; answers: CommandView['answers'] } | undefined;
  /** Commands that have not expired, with the PCs that have returned a result, in order of issue. */
  openCommands(now: number): { row: CommandRow; answered: string[] }[];
  /** Events of the Node-RED tabs, newest first, at most 50. */
  tabsSteps(): TabsStep[];
  acts(query: ActsQuery): AuditAct[];
  /**
   * One page of incidents with an id above `after` that had not ended at `since`. Pages keep commits from waiting for the whole history.
   * The result is JSON, so a caller that only forwards it need not parse it. `last` is the highest id of the page, or null.
   */
  past(query: { since: number; after: number; most?: number }): { json: string; last: number | null };
  /** Proves from the data that no event is missing or duplicate. Commits wait for this proof, so a running server checks a copy. */
  audit(): LedgerAudit;
  /** All rows that name this person. */
  person(words: PersonIdentifiers): PersonRow[];
  /** Removes a person from all rows and rewrites the file. Nothing may be written meanwhile. Data that was loaded before is stale. */
  forget(whom: PersonErasure): ErasedRows;
  progress(): Progress;
  hashAt(row: number): string | null;
  /** Copies the write-ahead log into the database file. */
  checkpoint(): void;
};

/** The ledger as `flows` uses it: a worker thread runs the queries, or this thread does. */
export type Ledger = Async<Queries> & {
  /** Guarantee: resolves only when the whole batch is on disk; if it rejects, nothing of the batch is written. */
  commit(ops: Op[]): Promise<Receipt>;
  /** Copies the database into a new file; commits continue meanwhile. */
  copyTo(file: string): Promise<void>;
  close(): Promise<void>;
};

/** An event that moves to the archive, with its PC and the name of its spool. `body` is the stored text. */
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

/** The start of a page: after number `seq` of spool `spool`. */
export type PagePlace = { spool: number; seq: number };
/**
 * Selects events for the archive, or all events of a PC or site. Events for the archive were received before `before`. A time after `ahead`
 * also qualifies: a clock that was ahead wrote it.
 */
export type PageQuery = { after: PagePlace; before: number; ahead: number } | { after: PagePlace; path: string };
/** `next` is null after the last spool. */
export type LeavingPage = { events: LeavingEvent[]; next: PagePlace | null };

/** A range of consecutive numbers, both ends included. */
export type NumberRange = { a: number; b: number };
/** The events of one spool in a segment of the archive: its row id, the ranges of their numbers, and when the newest was received. */
export type SegmentSpool = { spool: number; runs: NumberRange[]; newest: number };
/** A durable part of the archive of a month: its offset, its length in bytes, and the SHA-256 of its bytes. */
export type Segment = { month: string; at: number; bytes: number; sha256: string; spools: SegmentSpool[] };

/** The events of one spool in the archive of a month: first number, count, time of the newest, and whether they have expired. */
export type ArchivedMonth = { pc: string; name: string; month: string; a: number; count: number; newest: number; expired: boolean };
/** The archived events of a PC or site, and the segments of those months. `known`: the ledger has a spool of that path. */
export type ArchivedEvents = { known: boolean; months: ArchivedMonth[]; segments: Omit<Segment, 'spools'>[] };

/** The steps of retention. Each handles a slice and runs between commits, so that neither blocks the other for long. */
export type Retention = {
  /** One page of the requested events, ordered by spool and number. */
  page(ask: PageQuery): LeavingPage;
  /** The valid length of the archive of a month, in bytes. */
  end(month: string): number;
  held(path: string): ArchivedEvents;
  /** Marks the events of a segment as archived. Throws if the segment does not begin at the end of its archive. */
  seal(segment: Segment): void;
  /** Deletes some events from the ledger that are already in an archive; returns false if none are left. */
  leave(): boolean;
  /** Deletes some rows older than `before`; returns false if none are left. */
  forgetBefore(before: number): boolean;
  /** Returns some free pages to the disk; returns false if enough are returned. */
  shrink(): boolean;
  /** Expires all months except the newest `kept`. Returns the months that an earlier call expired; their files may be deleted. */
  expire(kept: number): string[];
};

type Async<T extends Record<keyof T, (...args: never[]) => unknown>> = {
  [K in keyof T]: (...args: Parameters<T[K]>) => Promise<ReturnType<T[K]>>;
};
export type SentRow = Pick<OutboxRow, 'key' | 'createdAt'>;
/** The audit entry of an acknowledgement that was withdrawn at once. */
export const withdrawnAction = 'withdrawn';
export type PcChange = { pc: string } & ComponentChange;

export type PastIncidents = { incidents: Incident[]; transitions: Transition[]; changes: PcChange[]; sent: SentRow[] };

/**
 * A part that stores times in memory. `setClock` shifts these times when the server clock is set, so that their distance to now stays: R29
 * (clock of the server).
 */
export type ClockFollower = { setClock(byMs: number): void };

// Keys and key prefixes of the table `meta`.

/** The version of the registry that was last published to the broker. */
export const registryVersionKey = 'registry.version';
/** The key with which `flows` seals the measurement tokens of PCs, and the reflector checks them. */
export const reflectorKeyKey = 'reflector.key';
/** The fingerprints of the signing key and of the certificate authority. */
export const fingerprintsKey = 'fingerprints';
/** The time up to which retention has deleted old rows. */
export const retainedUntilKey = 'settled';
/** Per PC that was not seen since the last start: for how long the server listened. */
export const listenedKey = 'in-vain';
/** When central operations last received the list of checks that are unknown for a day. */
export const unknownNamedKey = 'unknown-named';
/** Data that an earlier state of the ledger had and this ledger lacks, and until when people are notified of that. */
export const olderKey = 'ledger.older';
/** Prefix: the hash of the token with which a PC enrolled itself. */
export const admittedPrefix = 'admitted/';
export const inventoryPrefix = 'inventory/';
export const linkReportPrefix = 'link/';
/** Prefix: where the link of a site last broke on its way to the server. */
export const linkBreakPrefix = 'broke/';
/** Prefix: the devices that receive push messages for a person. */
export const devicePrefix = 'device/';
/** Prefix: an enrolment code, by the hash of its secret. */
export const codePrefix = 'enrol/';
