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
  /** The last will arrived soon after a receive gap and before any message of the PC, so the gap may have caused it. */
  lostInGap?: boolean;
  /** Silent since a receive gap of the server. The PC is listed in one server incident: R19 (outages of the server itself). */
  unheard: boolean;
  spool: string | null;
  config: number;
  inventory: string | null;
  agent: string | null;
  /** When the PC last answered a roll call; null if never. */
  calledAt: number | null;
  /** When each fault of this room last ended or returned, by fault key. Used to detect flapping. */
  ended: Record<string, number>;
  /** The last gasp, until the PC reports that power is back. */
  gasp?: { at: number; runtimeMs: number | null } | null;
  /** The bye, until the next birth. */
  bye?: { at: number; reason: string } | null;
  /** The current or last outage. */
  absence?: PcOutage | null;
  /** Spools of earlier machines at this place, newest first: R30 (replacement). */
  formers?: string[];
  /** Session numbers up to this one may belong to earlier machines. */
  formerSessions?: number;
  /** Faults of this room in earlier messages, newest first. */
  past?: PastFault[];
  /** Installed versions by part, from the last inventory. */
  versions?: Versions;
  /** Recent version changes, newest first. */
  updates?: readonly Update[];
};

/** An update of the agent, the system or a driver. `what` is its display name with the version. */
export type Update = { what: UpdateName; at: number };
/** The prefix distinguishes an update from a device name. */
export type UpdateName = `${'agent' | 'system' | 'driver'} ${string}`;
/** The versions on a machine, by part: its system, and the driver of each camera and sound device. */
export type Versions = Record<string, UpdateName>;

/** One outage of a PC and its cause. Times are in server time. */
export type PcOutage = Outage & {
  /** The last message, or the last time mark that the PC later found on its disk. */
  from: number;
  /** The PC was certainly offline at this time: its last will or bye arrived, or a beat was missing. */
  goneBy: number;
  /** Null while the outage lasts. */
  to: number | null;
  /** After a reboot: the last time mark of the boot before. */
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
  /** The default of the fault catalogue, or the severity that a tab has set. */
  severity: Severity;
  since: number;
  /** When the fault disappeared; it now waits for its clear time. Null while the fault is present. */
  goneAt: number | null;
  /** Since when its check is unknown: R14 (unknown freezes an incident). */
  unknownSince: number | null;
  hidden: boolean;
  /** A group incident explains the fault, but the room is notified too: a meeting is near, or it is the next morning. */
  explained?: boolean;
  /** The severity in the last message about this fault; null if no person was notified. */
  told: Severity | null;
};

/**
 * A change of an incident, from which a transition is made.
 * `held`: the hold is over. `holdMs`: the remaining hold. `grew`: sites that joined after people were notified of the fault.
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

/** An ended fault of which people were notified. */
export type PastFault = Pick<IncidentFault, 'fault' | 'name'> & { at: number };

export type NotifiedPerson = { person: string; channel: string; at: number };

/** A reply of a person. `link` identifies the reply link; each reply counts once per link. */
export type IncidentReply = { person: string; by: string; word: StoredAnswer; at: number; link?: string };

/** One incident per room, or per scope of the server, with its faults. */
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
  /** The last known outage of the PC in this incident. */
  outage?: ShownOutage;
  /** The cause of the outage in the last message. */
  toldOutage?: Outage;
  /** The start of the outage in the last message, and when that message was made. */
  toldSince?: { from: number; at: number };
  /** Ended faults of which people were notified. `said`: their end was notified too. */
  ended?: (IncidentFault & { said: boolean })[];
  /** Id of the group incident (many sites, one site, or one fault in many rooms) that last explained a fault of this incident. */
  parent?: number;
  spread?: GroupMembers;
  /** For an incident of many sites: the offline sites of which people were notified. */
  toldAway?: readonly string[];
  /** For maintenance: its end, in server time. */
  until?: number;
};

/**
 * The members of a group incident: sites of one cause, PCs of one site, or rooms with one fault.
 * `members`: all since the start. `away`: those affected now, out of `of`. `path`: the part of the tree that contains them all.
 * `lastAt`: when the last member joined; for one fault in many rooms, when the first joined. `waves`: members that joined together much
 * later.
 */
export type GroupMembers = { members: string[]; away: string[]; of: number; path: string; lastAt?: number; waves?: string[] };

/** A step in the life of an incident. It is open until *conclude* writes its result: R21 (transitions), R23 (conclude). */
export type Transition = {
  id: number;
  incident: number;
  kind: TransitionKind;
  at: number;
  /** The faults of this change, as they were then. */
  about: FaultNews[];
  severity: Severity;
  holdMs: number;
  /** `pending`: in the queue. `open`: offered to the tabs. `waiting`: has a durable timer. `concluded`: over. */
  state: 'pending' | 'open' | 'waiting' | 'concluded';
  /** Offers of this pass. Each is counted in the ledger before it is made: R24 (repeated offers and the default route). */
  offers: number;
  offeredAt: number | null;
  /** Its own data before it was merged with other transitions. */
  was?: Pick<Transition, 'kind' | 'at' | 'about' | 'severity'>;
  /** Repeats a notification that people already received. */
  again?: Repeat;
  /** Sites that joined after people were notified of the fault. */
  grew?: readonly string[];
  /** `channel/person` of all its outbox rows. Each pair gets one row, however often the transition is offered. */
  sent: string[];
  conclusion: string | null;
  /**
   * Its state in the queue of the hourly rate limit: R27 (budgets: quota and backpressure).
   * `waits`: queued. `waited`: sent after `hadAt`. `counted`: over before its turn; the next message includes it in a count. `at`: since
   * when. Null if the limit never applied.
   */
  turn?: { is: 'waits' | 'waited' | 'counted'; at: number; hadAt?: number } | null;
  /** Its message that counts against the rate limits of the scope: when it was sent, and its critical faults. */
  told?: { at: number; critical: string[] };
  /** Its last passes through the tabs. */
  passes?: (TabPath & { at: number; how: string })[];
};

