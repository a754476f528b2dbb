/** Composes the agent from probes, table, spool and link. Clock, randomness, disk, network and platform are parameters. */

import type { KeyObject } from 'node:crypto';
import { type Cancel, type Clock, type Inventory, links, type PcPath, type Profile, withinTime } from '@sabha/contracts';
import { type Change, type CheckTable, createCheckTable, keptChecks } from './checks/check-table.ts';
import { type InventoryWatch, watchInventory } from './checks/inventory.ts';
import type { CentrePlace, PowerState, Probe, ProbeResult, SelfFigures } from './checks/probe.ts';
import { createRunner, type Runner } from './checks/runner.ts';
import { createLinkMeasurement, type LinkMeasurement } from './link/measure/measure.ts';
import { type Budget, createBudget, memoryStore } from './link/net/data-budget.ts';
import type { OpenUdp } from './link/net/udp.ts';
import { actsOf, type Commands, createCommands } from './maintain/commands/commands.ts';
import type { Platform } from './platform/platform.ts';
import { type Card, createCard } from './session/card/card.ts';
import type { Known } from './session/card/statement.ts';
import { type CentreTime, createCentreTime } from './uplink/echo.ts';
import { createGasp } from './uplink/last-gasp.ts';
import { sturdyTransport, type Transport } from './uplink/mqtt.ts';
import type { UplinkFigures } from './uplink/session.ts';
import type { SpoolDisk } from './uplink/spool/database.ts';
import type { Grade } from './uplink/spool/rows.ts';
import { openSpool, type Spool } from './uplink/spool/spool.ts';
import { type Marker, openMarker, type Power } from './uplink/store/boot-marker.ts';
import { type ConfigStore, type HeldConfig, holdConfig } from './uplink/store/config-store.ts';
import type { KeptFile } from './uplink/store/data-folder.ts';
import { countSlips, type Log, type LogMemory, type OnSlip, withMemory } from './uplink/store/log.ts';
import { createUplink, type Uplink } from './uplink/uplink.ts';

export type Agent = ReturnType<typeof createAgent>;

/** Guarantee: it reports only what its probes found, and keeps every event on disk until the server has it. */
export function createAgent(options: AgentOptions) {
  const whole = () => state;
  const core = coreOf(options, whole);
  const { spool, table, platform, clock, log } = core;
  limitBudget(core);
  const measurement = measurementOf(core, whole);
  const inventory = watchInventory({ platform, clock, log, onRead: (read) => onInventory(state, read) });
  const runner = runnerOf(core, whole);
  const uplink = uplinkOf(core, whole);
  const commands = commandsOf(core, { runner, measurement }, whole);
  const onJump = (byMs: number) => void record(state, { kind: 'clock-jumped', body: { byMs } });
  const time = createCentreTime({ clock, uplink, onJump });
  core.budget.follow(time.proven);
  const card = cardOf(core);
  const state: State = { ...core, measurement, inventory, runner, uplink, time, commands, card, gasp: createGasp({ say: uplink.gasp }) };
  return {
    start: (): void => start(state),
    /** Sends a bye within 2 s, so that the server records a stop and not a loss. */
    stop: (reason: string): Promise<void> => stop(state, reason),
    spool,
    table,
    rounds: measurement.rounds,
    /** `refused`: messages on our topics without a valid signature of the server for this PC. */
    figures: (): UplinkFigures & { refused: number } => ({ ...uplink.figures(), refused: state.live.refused }),
    /** True once the server has acknowledged the birth of this connection. */
    isHeard: uplink.isHeard,
    /** Records an event from outside the probes. */
    record: (kind: string, body: Record<string, unknown>): void => void record(state, { kind, body }),
    /** Milliseconds since 1970, by the server's clock if known. */
    now: time.now,
  };
}

function coreOf(given: AgentOptions, whole: Whole): Core {
  const { clock, random, disk, platform, spoolLimitBytes } = given;
  const options = { ...given, log: withMemory(given.log, clock) };
  const onSlip = countSlips({ clock, log: options.log, record: (body) => void record(whole(), { kind: 'slipped', body }) });
  const boot = platform.bootId();
  const config = configOf(options, whole);
  if (disk.damage() !== null) options.log.warn({}, `the spool was damaged and is set aside: ${disk.damage()}`);
  const spool = openSpool({ disk, clock, random, boot, ...(spoolLimitBytes !== undefined && { limitBytes: spoolLimitBytes }) });
  if (given.owner !== undefined) spool.ownedBy(given.owner);
  return {
    ...options,
    boot,
    config,
    onSlip,
    table: createCheckTable(clock),
    spool,
    budget: options.budget ?? createBudget({ clock, store: memoryStore() }),
    marker: openMarker({ memory: spool, clock, boot, crashedBefore: platform.crashedBefore, endBegun: () => endBegun(platform, onSlip) }),
    live: {
      power: { onMains: null, isEnding: false },
      refused: 0,
      refusalNotedUp: Number.NEGATIVE_INFINITY,
      stopped: false,
      readingUp: clock.up(),
      tick: () => undefined,
    },
  };
}

