/** The types of the incident engine: its stored records, its input events and its effects. */
import type {
  CauseKind,
  Check,
  IncidentActionKind,
  LastBoot,
  LinkClass,
  Outage,
  PowerCut,
  Presence,
  RepeatReason,
  Severity,
  StoredAnswer,
  TransitionKind,
  WantedItem,
  Words,
} from '@sabha/contracts';

/** The stored state of one PC: one row of the ledger. */
export type PcRecord = {
  pc: string;
  link: LinkClass;
  presence: Presence;
  boot: string | null;
  /** Recent boot ids, newest first. `clonedAt`: when an earlier boot id returned, which means that two machines share this identity. */
  boots?: string[];
  clonedAt?: number | null;
  session: number;
  rev: number;
  digest: string | null;
  checks: (Check & { since: number })[];
  /** When the last message of any kind arrived, in server time; null if none ever did. */
  heardAt: number | null;
  /** When the last will of session `lostSession` arrived; null if no last will counts. */
  lostAt: number | null;
  lostSession: number;
  /** The last will arrived soon after a receive gap and before any message of the PC, so the gap may have caused the last will. */
  lostInGap?: boolean;
  /** The PC is silent since a receive gap of the server. One server incident lists all such PCs: R19 (outages of the server itself). */
  unheard: boolean;
  spool: string | null;
  config: number;
  inventory: string | null;
  agent: string | null;
  /** When the PC last answered a roll call; null if never. */
  calledAt: number | null;
  /** When each fault of this room last ended or returned, by fault key, to detect flapping. */
  ended: Record<string, number>;
  /** The last gasp of the PC; null after the PC reports that power is back. */
  gasp?: { at: number; runtimeMs: number | null } | null;
  /** The last bye of the PC; null after the next birth. */
  bye?: { at: number; reason: string } | null;
  /** The current or last outage. */
  absence?: PcOutage | null;
  /** Names of the spools of earlier machines at this path, newest first: R30 (replacement). */
  formers?: string[];
  /** Session numbers up to this number may belong to earlier machines at this path. */
  formerSessions?: number;
  /** Faults of earlier incidents of this room of which people were notified, newest first. */
  past?: PastFault[];
  /** Installed versions by part, from the last inventory. */
  versions?: Versions;
  /** Recent updates of the agent, the system or a driver, newest first. */
  updates?: readonly Update[];
};

/** An update of the agent, the system or a driver. `what` is its display name with the version. */
export type Update = { what: UpdateName; at: number };
/** The prefix distinguishes the name of an update from a device name. */
export type UpdateName = `${'agent' | 'system' | 'driver'} ${string}`;
/** The versions on a machine, by part: its system, and the driver of each camera and sound device. */
export type Versions = Record<string, UpdateName>;

/** One outage of a PC and its cause. Times are in server time. */
export type PcOutage = Outage & {
  /** Time of the last message, or of the last time mark that the PC later found on its disk. */
  from: number;
  /** A time at which the PC was certainly offline: its last will or bye arrived, or a beat was missing. */
  goneBy: number;
  /** When the PC returned; null while the outage lasts. */
  to: number | null;
  /** After a reboot: the last time mark that the boot before the outage wrote to the disk. */
  aliveAt: number | null;
  /** When the PC saw its mains power fail, in server time. */
  mainsGoneAt?: number;
  incident: number | null;
};

/** The part of an outage that incidents and messages show. */
export type ShownOutage = Pick<PcOutage, 'cause' | 'confidence' | 'from' | 'to'>;

/** One fault of an incident. `key` is `fault|device`. */
export type IncidentFault = {
  key: string;
  fault: string;
  device: string;
  name: string | null;
  reason: string | null;
  /** The severity from the fault catalogue, or one that a tab has set. */
  severity: Severity;
  since: number;
  /** When the fault disappeared. The fault ends after its clear time. Null while the fault is present. */
  goneAt: number | null;
  /** Since when the check of this fault is unknown: R14 (unknown freezes an incident). */
  unknownSince: number | null;
  hidden: boolean;
  /** A group incident covers the fault, but people are notified for this room too: a meeting is near, or it is the next morning. */
  explained?: boolean;
  /** The severity in the last message about this fault; null if no person was notified. */
  told: Severity | null;
};

