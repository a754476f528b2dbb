/** The probe: one question about this PC, asked again and again. The list stands in probes/probes.ts. */
import type { BeatKey, Cancel, Check, Profile } from '@sabha/contracts';
import type { PathFacts } from '../link/analysis/path.ts';
import type { LinkView } from '../link/measure/quality-rounds.ts';
import type { Budget } from '../link/net/data-budget.ts';
import type { Greet, Place } from '../link/net/reach.ts';
import type { Platform } from '../platform/platform.ts';
import type { KeptFile, Memory } from '../uplink/store/data-folder.ts';

/** `checks` is the whole answer about the probe's component; a check that is absent is gone. */
export type ProbeResult = {
  checks: Check[];
  /** Nobody can say now, and why: the checks last known, or these where none is known, become unknown. It is no failure of the probe. */
  unknown?: string;
  numbers?: Partial<Record<BeatKey, number>>;
  /** Asked again after this time already, where that is sooner than its interval. */
  soonMs?: number;
  /** Only of the probe that asks for it. */
  power?: PowerState;
  /** What was seen of the way to the centre, for whoever draws it. */
  path?: PathFacts;
};

/** Where the power comes from, for the marker of the boot and the last gasp. */
export type PowerState = {
  /** Null where nobody knows. */
  onMains: boolean | null;
  /** Battery or UPS has minutes left at most. */
  isEnding: boolean;
  /** What it says that is left. */
  runtimeMs: number | null;
};

/** All that a probe is given: it asks nothing else. */
export type ProbeContext = {
  platform: Platform;
  profile: Profile;
  /** What the agent knows of itself: for the clock and agent probes. */
  self: SelfFigures;
  /** Words kept on the disk of this PC over restarts; absent in a self-test. */
  memory?: Memory;
  /** What the link may still be used for, and where it is written down; a self-test has none, and asks all the same. */
  budget?: Budget;
  /** Absent where no centre is known. */
  centre?: CentrePlace;
  /** Aborted at the time-out: the platform then kills every child it started, with its whole tree. */
  signal: AbortSignal;
};

/** Where the centre is, and by what the way to it is judged. */
export type CentrePlace = Place & {
  /** Other places beyond the router. */
  anchors: readonly Place[];
  /** Another port of its machine, where certificates are issued. */
  doorPort?: number;
  /** Tells the centre from whoever else answers; absent where this PC has no certificate to go by. */
  greet?: Greet;
  /** The address at which it was last proven, for when its name cannot be looked up. */
  lastAddress?: KeptFile;
};

/** Figures that the uplink and the spool keep about themselves. */
export type SelfFigures = {
  /** Round trip and clock offset from the last ack with an echo, milliseconds; null before the first. */
  roundTripMs: number | null;
  clockOffsetMs: number | null;
  /** The two clocks part because the centre's was set. */
  centreMoved?: boolean;
  /** How long the certificate of this PC is still good, milliseconds; absent where it has none. */
  certificateLeftMs?: number;
  /** The connection to the centre is up; absent in a self-test, which has none. */
  connected?: boolean;
  spool: { waiting: number; bytes: number; droppedInLastDay: number };
  /** Probes that failed three times in a row, with their last error. */
  failing: { probe: string; error: string }[];
  /** This PC is the one that measures the link of its site; absent in a self-test. */
  measures?: boolean;
  /** What its own measurements say of the link; absent where another PC measures it for the site. */
  link?: LinkView | undefined;
};

/** One question about this PC, with its interval and its time-out in milliseconds. */
export type Probe = {
  /** Its name is also the component of its checks. */
  name: string;
  everyMs: number;
  timeoutMs: number;
  /** Guarantee: a missing tool or an answer that cannot be read is `unknown` or a thrown error, never a fault and never ok. */
  run(context: ProbeContext): Promise<ProbeResult>;
  /** Asked again whenever the connection to the centre comes or goes. */
  onConnection?: boolean;
  /** Tells of changes between two runs; each asks for a run at once. */
  watch?(platform: Platform, changed: () => void): Cancel;
};
