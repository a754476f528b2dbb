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
import type { Account, AccountContents, Login } from './accounts.ts';
import type { Announcement, AnnouncementState } from './announcements.ts';
import type { Async, LedgerRetention } from './archives.ts';
import type { Incident, PcRecord, Timer, Transition } from './incidents.ts';
import type { Maintenance } from './maintenance.ts';
import type { Meeting } from './meetings.ts';
import type { OutboxRow } from './notices.ts';
import type { PastPage, PastQuery } from './past.ts';
import type { Forgetting, Forgotten, Member, PersonRow, PersonWords, Proof, RosterContents } from './roster.ts';
import type { TreeNode } from './sites.ts';

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
  | ({ op: 'change'; pc: string } & Change)
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

/** A command that has not expired, with the PCs that have answered. */
export type OpenCommand = { row: CommandRow; answered: string[] };

/** A command with the answers that came. */
export type FoundCommand = { row: CommandRow; answers: CommandView['answers'] };

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
export type Queries = {
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
  command(id: string): FoundCommand | undefined;
  /** In the order in which they were issued. */
  openCommands(now: number): OpenCommand[];
  /** What became of the tabs, newest first, at most 50. */
  tabsSteps(): TabsStep[];
  /** What was done, page by page. */
  acts(query: ActsQuery): AuditAct[];
  /** What happened, page by page, so that no commit waits for all of it. */
  past(query: PastQuery): PastPage;
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
  /** What leaves it for its age, in slices: each waits for the commits before it, as they do for it. */
  retention: LedgerRetention;
  /** Copies it into a file, which is written anew; commits go on meanwhile. */
  copyTo(file: string): Promise<void>;
  close(): Promise<void>;
};