/**
 * A change of an incident, from which a transition is made.
 * `held`: the hold has ended. `holdMs`: the remaining hold. `grew`: members that joined a group incident after people were notified.
 */
export type IncidentChange = {
  kind: TransitionKind;
  faults: IncidentFault[];
  held?: boolean;
  holdMs?: number;
  again?: Repeat;
  grew?: readonly string[];
};

/** The part of a fault that messages show. */
export type FaultNews = Pick<IncidentFault, 'fault' | 'device' | 'name' | 'reason' | 'since'>;

/** A fault of an earlier incident of which people were notified. `at`: when it began. */
export type PastFault = Pick<IncidentFault, 'fault' | 'name'> & { at: number };

export type NotifiedPerson = { person: string; channel: string; at: number };

/** A reply of a person. `link` identifies the reply link; each reply counts once per link. */
export type IncidentReply = { person: string; by: string; word: StoredAnswer; at: number; link?: string };

/** An incident with its faults. Each room, group cause, maintenance or server scope has at most one open incident. */
export type Incident = Handling & {
  id: number;
  scope: string;
  openedAt: number;
  overAt: number | null;
  over: 'cleared' | 'closed' | null;
  closedBecause: string | null;
  /** The names of the room at the close. The site table may no longer contain the room. */
  place?: { site: Words; room: Words; timeZone: string };
  severity: Severity;
  flapping: boolean;
  faults: IncidentFault[];
  acknowledged: Acknowledgement | null;
  told: NotifiedPerson[];
  notes: { at: number; by: string; text: string }[];
  answers?: IncidentReply[];
  /** The last outage of the PC that belongs to this incident, or the shared outage of a group incident. */
  outage?: ShownOutage;
  /** The cause of the outage in the last message about it. */
  toldOutage?: Outage;
  /** The start of the outage in the last message, and when that message was made. */
  toldSince?: { from: number; at: number };
  /** Ended faults of which people were notified. `said`: their end was notified too. */
  ended?: (IncidentFault & { said: boolean })[];
  /** Id of the group incident (many sites, one site, or one fault in many rooms) that last covered a fault of this incident. */
  parent?: number;
  spread?: GroupMembers;
  /** For an incident of many sites: the offline sites of which people were notified. */
  toldAway?: readonly string[];
  /** For an incident of maintenance: the planned end, in server time. */
  until?: number;
};

/**
 * The members of a group incident: sites of one cause, PCs of one site, or rooms with one fault. `members`: all since the start. `away`:
 * those affected now, out of `of`. `path`: the part of the tree that contains all members. `lastAt`: when the last member joined; for a
 * spread, when the first joined. `waves`: members that joined together, much later than the others.
 */
export type GroupMembers = { members: string[]; away: string[]; of: number; path: string; lastAt?: number; waves?: string[] };

/** A change of an incident that the tabs process. It gets its result from the node *conclude*: R21 (transitions), R23 (conclude). */
export type Transition = {
  id: number;
  incident: number;
  kind: TransitionKind;
  at: number;
  /** The faults of this change, as they were at the time `at`. */
  about: FaultNews[];
  severity: Severity;
  holdMs: number;
  /** `pending`: waits to be offered. `open`: offered to the tabs. `waiting`: has a timer that survives a restart. `concluded`: finished. */
  state: 'pending' | 'open' | 'waiting' | 'concluded';
  /**
   * Number of offers in the present pass through the tabs. Each offer is counted in the ledger before it is made: R24 (repeated offers and
   * the default route).
   */
  offers: number;
  offeredAt: number | null;
  /** The data of this transition before others were merged into it. */
  was?: Pick<Transition, 'kind' | 'at' | 'about' | 'severity'>;
  /** Why people are notified again of faults that they may already know; absent for a new change. */
  again?: Repeat;
  /** Members that joined the group incident after people were notified of it. */
  grew?: readonly string[];
  /** `channel/person` of all outbox rows of this transition. Each pair gets one row, however often the transition is offered. */
  sent: string[];
  conclusion: string | null;
  /**
   * How the hourly limit delayed this transition: R27 (budgets: quota and backpressure). Null if it never did. `waits`: waits for the
   * limit. `waited`: was offered after a wait, at `hadAt`. `counted`: its faults ended during the wait, and the next message only counts
   * it. `at`: since when.
   */
  turn?: { is: 'waits' | 'waited' | 'counted'; at: number; hadAt?: number } | null;
  /** When the first message of this transition was sent, and its critical faults. The rate limits count this message. */
  told?: { at: number; critical: string[] };
  /** The last runs of this transition through the tabs, oldest first. */
  passes?: (TabPath & { at: number; how: string })[];
};