/** An unknown state counts as not begun. */
function endBegun(platform: Platform, onSlip: OnSlip): ReturnType<Platform['endBegun']> {
  try {
    return platform.endBegun();
  } catch (error) {
    onSlip('reading whether the system ends', error);
    return null;
  }
}

function configOf(options: AgentOptions, whole: Whole): HeldConfig {
  return holdConfig({
    ...options,
    store: options.configs,
    key: options.centreKey,
    onTaken() {
      limitBudget(whole());
      whole().card?.look();
      void whole().runner.runNow();
    },
    onRefused: (reason) => refuse(whole(), 'config', reason),
  });
}

function cardOf({ pc, clock, table, config, cardFile, apart, onSlip }: Core): Card | undefined {
  const known = () => ({ pc, checks: table.checks(), profile: config.profile(), place: config.place() });
  return apart ? apart.card(known) : cardFile && createCard({ clock, known, save: cardFile.save, onSlip });
}

function runnerOf(core: Core, whole: Whole): Runner {
  const own = createRunner({
    ...core,
    context() {
      const { budget, centre, config, spool } = whole();
      return { profile: config.profile(), self: selfOf(whole()), memory: spool, budget, ...(centre && { centre }) };
    },
    known: (probe) => core.table.known(probe.name),
    onResult: (probe, result) => take(whole(), probe, result),
    onFailing: (probe, error) =>
      record(whole(), error === null ? { kind: 'probe-answers', body: { probe } } : { kind: 'probe-failing', body: { probe, error } }),
  });
  return core.apart?.runner(own) ?? own;
}

function uplinkOf(core: Core, whole: Whole): Uplink {
  const { config, marker } = core;
  return createUplink({
    ...core,
    transport: sturdyTransport(core.transport, core.onSlip),
    limits: () => links[config.profile().link],
    configVersion: config.version,
    onConfig: config.take,
    onCommand(command) {
      whole().time.mindJumps();
      whole().commands.take(command);
    },
    onMeasure: (word) => whole().measurement.rounds.use(word),
    previous: marker.previous,
    gone: marker.gone,
    onPreviousTold: marker.told,
    inventory: () => whole().inventory.current(),
    fresh: () => whole().runner.runNow(),
    onConnection: () => whole().runner.connectionChanged(),
  });
}

function measurementOf(core: Core, whole: Whole): LinkMeasurement {
  return createLinkMeasurement({
    ...core,
    link: () => core.config.profile().link,
    more: () => ({ budget: core.budget.figures() }),
    keep: core.linkFile?.save,
    record: (kind, body, grade) => record(whole(), { kind, body, grade }),
  });
}

function commandsOf(core: Core, { runner, measurement }: Pick<State, 'runner' | 'measurement'>, whole: Whole): Commands {
  return createCommands({
    ...core,
    key: core.centreKey,
    offsetMs: () => whole().time.provenOffset(),
    acts: actsOf({ ...core, runner, measureLink: measurement.test }),
    answer: (body) => record(whole(), { kind: 'command', body }),
    onRefused: (reason) => refuse(whole(), 'cmd', reason),
  });
}

/** Computes the spool figures on demand, because only one of about twenty probes uses them. */
function selfOf({ uplink, spool, runner, time, certificateEndsAt, measurement: { rounds } }: State): SelfFigures {
  const { roundTripMs, clockOffsetMs, centreMoved, connected } = uplink.figures();
  const known = { connected, roundTripMs, clockOffsetMs, centreMoved, measures: rounds.measures(), link: rounds.view() };
  const certificate = certificateEndsAt && { certificateLeftMs: certificateEndsAt() - time.now() };
  return {
    ...known,
    ...certificate,
    failing: runner.failing(),
    get spool() {
      return spool.figures();
    },
  };
}

