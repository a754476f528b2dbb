/** The words of the incident engine: what it remembers, what it is told, what it answers. */
import type {
  AgainReason,
  CauseKind,
  Check,
  DeedKind,
  LinkClass,
  MainsGone,
  Outage,
  Presence,
  Previous,
  SaidWord,
  Severity,
  TransitionKind,
  Want,
  Words,
} from '@sabha/contracts';

/** What the centre remembers of one PC. Written to the ledger as one row. */
export type PcRecord = {
  pc: string;
  link: LinkClass;
  presence: Presence;
  boot: string | null;
  /** The boots of late, the present one first; and when one of them came back after another: two machines have this identity. */
  boots?: string[];
  clonedAt?: number | null;
  session: number;
  rev: number;
  digest: string | null;
  checks: (Check & { since: number })[];
  /** Centre's clock at the last message of any kind; null where none was ever heard. */
  heardAt: number | null;
  /** When the will of session `lostSession` arrived; null where none counts. */
  lostAt: number | null;
  lostSession: number;
  /** True where that will came so soon after a gap of ours, before any word of its PC, that it may be of the gap. */
  lostInGap?: boolean;
  /** Silent since a gap of the centre's own: counted in one list, not in an incident of its own (R19). */
  unheard: boolean;
  spool: string | null;
  config: number;
  inventory: string | null;
  agent: string | null;
  /** When it last answered a roll call; null where it never did. */
  calledAt: number | null;
  /** When each fault of this room last ended or came back, by fault key: the memory by which a return is known as flapping. */
  ended: Record<string, number>;
  /** Its last gasp, until it says that the power is back. */
  gasp?: { at: number; runtimeMs: number | null } | null;
  /** Its goodbye, until it is born again. */
  bye?: { at: number; reason: string } | null;
  /** The time in which it is away, or was the last time. */
  absence?: Absence | null;
  /** Spools of the machines that stood here before, the last one first (R30). */
  formers?: string[];
  /** Sessions up to this one may be theirs. */
  formerSessions?: number;
  /** What people were last told of this room, the last first. */
  past?: PastFault[];
  /** What it runs, by part, as its last inventory told. */
  versions?: Versions;
  /** When it came with another version of something, the last first. */
  updates?: readonly Update[];
};

/** An update of the agent, of the system or of a driver; `what` as people call it, with its version. */
export type Update = { what: UpdateName; at: number };
/** By its kind, which tells it from the name of a device. */
export type UpdateName = `${'agent' | 'system' | 'driver'} ${string}`;
/** What a machine runs, by part: its system, and the driver of each camera and sound device. */
export type Versions = Record<string, UpdateName>;

/** A time without a PC, and why. Times are the centre's. */
export type Absence = Outage & {
  /** Its last word, or the last mark that it found on its disk afterwards. */
  from: number;
  /** By then it was away for certain: its will or its goodbye came, or a beat did not. */
  goneBy: number;
  /** Null while it lasts. */
  to: number | null;
  /** After a new boot: the last mark of the boot before. */
  aliveAt: number | null;
  /** Where it saw its mains go with it: when, on the centre's clock. */
  mainsGoneAt?: number;
  /** The incident that tells of it. */
  incident: number | null;
};

/** What an incident and its messages say of an absence. */
export type ShownOutage = Pick<Absence, 'cause' | 'confidence' | 'from' | 'to'>;

/** One fault of an incident. `key` = `fault|device`. */
export type StandingFault = {
  key: string;
  fault: string;
  device: string;
  name: string | null;
  reason: string | null;
  /** The catalogue's, or what a rule on a tab made of it. */
  severity: Severity;
  since: number;
  /** Since when it is gone and waits for its clear time; null while it stands. */
  goneAt: number | null;
  /** Since when its check is unknown: frozen, no clear and no escalation (R14). */
  unknownSince: number | null;
  hidden: boolean;
  /** A cause of many explains it, and its room is notified all the same: a meeting is near, or the morning after has come. */
  explained?: boolean;
  /** A person was told of it, at this severity. */
  told: Severity | null;
};

/** News of an incident: what a transition will be made of. `held`: it has stood for its hold already; `holdMs`: it has yet to stand for so long; `grew`: people know of its fault, and not of these sites, which went with it since. */
export type News = {
  kind: TransitionKind;
  faults: StandingFault[];
  held?: boolean;
  holdMs?: number;
  again?: Again;
  grew?: readonly string[];
};

/** What a message says of a fault. */
export type FaultNews = Pick<StandingFault, 'fault' | 'device' | 'name' | 'reason' | 'since'>;

/** A fault that people were told of and that is over. */
export type PastFault = Pick<StandingFault, 'fault' | 'name'> & { at: number };

/** One person who was told, on which channel. */
export type Told = { person: string; channel: string; at: number };

/** One answer of a person; `link` names the link by which it came, which says each word once. */
export type Answer = { person: string; by: string; word: SaidWord; at: number; link?: string };

