/** What an agent is made of, and what it is while it runs. */
import type { KeyObject } from 'node:crypto';
import type { Cancel, Clock, PcPath, Profile } from '#contracts';
import type { CheckTable } from './checks/check-table.ts';
import type { InventoryWatch } from './checks/inventory.ts';
import type { CentrePlace, PowerState, Probe } from './checks/probe.ts';
import type { Runner } from './checks/runner.ts';
import type { LinkMeasurement } from './link/measure/measure.ts';
import type { Budget } from './link/net/data-budget.ts';
import type { OpenUdp } from './link/net/udp.ts';
import type { Commands } from './maintain/commands/commands.ts';
import type { Platform } from './platform/platform.ts';
import type { Card } from './session/card/card.ts';
import type { Known } from './session/card/statement.ts';
import type { CentreTime } from './uplink/centre-time.ts';
import type { Transport } from './uplink/mqtt.ts';
import type { SpoolDisk } from './uplink/spool/database.ts';
import type { Spool } from './uplink/spool/spool.ts';
import type { Marker, Power } from './uplink/store/boot-marker.ts';
import type { ConfigStore } from './uplink/store/config-store.ts';
import type { HeldConfig } from './uplink/store/held-config.ts';
import type { KeptFile } from './uplink/store/kept-file.ts';
import type { Log, LogMemory } from './uplink/store/log.ts';
import type { OnSlip } from './uplink/store/slips.ts';
import type { Uplink } from './uplink/uplink.ts';

/** All that an agent is made of. */
export type AgentOptions = {
  pc: PcPath;
  version: string;
  /** By which right this PC is let in, the same over renewals; absent where nothing tells one such right from another. */
  owner?: string | undefined;
  /** Absent where the transport shows a certificate. */
  token?: string | undefined;
  /** When that certificate ends, milliseconds since 1970. */
  certificateEndsAt?: () => number;
  /** Public half of the centre's key, by which configurations and commands are proven; null = none is taken. */
  centreKey: KeyObject | null;
  platform: Platform;
  probes: readonly Probe[];
  transport: Transport;
  /** Opens UDP sockets to the reflector's host; absent where the link cannot be measured. */
  udp?: OpenUdp | undefined;
  /** Where the centre that enrolled this PC answers over HTTPS, and by which roots it is believed. */
  door?: { at: string; roots(): readonly string[] } | undefined;
  disk: SpoolDisk;
  spoolLimitBytes?: number;
  configs: ConfigStore;
  /** Absent where no byte is counted from one start to the next. */
  budget?: Budget;
  /** Where the centre is, and what else is asked when it is not reached. */
  centre?: CentrePlace;
  /** Judged against until the centre has sent one. */
  profile: Profile;
  clock: Clock;
  /** Uniform in [0, 1), and not to be guessed by whoever carries our messages. */
  random: () => number;
  log: Log;
  /** Where the last report on the link is written down for whoever asks from beside. */
  linkFile?: Pick<KeptFile, 'save'> | undefined;
  /** Where the room card is written; absent where nobody sits. */
  cardFile?: Pick<KeptFile, 'save'>;
  /** The room seat, where another process has it. */
  apart?: { runner(own: Runner): Runner; card(known: () => Known): Card };
  /** Ends this process in order; whoever supervises it starts another. */
  restart(): void;
};

/** What changes while it runs. */
export type Live = {
  /** Of the last look. */
  power: Power;
  refused: number;
  refusalNotedUp: number;
  stopped: boolean;
  readingUp: number;
  tick: Cancel;
};

/** What stands before any part of it. */
export type Core = AgentOptions & {
  boot: string;
  log: LogMemory;
  onSlip: OnSlip;
  config: HeldConfig;
  table: CheckTable;
  spool: Spool;
  budget: Budget;
  marker: Marker;
  live: Live;
};

/** The agent whole. */
export type State = Core & {
  measurement: LinkMeasurement;
  inventory: InventoryWatch;
  runner: Runner;
  uplink: Uplink;
  time: CentreTime;
  commands: Commands;
  card: Card | undefined;
  gasp: (power: PowerState) => void;
};

/** The parts know each other: each names them by the whole, which stands before anything is asked of one. */
export type Whole = () => State;
