/** What an agent does from its start to its end: what its parts tell is kept, and said. */

import type { KeyObject } from 'node:crypto';
import { type Cancel, type Clock, type Inventory, links, type PcPath, type Profile, withinTime } from '#contracts';
import { type Change, type CheckTable, keptChecks } from './checks/check-table.ts';
import type { InventoryWatch } from './checks/inventory.ts';
import type { CentrePlace, PowerState, Probe, ProbeResult } from './checks/probe.ts';
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
import type { Grade } from './uplink/spool/rows.ts';
import type { Spool } from './uplink/spool/spool.ts';
import type { Marker, Power } from './uplink/store/boot-marker.ts';
import type { ConfigStore, HeldConfig } from './uplink/store/config-store.ts';
import type { KeptFile } from './uplink/store/data-folder.ts';
import type { Log, LogMemory, OnSlip } from './uplink/store/log.ts';
import type { Uplink } from './uplink/uplink.ts';

const tickMs = 10_000;
const offlineReadingMs = 900_000;
/** A probe that hangs does not keep the agent from saying what the others know. */
const firstRoundMs = 15_000;
/** A flood of forged messages is not to fill the spool: each event carries the count. */
const refusalNotedEveryMs = 60_000;

/** The bytes of a month are those of the link that the profile names. */
export function limitBudget({ budget, config }: Core): void {
  budget.limit(links[config.profile().link].budget);
}

/** What was known before the last end is there at once; the centre is called when each probe was asked, or fifteen seconds are over. */
export function start(state: State): void {
  const { spool, table, runner, uplink, clock } = state;
  table.restore(keptChecks(spool.recall('checks')));
  state.card?.look();
  record(state, { kind: 'started', body: { version: state.version, recovered: spool.unclean() } });
  state.commands.resume();
  runner.start();
  void withinTime({ clock, limitMs: firstRoundMs, late: undefined }, runner.firstRound).then(() => {
    if (!state.live.stopped) uplink.start();
  });
  state.live.tick = clock.after(tickMs, () => tick(state));
  state.inventory.start();
}

/** Once: says goodbye, and closes all. */
export async function stop(state: State, reason: string): Promise<void> {
  if (state.live.stopped) return;
  state.live.stopped = true;
  state.runner.stop();
  state.measurement.rounds.stop();
  state.inventory.stop();
  state.live.tick();
  state.card?.stop();
  record(state, { kind: 'stopped', body: { reason } });
  state.marker.bye(reason);
  await state.uplink.stop(reason);
  state.budget.close();
  state.spool.close();
}

/** Takes what a probe has found. */
export function take(state: State, probe: Probe, { checks, numbers, power }: ProbeResult): void {
  changed(state, state.table.merge({ component: probe.name, everyMs: probe.everyMs, checks, numbers }));
  if (power === undefined) return;
  state.live.power = power;
  state.marker.alive(power);
  state.gasp(power);
}

/** Events tell the history of it, the state tells how it is. */
function changed(state: State, changes: Change[]): void {
  for (const change of changes) record(state, { kind: 'check', body: change });
  if (changes.length > 0) state.spool.remember('checks', JSON.stringify(state.table.toKeep()));
  state.uplink.stateChanged();
  state.card?.look();
}

type Happening = { kind: string; body: Record<string, unknown>; grade?: Grade | undefined };

/** False where it could not be kept. */
export function record(state: State, { kind, body, grade = 'event' }: Happening): boolean {
  const done = state.spool.append(kind, body, grade);
  // The spool counts it and declares it in its next event.
  if (!done.ok) state.log.warn({ kind }, `an event could not be kept: ${done.reason}`);
  state.uplink.appended();
  return done.ok;
}

function tick(state: State): void {
  const { clock, table, uplink, commands, marker } = state;
  state.live.tick = clock.after(tickMs, () => tick(state));
  changed(state, table.expire());
  state.time.mindJumps();
  commands.tick();
  marker.alive(state.live.power);
  state.budget.keep();
  state.measurement.tick();
  if (uplink.figures().connected) state.live.readingUp = clock.up();
  else if (clock.up() - state.live.readingUp >= offlineReadingMs) {
    state.live.readingUp = clock.up();
    record(state, { kind: 'numbers', body: table.numbers(), grade: 'reading' });
  }
}

/** Said by somebody on our topics, and not by the centre to us. The first is told at once. */
export function refuse(state: State, leaf: 'cmd' | 'config', reason: string): void {
  state.live.refused += 1;
  if (state.clock.up() - state.live.refusalNotedUp < refusalNotedEveryMs) return;
  state.live.refusalNotedUp = state.clock.up();
  state.log.warn({}, `refused what came as ${leaf}: ${reason}`);
  record(state, { kind: 'refused', body: { leaf, reason, count: state.live.refused } });
}

/** It goes out when it is not what was last sent. */
export function onInventory({ uplink, spool }: State, { hash }: Inventory): void {
  uplink.inventoryKnown(hash !== spool.recall('inventory'));
  if (uplink.figures().connected) spool.remember('inventory', hash);
}

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