/** One incident per room (or per scope of the centre's own), with its faults as children. */
export type Incident = Handling & {
  id: number;
  scope: string;
  openedAt: number;
  overAt: number | null;
  over: 'cleared' | 'closed' | null;
  closedBecause: string | null;
  /** The names of its room when it was closed: the site table may know the room no longer. */
  place?: { site: Words; room: Words; timeZone: string };
  severity: Severity;
  flapping: boolean;
  faults: StandingFault[];
  acknowledged: Taken | null;
  told: Told[];
  notes: { at: number; by: string; text: string }[];
  /** What those who were told of it answered. */
  answers?: Answer[];
  /** Why the PC was away in it, the last time. */
  outage?: ShownOutage;
  /** What people were last told of that. */
  toldOutage?: Outage;
  /** Since when they were told that the PC is away, and when that was told, the last time. */
  toldSince?: { from: number; at: number };
  /** What people were told of in it and what ended since; `said`: its end was told too. */
  ended?: (StandingFault & { said: boolean })[];
  /** The incident of the cause that it is one of the many of, the last time. */
  parent?: number;
  /** Of a cause of many: who it is. */
  spread?: Spread;
  /** Of one of many sites: those of which people were told that they are away. */
  toldAway?: readonly string[];
  /** Of maintenance: the time of day at which it ends. */
  until?: number;
};

/** The sites that went with one cause, or the PCs of a site or of one fault: all that ever belonged to it, those that are away now, and of how many. `path`: the part of the tree that holds them all. `lastAt`: when the last of them went, or of one fault of many rooms the first, and `waves`: those that went together long after the others. */
export type Spread = { members: string[]; away: string[]; of: number; path: string; lastAt?: number; waves?: string[] };

/** A step in an incident's life, which is open until *conclude* says what became of it (R21, R23). */
export type Transition = {
  id: number;
  incident: number;
  kind: TransitionKind;
  at: number;
  /** The faults that are its news, as they were then. */
  about: FaultNews[];
  severity: Severity;
  holdMs: number;
  /** `pending` waits for its turn; `open` is on the wires; `waiting` has a durable timer; `concluded` is over. */
  state: 'pending' | 'open' | 'waiting' | 'concluded';
  /** Offers made in this pass; counted in the ledger before each is made (R24). */
  offers: number;
  offeredAt: number | null;
  /** What it was before it took others with it. */
  was?: Pick<Transition, 'kind' | 'at' | 'about' | 'severity'>;
  /** It tells once more what people know of. */
  again?: Again;
  /** People know of its fault, and not of these sites, which went with it since. */
  grew?: readonly string[];
  /** `channel/person` of all that it was given to the outbox for: once each, however often it is offered (R23). */
  sent: string[];
  conclusion: string | null;
  /**
   * It waits for its turn, has waited for it, or was over before it and is counted in the next message (R27); since when. `hadAt`: when its turn
   * came. Null where enough was never told when it was to be.
   */
  turn?: { is: 'waits' | 'waited' | 'counted'; at: number; hadAt?: number } | null;
  /** The message of it that counts in the pace of its scope (R27): when, and what of it was critical. */
  told?: { at: number; critical: string[] };
  /** Its passes over the wires, the last ones. */
  passes?: (PassedWay & { at: number; how: string })[];
};

/** The nodes that a message passed, as text, and the hash of the tabs in which they stood. */
export type PassedWay = { tabs: string; path: string };
/** A durable wait that a node on a tab asked for (R22, R25). */
export type Timer = {
  id: number;
  transition: number;
  /** Id of the wait node that goes on when it is due. */
  node: string;
  dueAt: number;
  /** It ends without effect where the incident was acknowledged in time. */
  unlessAcknowledged: boolean;
  /** The message's own fields, as the node held them. */
  message: WireFields;
};

/** What *when* knows of a message beyond its severity; it survives every wait. */
export type HoursFields = {
  /** Its own wait, for: the morning of what nobody knows, a meeting of what was told, the end of one. Nobody else's waits have it. */
  waits?: 'held' | 'told' | 'meeting';
  /** The severity before a meeting made it critical. */
  was?: Severity;
  /** It goes out with others of the morning, one message a person. */
  digest?: true;
  /** People were notified of it as critical before its meeting came near: they are notified once more, and no higher level is. */
  known?: true;
  /** Later waits count from here, and no longer from the fault. */
  countsFrom?: number;
  /** The meeting for which it is urgent. */
  meeting?: { at: number; title: string };
};

/** What a path adds to the message; only *conclude* writes them (R23). */
export type Act =
  | { do: 'deliver'; channel: string; to: string[]; severity: Severity; hours?: HoursFields }
  | { do: 'wait'; node: string; dueAt: number; unlessAcknowledged: boolean; message: WireFields };

/** The fields that rules on a tab may change and that survive a wait. */
export type WireFields = { severity: Severity; holdMs: number; to: string[]; hours?: HoursFields };