/** The nodes that a message passed, as text, and the hash of the tabs. */
export type TabPath = { tabs: string; path: string };
/** A durable wait that a node of a tab requested: R22 (hold), R25 (timers and outcomes). */
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

/** Fields of the *when* node beside the severity. They survive every wait. */
export type HoursFields = {
  /**
   * Set only by the *when* node. `held`: an unsent message waits for the morning. `told`: a sent one waits for a meeting. `meeting`: waits
   * for the end of a meeting.
   */
  waits?: 'held' | 'told' | 'meeting';
  /** The severity before a meeting made the fault critical. */
  was?: Severity;
  /** The message goes into the morning digest, one per person. */
  digest?: true;
  /** People were notified of the fault as critical before the meeting came near. They are notified again, without escalation. */
  known?: true;
  /** Later waits start here instead of at the fault. */
  countsFrom?: number;
  meeting?: { at: number; title: string };
};

/** An act of a path through the tabs. Only *conclude* writes it. */
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
    /** Ids of notified persons; if the incident grew, of those notified before that. */
    told: string[];
    /** The kind of the group incident, and how many of how many are offline. Null for a room and for the server. */
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
  /** The internet provider and the line of the site, if the site table names them. */
  isp?: string;
  linkId?: string;
};

/** Input events about one PC. Times are a separate argument. */
export type PcEvent =
  /**
   * Any message. `spools`: the spools of its events, to recognise a replaced machine. `boot`: the boot of a delayed birth, to detect a
   * cloned one.
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
      /** The age of the hello that it answers. */
      askedMs?: number | undefined;
      /** The PC's own clock. */
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
  /** Revoked PCs: their silence is no fault. */
  | { type: 'revoked'; pcs: readonly string[] }
  | { type: 'subscribed' }
  /** `slow`: the connection is open, but nothing arrives, or this process stopped for a while: R18a (canary). */
  | { type: 'unsubscribed'; slow?: true }
  /** `provenAt`: the watermark of the canary, up to which silence may be judged. Absent: until now. `hung`: a commit takes long. */
  | { type: 'tick'; provenAt?: number | null; hung?: boolean }
  /**
   * The system clock was set, and server time follows: R29 (clock of the server). `gap`: the machine may have been suspended for that time.
   */
  | { type: 'clock'; byMs: number; gap?: boolean }
  | HandlingOrder
  | { type: 'note'; incident: number; by: string; text: string }
  | ({ type: 'answer'; incident: number } & Omit<IncidentReply, 'at'>)
  | { type: 'conclude'; transition: number; acts: TabAct[]; severity: Severity; how: string; way?: TabPath }
  | { type: 'centre'; fault: string; device: string; standing: boolean; reason?: string }
  /** A PC exceeds a limit of R27. */
  | { type: 'noisy'; of: string; what: 'events' | 'words' | 'spools' }
  /** Meetings or hours changed: timers that depend on them are judged again. */
  | { type: 'look-again' }
  | { type: 'started' };

export type EngineEvent = PcEvent | ServerEvent;

/** An action for after the commit. */
export type Effect =
  | { do: 'ask'; pc: string; want: WantedItem[] }
  /** Offers the transition to the head, or to the wait node whose timer fired. */
  | { do: 'offer'; message: OfferMessage; node: string | null };

/** One entry of the incident's log. `by` is empty for an automatic action. `to`: the person assigned, or the person replaced. */
export type LogEntry = { at: number; by: string; did: IncidentActionKind; to?: string; until?: number };

/** An acknowledgement. `instead`: the state before it, while it can still be withdrawn. */
export type Acknowledgement = {
  by: string;
  at: number;
  severity: Severity;
  instead?: Pick<Handling, 'assigned' | 'fixed'> & { acknowledged: Acknowledgement | null };
};

type Handling = {
  /** `to` is the id of a person. */
  assigned?: { to: string; by: string; at: number };
  /** A person reported the repair. Telemetry must confirm it before `until`. */
  fixed?: { by: string; at: number; until: number };
  /** Nothing is notified before `until`, except faults worse than `severity` and newly critical ones. */
  snoozed?: { by: string; at: number; until: number; severity: Severity };
  /** Newest last, limited in number. */
  deeds?: LogEntry[];
};

/** Why an incident is notified again. `to`: the first recipients; if empty, the tabs choose them. */
export type Repeat = { why: RepeatReason; by: string; to: string[] };

export type HandlingOrder =
  | { type: 'acknowledge' | 'withdraw' | 'fixed'; incident: number; by: string }
  | { type: 'assign'; incident: number; by: string; to: string }
  | { type: 'snooze'; incident: number; by: string; until: number };