const tickMs = 10_000;
const offlineReadingMs = 900_000;
/** Longest wait for the first round, so that a probe that hangs does not delay the results of others. */
const firstRoundMs = 15_000;
/**
 * Least interval between events about refused messages, so that a flood of forged ones cannot fill the spool. Each event carries the
 * count.
 */
const refusalNotedEveryMs = 60_000;

/** Applies the data budget of the link class in the profile. */
function limitBudget({ budget, config }: Core): void {
  budget.limit(links[config.profile().link].budget);
}

/** Restores the checks of the last run at once. Connects after the first round of probes, or after fifteen seconds. */
function start(state: State): void {
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

/** Sends the bye message and closes all parts. A second call does nothing. */
async function stop(state: State, reason: string): Promise<void> {
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

function take(state: State, probe: Probe, { checks, numbers, power }: ProbeResult): void {
  changed(state, state.table.merge({ component: probe.name, everyMs: probe.everyMs, checks, numbers }));
  if (power === undefined) return;
  state.live.power = power;
  state.marker.alive(power);
  state.gasp(power);
}

/** Events record the history, the state message the present. */
function changed(state: State, changes: Change[]): void {
  for (const change of changes) record(state, { kind: 'check', body: change });
  if (changes.length > 0) state.spool.remember('checks', JSON.stringify(state.table.toKeep()));
  state.uplink.stateChanged();
  state.card?.look();
}

type Happening = { kind: string; body: Record<string, unknown>; grade?: Grade | undefined };

/** Returns false if the event could not be stored. */
function record(state: State, { kind, body, grade = 'event' }: Happening): boolean {
  const done = state.spool.append(kind, body, grade);
  // The spool counts the lost event and declares it in its next one.
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

/** Counts a message on our topics without a valid signature. The first is reported at once. */
function refuse(state: State, leaf: 'cmd' | 'config', reason: string): void {
  state.live.refused += 1;
  if (state.clock.up() - state.live.refusalNotedUp < refusalNotedEveryMs) return;
  state.live.refusalNotedUp = state.clock.up();
  state.log.warn({}, `refused what came as ${leaf}: ${reason}`);
  record(state, { kind: 'refused', body: { leaf, reason, count: state.live.refused } });
}

/** Sends the inventory if it differs from the last one sent. */
function onInventory({ uplink, spool }: State, { hash }: Inventory): void {
  uplink.inventoryKnown(hash !== spool.recall('inventory'));
  if (uplink.figures().connected) spool.remember('inventory', hash);
}

export type AgentOptions = {
  pc: PcPath;
  version: string;
  /** Id of the enrolment that admits this PC; stays over renewals. Absent if enrolments cannot be distinguished. */
  owner?: string | undefined;
  /** Absent if the transport uses a certificate. */
  token?: string | undefined;
  /** End of that certificate, milliseconds since 1970. */
  certificateEndsAt?: () => number;
  /** Public key of the server, which verifies configurations and commands; null = all are refused. */
  centreKey: KeyObject | null;
  platform: Platform;
  probes: readonly Probe[];
  transport: Transport;
  /** Opens UDP sockets to the host of the reflector; absent if the link cannot be measured. */
  udp?: OpenUdp | undefined;
  /** HTTPS address of the server that enrolled this PC, and the trusted roots. */
  door?: { at: string; roots(): readonly string[] } | undefined;
  disk: SpoolDisk;
  spoolLimitBytes?: number;
  configs: ConfigStore;
  /** Absent if bytes are not counted across restarts. */
  budget?: Budget;
  /** Address of the server, and hosts to probe when it cannot be reached. */
  centre?: CentrePlace;
  /** Profile until the server has sent one. */
  profile: Profile;
  clock: Clock;
  /** Uniform in [0, 1). A broker must not be able to predict it. */
  random: () => number;
  log: Log;
  /** Stores the last link report, which `check` reads from another process. */
  linkFile?: Pick<KeptFile, 'save'> | undefined;
  /** Stores the room card; absent without a user at the PC. */
  cardFile?: Pick<KeptFile, 'save'>;
  /** Session helper in another process. */
  apart?: { runner(own: Runner): Runner; card(known: () => Known): Card };
  /** Ends this process in order; its supervisor starts another. */
  restart(): void;
};

export type Live = {
  power: Power;
  refused: number;
  refusalNotedUp: number;
  stopped: boolean;
  readingUp: number;
  tick: Cancel;
};

/** Parts that exist before all others. */
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

/** The parts refer to each other through this function; the state is complete before the first call. */
export type Whole = () => State;