/** The message on the visual wires. */
export type WireMessage = WireFields & {
  topic: string;
  transition: { id: number; offer: number; kind: TransitionKind; at: number; again?: Again['why']; grew?: number };
  incident: {
    id: number;
    scope: string;
    state: string;
    site: string;
    link: LinkClass;
    elevationM: number;
    /** Of its site. */
    timeZone?: string;
    severity: Severity;
    flapping: boolean;
    acknowledged: boolean;
    /** Ids of persons who were told of it; where it grew, of those who knew of it before. */
    told: string[];
    /** What kind of cause of many it is, with how many of how many are away; null of a room and of the centre itself. */
    cause: { kind: CauseKind; down: number; of: number } | null;
  };
  /** Id of the most severe fault in the news, such as `microphone.missing`. */
  fault: string;
  /** Ids of all faults in the news. */
  faults: string[];
  /** Why the PC is away, or was in this incident, as far as it is known now. */
  outage: (Outage & { from?: number }) | null;
  acts: Act[];
};

/** A PC of the site table: what the engine expects to hear of. Only PCs of live sites alert; of others state and presence are kept. */
export type KnownPc = {
  pc: string;
  link: LinkClass;
  elevationM: number;
  alerts: boolean;
  /** The provider of its site's line and the line itself, where the table names them. */
  isp?: string;
  linkId?: string;
};

/** What the engine is told of one PC. Times come with the call, never inside. */
export type PcEvent =
  /** `spools` = those of the events that it brought; `boot` = that of a birth which was held back: twins are known by it all the same. */
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
      /** It answers a roll call: its probes ran anew for it. */
      fresh?: boolean;
      /** It answers a hello of ours that is so old. */
      askedMs?: number | undefined;
      /** Its own clock. */
      at?: number;
      previous?: Previous | undefined;
      apartMs?: number | null | undefined;
      gone?: MainsGone | undefined;
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

/** What the engine is told of the centre: its session, its clock, its people and its tabs. */
export type CentreEvent =
  /** The site table is another. `because` says of a PC that is gone why (R15); of a `replaced` one everything is forgotten. */
  | { type: 'known'; pcs: readonly KnownPc[]; because: Record<string, string>; replaced: readonly string[] }
  /** These are shut out: what they say no more is no silence. */
  | { type: 'revoked'; pcs: readonly string[] }
  | { type: 'subscribed' }
  /** `slow`: the session stands, but nothing comes of it, or this process stood still (R18a). */
  | { type: 'unsubscribed'; slow?: true }
  /** `provenAt`: what was not heard after it says nothing about anybody (R18a); without it hearing is proven until now. `hung`: a commit is under way for long. */
  | { type: 'tick'; provenAt?: number | null; hung?: boolean }
  /** The clock of the machine was set by so much, and the centre's time with it (R29). `gap`: perhaps it was paused for so long (R18a). */
  | { type: 'clock'; byMs: number; gap?: boolean }
  | HandlingOrder
  | { type: 'note'; incident: number; by: string; text: string }
  | ({ type: 'answer'; incident: number } & Omit<Answer, 'at'>)
  | { type: 'conclude'; transition: number; acts: Act[]; severity: Severity; how: string; way?: PassedWay }
  | { type: 'centre'; fault: string; device: string; standing: boolean; reason?: string }
  /** A PC is beyond its budget (R27). */
  | { type: 'noisy'; of: string; what: 'events' | 'words' | 'spools' }
  /** Meetings or hours are others now: what waits by them is judged again. */
  | { type: 'look-again' }
  | { type: 'started' };

/** All that the engine takes. */
export type EngineEvent = PcEvent | CentreEvent;

/** What is to be done once the batch is committed. */
export type Effect =
  | { do: 'ask'; pc: string; want: Want[] }
  /** Offer the transition to the head of the wires, or to the wait node whose timer fired. */
  | { do: 'offer'; message: WireMessage; node: string | null };

/** One thing that was done; `by` is empty where nobody did it. `to`: who was asked, or from whom it was taken. */
export type Deed = { at: number; by: string; did: DeedKind; to?: string; until?: number };

/** Who is on it. `instead`: what stood before, while this can still be taken back. */
export type Taken = {
  by: string;
  at: number;
  severity: Severity;
  instead?: Pick<Handling, 'assigned' | 'fixed'> & { acknowledged: Taken | null };
};

/** How an incident is handled, beside being taken. */
type Handling = {
  /** `to` is the id of a person. */
  assigned?: { to: string; by: string; at: number };
  /** Somebody says that it is fixed: telemetry has until `until` to agree. */
  fixed?: { by: string; at: number; until: number };
  /** Nothing of it is told until then, but what is worse than this, or newly critical. */
  snoozed?: { by: string; at: number; until: number; severity: Severity };
  /** The newest last; a bounded number of them. */
  deeds?: Deed[];
};

/** Why what people know of is told once more. `to` = persons who hear it first; the tabs choose where it is empty. */
export type Again = { why: AgainReason; by: string; to: string[] };

/** What a person orders about an incident. */
export type HandlingOrder =
  | { type: 'acknowledge' | 'withdraw' | 'fixed'; incident: number; by: string }
  | { type: 'assign'; incident: number; by: string; to: string }
  | { type: 'snooze'; incident: number; by: string; until: number };