/** The nodes that a message passed, as text, and the hash of the tabs. */
export type TabPath = { tabs: string; path: string };
/** A wait that a node of a tab requested, and that survives a restart: R22 (hold), R25 (timers and outcomes). */
export type Timer = {
  id: number;
  transition: number;
  /** The id of the wait node that continues when the timer fires. */
  node: string;
  dueAt: number;
  /** The timer has no effect if the incident is acknowledged before it fires. */
  unlessAcknowledged: boolean;
  message: OfferFields;
};

/** Fields that the *when* node sets beside the severity. They are stored with each timer. */
export type HoursFields = {
  /**
   * Why a timer runs; set only by the *when* node. `held`: an unsent message waits for the morning. `told`: the message was sent, and its
   * severity rises before a meeting. `meeting`: an escalation waits for the end of a meeting.
   */
  waits?: 'held' | 'told' | 'meeting';
  /** The severity that the *when* node raised to critical because of a meeting. */
  was?: Severity;
  /** The message goes into the morning digest, one per person. */
  digest?: true;
  /** People already knew the fault as critical before the meeting came near. They are notified again, without escalation. */
  known?: true;
  /** Server time from which later waits count, instead of the begin of the fault. */
  countsFrom?: number;
  meeting?: { at: number; title: string };
};

/** An action that the tabs decided on: a message or a timer. Only *conclude* writes it. */
export type TabAct =
  | { do: 'deliver'; channel: string; to: string[]; severity: Severity; hours?: HoursFields }
  | { do: 'wait'; node: string; dueAt: number; unlessAcknowledged: boolean; message: OfferFields };

/** The fields that tabs may change and that survive a wait. */
export type OfferFields = { severity: Severity; holdMs: number; to: string[]; hours?: HoursFields };

export type OfferMessage = OfferFields & {
  topic: string;
  transition: { id: number; offer: number; kind: TransitionKind; at: number; again?: Repeat['why']; grew?: number };
  incident: {
    id: number;
    scope: string;
    state: string;
    site: string;
    link: LinkClass;
    elevationM: number;
    timeZone?: string;
    severity: Severity;
    flapping: boolean;
    acknowledged: boolean;
    /** Ids of the persons notified so far. After the group incident grew, only those notified before it grew. */
    told: string[];
    /** The kind of the group incident, and how many (`down`) of how many (`of`) members are offline. Null for a room and for the server. */
    cause: { kind: CauseKind; down: number; of: number } | null;
  };
  /** Id of the most severe new fault, such as `microphone.missing`. */
  fault: string;
  faults: string[];
  /** Why the PC is or was offline, as far as is known now. */
  outage: (Outage & { from?: number }) | null;
  acts: TabAct[];
};

/**
 * A PC of the site table, from which the engine expects messages. Only PCs of live sites cause alerts; state and presence of others are
 * stored.
 */
export type KnownPc = {
  pc: string;
  link: LinkClass;
  elevationM: number;
  alerts: boolean;
  /** The internet provider and the line of the site, if the sites file names them. */
  isp?: string;
  linkId?: string;
};

/** Input events about one PC. The time of an event is a separate argument of `apply`. */
export type PcEvent =
  /**
   * Any message. `spools`: the spools of the contained events, to recognise a replaced machine. `boot`: the boot id of a delayed birth, to
   * detect a cloned disk.
   */
  | { type: 'heard'; pc: string; spools?: readonly string[]; boot?: string }
  | { type: 'inventory'; pc: string; hash: string; versions: Versions }
  | {
      type: 'birth';
      pc: string;
      boot: string;
      session: number;
      digest: string;
      rev: number;
      spool: string;
      config: number;
      inventory: string;
      agent: string;
      /** A response to a roll call, with new probe results. */
      fresh?: boolean;
      /** Time since the hello to which this birth responds, ms. */
      askedMs?: number | undefined;
      /** The time of the birth by the clock of the PC. */
      at?: number;
      previous?: LastBoot | undefined;
      apartMs?: number | null | undefined;
      gone?: PowerCut | undefined;
    }
  | { type: 'bye'; pc: string; boot: string; session: number; reason?: string }
  | { type: 'gasp'; pc: string; boot: string; session: number; runtimeMs: number | null }
  | { type: 'lost'; pc: string; boot: string; session: number }
  | {
      type: 'state';
      pc: string;
      digest: string;
      session: number;
      rev: number;
      base: string | undefined;
      checks: readonly Check[];
      gone: readonly string[];
    }
  | { type: 'beat'; pc: string; digest: string; session: number }
  | { type: 'unreadable'; pc: string; leaf: string };

