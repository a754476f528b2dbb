/** Interface of a probe: a repeated test of one component of this PC. probes/probes.ts lists all probes. */
import type { BeatKey, Cancel, Check, Profile } from '@sabha/contracts';
import type { PathFacts } from '../link/analysis/path.ts';
import type { LinkView } from '../link/measure/quality-rounds.ts';
import type { Budget } from '../link/net/data-budget.ts';
import type { CheckPeer, HostPort } from '../link/net/reach.ts';
import type { Platform } from '../platform/platform.ts';
import type { KeyValueStore, TextFile } from '../uplink/store/data-folder.ts';

/** Result of one run. `checks` is complete for the component: a check that is missing here is removed. */
export type ProbeResult = {
  checks: Check[];
  /**
   * Reason if the state is unknown now. The last known checks become unknown, or `checks` if none are known. The run does not count as
   * failed.
   */
  unknown?: string;
  numbers?: Partial<Record<BeatKey, number>>;
  /** Time until the next run, if it is shorter than the interval. */
  nextRunMs?: number;
  /** Set only by the power probe. */
  power?: PowerState;
  /** Observations of the path to the server, to be displayed. */
  path?: PathFacts;
};

/** Power source of the PC. The boot marker and the last gasp use it. */
export type PowerState = {
  /** Whether the PC has mains power; null if unknown. */
  onMains: boolean | null;
  /** The battery or UPS lasts only minutes more. */
  isEnding: boolean;
  /** Remaining battery time that the device reports; null if unknown. */
  runtimeMs: number | null;
};

export type ProbeContext = {
  platform: Platform;
  profile: Profile;
  /** Figures of the agent itself, for the probes of the clock and of the agent. */
  self: SelfFigures;
  /** Store on disk that survives restarts; absent in a self-test. */
  memory?: KeyValueStore;
  /** Data budget of the link. Without one, as in a self-test, probes are not limited. */
  budget?: Budget;
  centre?: CentreAccess;
  /** Aborts at the timeout. The platform then kills every child process with its descendants. */
  signal: AbortSignal;
};

/** Address of the server, and the means to verify the path to the server. */
export type CentreAccess = HostPort & {
  /** Other hosts behind the router, to probe while the server is silent. */
  anchors: readonly HostPort[];
  /** HTTPS port of the server, where certificates are issued. */
  httpsPort?: number;
  /** Verifies that the peer of a connection is the server; absent if this PC has no certificate. */
  checkPeer?: CheckPeer;
  /** Stores the last verified IP address of the server, for use when its name cannot be resolved. */
  lastAddress?: TextFile;
};

export type SelfFigures = {
  /** Round trip and clock offset to the server from its last ack with an echo, milliseconds; null before the first one. */
  roundTripMs: number | null;
  clockOffsetMs: number | null;
  /** The clock offset jumped because somebody set the clock of the server. */
  serverClockStepped?: boolean;
  /** Remaining validity of this PC's certificate, milliseconds; absent without a certificate. */
  certificateLeftMs?: number;
  /** Whether the connection to the server is up; absent in a self-test, which has no connection. */
  connected?: boolean;
  spool: { waiting: number; bytes: number; droppedInLastDay: number };
  /** Probes that failed three times in a row, with their last error. */
  failing: { probe: string; error: string }[];
  /** Whether the server assigned the link measurement of the site to this PC; absent in a self-test. */
  measures?: boolean;
  /** Results of the link measurement; absent if another PC measures the link of the site. */
  link?: LinkView | undefined;
};

/** Test of one component, which runs at an interval and with a timeout. */
export type Probe = {
  /** Name of the probe, which is also the component of its checks. */
  name: string;
  everyMs: number;
  timeoutMs: number;
  /** Guarantee: a missing tool or unreadable output gives `unknown` or an exception, never a fault and never ok. */
  run(context: ProbeContext): Promise<ProbeResult>;
  /** True: the probe also runs whenever the connection to the server opens or breaks. */
  runsOnConnectionChange?: boolean;
  /** Watches for changes between two runs; `changed` starts a run soon. */
  watch?(platform: Platform, changed: () => void): Cancel;
};
