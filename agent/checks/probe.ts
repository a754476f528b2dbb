/** Probe: a repeated test of one component of this PC. The list is in probes/probes.ts. */
import type { BeatKey, Cancel, Check, Profile } from '@sabha/contracts';
import type { PathFacts } from '../link/analysis/path.ts';
import type { LinkView } from '../link/measure/quality-rounds.ts';
import type { Budget } from '../link/net/data-budget.ts';
import type { CheckPeer, HostPort } from '../link/net/reach.ts';
import type { Platform } from '../platform/platform.ts';
import type { KeyValueStore, TextFile } from '../uplink/store/data-folder.ts';

/** `checks` is the complete result for the probe's component; a check that it omits is removed. */
export type ProbeResult = {
  checks: Check[];
  /** Reason why the state is unknown now. The last known checks, or these if there are none, become unknown. The probe has not failed. */
  unknown?: string;
  numbers?: Partial<Record<BeatKey, number>>;
  /** Runs again after this time, if that is sooner than its interval. */
  nextRunMs?: number;
  /** Only from the power probe. */
  power?: PowerState;
  /** Observations of the path to the server, for display. */
  path?: PathFacts;
};

/** Power source, for the boot marker and the last gasp. */
export type PowerState = {
  /** Null if unknown. */
  onMains: boolean | null;
  /** Battery or UPS lasts only minutes. */
  isEnding: boolean;
  /** Remaining time as the device reports it. */
  runtimeMs: number | null;
};

export type ProbeContext = {
  platform: Platform;
  profile: Profile;
  /** The agent's own figures, for the clock and agent probes. */
  self: SelfFigures;
  /** Values kept on disk over restarts; absent in a self-test. */
  memory?: KeyValueStore;
  /** Data budget of the link. A self-test has none and probes anyway. */
  budget?: Budget;
  centre?: CentreAccess;
  /** Aborted at the timeout: the platform then kills every child process with its whole tree. */
  signal: AbortSignal;
};

/** Address of the server, and means to verify the path to it. */
export type CentreAccess = HostPort & {
  /** Other hosts behind the router. */
  anchors: readonly HostPort[];
  /** HTTPS port of the server, where certificates are issued. */
  httpsPort?: number;
  /** Verifies that a peer is the server; absent if this PC has no certificate. */
  checkPeer?: CheckPeer;
  /** Last verified address of the server, for when its name cannot be resolved. */
  lastAddress?: TextFile;
};

export type SelfFigures = {
  /** Round trip and clock offset from the last ack with an echo, milliseconds; null before the first. */
  roundTripMs: number | null;
  clockOffsetMs: number | null;
  /** The clock offset changed because the server's clock was set. */
  serverClockStepped?: boolean;
  /** Remaining validity of the certificate of this PC, milliseconds; absent without one. */
  certificateLeftMs?: number;
  /** The connection to the server is up; absent in a self-test, which has none. */
  connected?: boolean;
  spool: { waiting: number; bytes: number; droppedInLastDay: number };
  /** Probes that failed three times in a row, with their last error. */
  failing: { probe: string; error: string }[];
  /** This PC measures the link of its site; absent in a self-test. */
  measures?: boolean;
  /** Its own link measurements; absent if another PC measures for the site. */
  link?: LinkView | undefined;
};

/** Test of one component, with its interval and its timeout in milliseconds. */
export type Probe = {
  /** Also the component of its checks. */
  name: string;
  everyMs: number;
  timeoutMs: number;
  /** Guarantee: a missing tool or an unreadable response gives `unknown` or a thrown error, never a fault and never ok. */
  run(context: ProbeContext): Promise<ProbeResult>;
  /** Runs again whenever the connection to the server is made or lost. */
  runsOnConnectionChange?: boolean;
  /** Signals changes between two runs; each starts a run at once. */
  watch?(platform: Platform, changed: () => void): Cancel;
};