/** Input events about the server: its connection, clock, people and tabs. */
export type ServerEvent =
  /** The site table changed. `because`: why a removed PC is gone, see R15 (close). `replaced`: PCs whose stored data is deleted. */
  | { type: 'known'; pcs: readonly KnownPc[]; because: Record<string, string>; replaced: readonly string[] }
  /** Revoked PCs: their silence causes no fault. */
  | { type: 'revoked'; pcs: readonly string[] }
  | { type: 'subscribed' }
  /**
   * The server no longer receives. `slow`: the connection is open, but nothing arrives, or this process stopped for a while: R18a (canary).
   */
  | { type: 'unsubscribed'; slow?: true }
  /** `provenAt`: the time up to which reception is proven and silence may be judged; absent: until now. `hung`: a commit takes long. */
  | { type: 'tick'; provenAt?: number | null; hung?: boolean }
  /**
   * The system clock was set, and the server time with it: R29 (clock of the server). `gap`: the machine may have been suspended before
   * that.
   */
  | { type: 'clock'; byMs: number; gap?: boolean }
  | HandlingOrder
  | { type: 'note'; incident: number; by: string; text: string }
  | ({ type: 'answer'; incident: number } & Omit<IncidentReply, 'at'>)
  | { type: 'conclude'; transition: number; acts: TabAct[]; severity: Severity; how: string; way?: TabPath }
  | { type: 'centre'; fault: string; device: string; standing: boolean; reason?: string }
  /** A PC exceeds a limit of R27. */
  | { type: 'noisy'; of: string; what: 'events' | 'words' | 'spools' }
  /** Meetings or office hours changed. The timers that depend on them are judged again. */
  | { type: 'look-again' }
  | { type: 'started' };

export type EngineEvent = PcEvent | ServerEvent;

/** An action that the caller does after the commit. */
export type Effect =
  | { do: 'ask'; pc: string; want: WantedItem[] }
  /** Offers the transition to the first node of the tabs, or to the wait node whose timer fired (`node`). */
  | { do: 'offer'; message: OfferMessage; node: string | null };

/** One entry of the incident's log. `by` is empty for an automatic action. `to`: the person assigned, or the person replaced. */
export type LogEntry = { at: number; by: string; did: IncidentActionKind; to?: string; until?: number };

/** An acknowledgement. `instead`: the earlier state, to which a withdrawal returns. */
export type Acknowledgement = {
  by: string;
  at: number;
  severity: Severity;
  instead?: Pick<Handling, 'assigned' | 'fixed'> & { acknowledged: Acknowledgement | null };
};

type Handling = {
  /** A person was assigned to the incident. `to` is the id of that person. */
  assigned?: { to: string; by: string; at: number };
  /** A person reported the repair. The checks must confirm it before `until`. */
  fixed?: { by: string; at: number; until: number };
  /** People are not notified before `until`, except of faults worse than `severity` and of newly critical ones. */
  snoozed?: { by: string; at: number; until: number; severity: Severity };
  /** The log of the incident, newest entry last, limited in number. */
  deeds?: LogEntry[];
};

/** Why people are notified again of an incident. `to`: the first recipients; if empty, the tabs choose them. */
export type Repeat = { why: RepeatReason; by: string; to: string[] };

export type HandlingOrder =
  | { type: 'acknowledge' | 'withdraw' | 'fixed'; incident: number; by: string }
  | { type: 'assign'; incident: number; by: string; to: string }
  | { type: 'snooze'; incident: number; by: string; until: number };
