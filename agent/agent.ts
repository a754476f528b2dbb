/** Composes the agent from probes, check table, spool and uplink. Clock, randomness, disk, network and platform are parameters. */

import type { KeyObject } from 'node:crypto';
import { type Cancel, type Clock, type Inventory, links, type PcPath, type Profile, withTimeout } from '@sabha/contracts';
import { type CheckChange, type CheckTable, createCheckTable, parseSavedChecks } from './checks/check-table.ts';
import { type InventoryWatch, watchInventory } from './checks/inventory.ts';
import type { CentreAccess, PowerState, Probe, ProbeResult, SelfFigures } from './checks/probe.ts';
import { createRunner, type Runner } from './checks/runner.ts';
import { createLinkMeasurement, type LinkMeasurement } from './link/measure/measure.ts';
import { type Budget, createBudget, inMemoryStore } from './link/net/data-budget.ts';
import type { OpenUdp } from './link/net/udp.ts';
import { type Commands, createCommandActions, createCommands } from './maintain/commands/commands.ts';
import type { Platform } from './platform/platform.ts';
import { type Card, createCard } from './session/card/card.ts';
import type { RoomFacts } from './session/card/statement.ts';
import { createServerTime, type ServerTime } from './uplink/echo.ts';
import { createLastGasp } from './uplink/last-gasp.ts';
import { errorSafeTransport, type Transport } from './uplink/mqtt.ts';
import type { UplinkFigures } from './uplink/session.ts';
import type { SpoolDisk } from './uplink/spool/database.ts';
import type { Grade } from './uplink/spool/rows.ts';
import { openSpool, type Spool } from './uplink/spool/spool.ts';
import { type Marker, openMarker, type Power } from './uplink/store/boot-marker.ts';
import { type ActiveConfig, type ConfigStore, openActiveConfig } from './uplink/store/config-store.ts';
import type { TextFile } from './uplink/store/data-folder.ts';
import { countErrors, type Log, type LogMemory, type OnInternalError, withMemory } from './uplink/store/log.ts';
import { createUplink, type Uplink } from './uplink/uplink.ts';

export type Agent = ReturnType<typeof createAgent>;

/** Guarantee: the agent reports only results of its probes, and keeps every event on disk until the server has it. */
export function createAgent(options: AgentOptions) {
  const getState = () => state;
  const context = createContext(options, getState);
  const { spool, table, platform, clock, log } = context;
  limitBudget(context);
  const measurement = createMeasurement(context, getState);
  const inventory = watchInventory({ platform, clock, log, onRead: (read) => onInventory(state, read) });
  const runner = createProbeRunner(context, getState);
  const uplink = createServerLink(context, getState);
  const commands = createCommandHandler(context, { runner, measurement }, getState);
  const onJump = (byMs: number) => void record(state, { kind: 'clock-jumped', body: { byMs } });
  const time = createServerTime({ clock, uplink, onJump });
  context.budget.follow(time.proven);
  const card = createRoomCard(context);
  const state: AgentState = {
    ...context,
    measurement,
    inventory,
    runner,
    uplink,
    time,
    commands,
    card,
    gasp: createLastGasp({ say: uplink.gasp }),
  };
  return {
    start: (): void => start(state),
    /** Stops within 2 s and sends a bye, so that the server records a regular stop and no loss. */
    stop: (reason: string): Promise<void> => stop(state, reason),
    spool,
    table,
    rounds: measurement.rounds,
    /** `refused`: messages on the topics of this PC that the server did not sign for it. */
    figures: (): UplinkFigures & { refused: number } => ({ ...uplink.figures(), refused: state.live.refused }),
    /** Returns true once the server has acknowledged the birth of this connection. */
    isBirthAcknowledged: uplink.isBirthAcknowledged,
    /** Records an event that does not come from a probe. */
    record: (kind: string, body: Record<string, unknown>): void => void record(state, { kind, body }),
    /** Returns the time in milliseconds since 1970, by the server's clock if known. */
    now: time.now,
  };
}

function createContext(given: AgentOptions, getState: GetState): AgentContext {
  const { clock, random, disk, platform, spoolLimitBytes } = given;
  const options = { ...given, log: withMemory(given.log, clock) };
  const onInternalError = countErrors({ clock, log: options.log, record: (body) => void record(getState(), { kind: 'slipped', body }) });
  const boot = platform.bootId();
  const config = createConfig(options, getState);
  if (disk.damage() !== null) options.log.warn({}, `the spool was damaged and is set aside: ${disk.damage()}`);
  const spool = openSpool({ disk, clock, random, boot, ...(spoolLimitBytes !== undefined && { limitBytes: spoolLimitBytes }) });
  if (given.owner !== undefined) spool.setOwner(given.owner);
  return {
    ...options,
    boot,
    config,
    onInternalError,
    table: createCheckTable(clock),
    spool,
    budget: options.budget ?? createBudget({ clock, store: inMemoryStore() }),
    marker: openMarker({
      memory: spool,
      clock,
      boot,
      crashedBefore: platform.crashedBefore,
      readEnd: () => endBegun(platform, onInternalError),
    }),
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

/** Returns why the operating system is ending this boot; null if an error prevents the answer. */
function endBegun(platform: Platform, onInternalError: OnInternalError): ReturnType<Platform['endBegun']> {
  try {
    return platform.endBegun();
  } catch (error) {
    onInternalError('finding out whether the system shuts down', error);
    return null;
  }
}

function createConfig(options: AgentOptions, getState: GetState): ActiveConfig {
  return openActiveConfig({
    ...options,
    store: options.configs,
    key: options.centreKey,
    onTaken() {
      limitBudget(getState());
      getState().card?.look();
      void getState().runner.runNow();
    },
    onRefused: (reason) => reportRefusal(getState(), 'config', reason),
  });
}

function createRoomCard({ pc, clock, table, config, centre, cardFile, sessionHelper, onInternalError }: AgentContext): Card | undefined {
  const docs = centre && `https://${centre.host}:${centre.httpsPort}/docs/`;
  const known = () => ({ pc, checks: table.checks(), profile: config.profile(), place: config.place(), docs });
  return sessionHelper ? sessionHelper.card(known) : cardFile && createCard({ clock, known, save: cardFile.save, onInternalError });
}

function createProbeRunner(context: AgentContext, getState: GetState): Runner {
  const own = createRunner({
    ...context,
    context() {
      const { budget, centre, config, spool } = getState();
      return { profile: config.profile(), self: ownFigures(getState()), memory: spool, budget, ...(centre && { centre }) };
    },
    known: (probe) => context.table.known(probe.name),
    onResult: (probe, result) => applyProbeResult(getState(), probe, result),
    onFailing: (probe, error) =>
      record(getState(), error === null ? { kind: 'probe-answers', body: { probe } } : { kind: 'probe-failing', body: { probe, error } }),
  });
  return context.sessionHelper?.runner(own) ?? own;
}

function createServerLink(context: AgentContext, getState: GetState): Uplink {
  const { config, marker } = context;
  return createUplink({
    ...context,
    transport: errorSafeTransport(context.transport, context.onInternalError),
    limits: () => links[config.profile().link],
    configVersion: config.version,
    onConfig: config.take,
    onCommand(command) {
      getState().time.checkForJump();
      getState().commands.take(command);
    },
    onMeasure: (word) => getState().measurement.rounds.use(word),
    previous: marker.previous,
    gone: marker.gone,
    onPreviousAcknowledged: marker.told,
    inventory: () => getState().inventory.current(),
    fresh: () => getState().runner.runNow(),
    onConnection: () => getState().runner.connectionChanged(),
  });
}

function createMeasurement(context: AgentContext, getState: GetState): LinkMeasurement {
  return createLinkMeasurement({
    ...context,
    link: () => context.config.profile().link,
    more: () => ({ budget: context.budget.figures() }),
    keep: context.linkFile?.save,
    record: (kind, body, grade) => record(getState(), { kind, body, grade }),
  });
}

function createCommandHandler(context: AgentContext, parts: Pick<AgentState, 'runner' | 'measurement'>, getState: GetState): Commands {
  return createCommands({
    ...context,
    key: context.centreKey,
    offsetMs: () => getState().time.provenOffset(),
    acts: createCommandActions({ ...context, runner: parts.runner, measureLink: parts.measurement.test }),
    answer: (body) => record(getState(), { kind: 'command', body }),
    onRefused: (reason) => reportRefusal(getState(), 'cmd', reason),
  });
}

/** Computes the spool figures only when they are read, because only one of about twenty probes reads them. */
function ownFigures({ uplink, spool, runner, time, certificateEndsAt, measurement: { rounds } }: AgentState): SelfFigures {
  const { roundTripMs, clockOffsetMs, serverClockStepped, connected } = uplink.figures();
  const known = { connected, roundTripMs, clockOffsetMs, serverClockStepped, measures: rounds.measures(), link: rounds.view() };
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
/** Longest wait until the agent connects, so that a hanging probe does not delay the results of others. */
const firstRoundMs = 15_000;
/**
 * Minimum interval between events about refused messages, so that a flood of forged messages cannot fill the spool. Each event has the
 * count.
 */
const refusalNotedEveryMs = 60_000;

/** Applies the data budget that the link class of the profile allows. */
function limitBudget({ budget, config }: AgentContext): void {
  budget.limit(links[config.profile().link].budget);
}

/** Restores the checks of the last run at once. Connects after every probe has run once, or after fifteen seconds. */
function start(state: AgentState): void {
  const { spool, table, runner, uplink, clock } = state;
  table.restore(parseSavedChecks(spool.recall('checks')));
  state.card?.look();
  record(state, { kind: 'started', body: { version: state.version, recovered: spool.unclean() } });
  state.commands.resume();
  runner.start();
  void withTimeout({ clock, limitMs: firstRoundMs, timeoutValue: undefined }, runner.firstRound).then(() => {
    if (!state.live.stopped) uplink.start();
  });
  state.live.tick = clock.after(tickMs, () => tick(state));
  state.inventory.start();
}

/** Sends the bye and closes all parts; a second call does nothing. */
async function stop(state: AgentState, reason: string): Promise<void> {
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

function applyProbeResult(state: AgentState, probe: Probe, { checks, numbers, power }: ProbeResult): void {
  reportChanges(state, state.table.merge({ component: probe.name, everyMs: probe.everyMs, checks, numbers }));
  if (power === undefined) return;
  state.live.power = power;
  state.marker.alive(power);
  state.gasp(power);
}

/** Reports changed checks. Events record the history; the state message has the present results. */
function reportChanges(state: AgentState, changes: CheckChange[]): void {
  for (const change of changes) record(state, { kind: 'check', body: change });
  if (changes.length > 0) state.spool.remember('checks', JSON.stringify(state.table.checksToSave()));
  state.uplink.stateChanged();
  state.card?.look();
}

type NewEvent = { kind: string; body: Record<string, unknown>; grade?: Grade | undefined };

/** Records an event; returns false if it could not be stored. */
function record(state: AgentState, { kind, body, grade = 'event' }: NewEvent): boolean {
  const done = state.spool.append(kind, body, grade);
  // The spool counts the lost event and declares it when it can write again.
  if (!done.ok) state.log.warn({ kind }, `an event could not be stored: ${done.reason}`);
  state.uplink.appended();
  return done.ok;
}

function tick(state: AgentState): void {
  const { clock, table, uplink, commands, marker } = state;
  state.live.tick = clock.after(tickMs, () => tick(state));
  reportChanges(state, table.expire());
  state.time.checkForJump();
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

/** Counts a message on the topics of this PC without a valid signature, and reports the first one at once. */
function reportRefusal(state: AgentState, leaf: 'cmd' | 'config', reason: string): void {
  state.live.refused += 1;
  if (state.clock.up() - state.live.refusalNotedUp < refusalNotedEveryMs) return;
  state.live.refusalNotedUp = state.clock.up();
  state.log.warn({}, `refused a message of the kind ${leaf}: ${reason}`);
  record(state, { kind: 'refused', body: { leaf, reason, count: state.live.refused } });
}

/** Sends the inventory if its hash differs from the last one sent. */
function onInventory({ uplink, spool }: AgentState, { hash }: Inventory): void {
  uplink.inventoryKnown(hash !== spool.recall('inventory'));
  if (uplink.figures().connected) spool.remember('inventory', hash);
}

export type AgentOptions = {
  pc: PcPath;
  version: string;
  /** Id of the enrolment that admits this PC; it stays the same over renewals. Absent if enrolments cannot be distinguished. */
  owner?: string | undefined;
  /** Token of the PC; absent if a certificate proves the identity. */
  token?: string | undefined;
  /** Returns the end of the certificate of this PC, milliseconds since 1970. */
  certificateEndsAt?: () => number;
  /** Public key that verifies configurations and commands; null = all are refused. */
  centreKey: KeyObject | null;
  platform: Platform;
  probes: readonly Probe[];
  transport: Transport;
  /** Opens UDP sockets to the host of the reflector; absent if the link cannot be measured. */
  udp?: OpenUdp | undefined;
  /** HTTPS address of the server that enrolled this PC, and the roots it trusts. */
  enrolServer?: { at: string; roots(): readonly string[] } | undefined;
  disk: SpoolDisk;
  spoolLimitBytes?: number;
  configs: ConfigStore;
  /** Data budget; absent if bytes are not counted across restarts. */
  budget?: Budget;
  /** Address of the server, and hosts to probe while the server is silent. */
  centre?: CentreAccess;
  /** Profile that applies until the server has sent a configuration. */
  profile: Profile;
  clock: Clock;
  /** Returns a random number in [0, 1), uniformly distributed. A broker must not be able to predict it. */
  random: () => number;
  log: Log;
  /** Stores the last link report for `sabha-agent check`, which is another process. */
  linkFile?: Pick<TextFile, 'save'> | undefined;
  /** Stores the room card; absent if no user can see it. */
  cardFile?: Pick<TextFile, 'save'>;
  /** Session helper that runs in another process; absent if the agent does its work. */
  sessionHelper?: { runner(own: Runner): Runner; card(known: () => RoomFacts): Card };
  /** Ends this process in order; its supervisor then starts a new one. */
  restart(): void;
};

export type LiveValues = { power: Power; refused: number; refusalNotedUp: number; stopped: boolean; readingUp: number; tick: Cancel };

/** Parts that exist before all other parts are created. */
export type AgentContext = AgentOptions & {
  boot: string;
  log: LogMemory;
  onInternalError: OnInternalError;
  config: ActiveConfig;
  table: CheckTable;
  spool: Spool;
  budget: Budget;
  marker: Marker;
  live: LiveValues;
};

export type AgentState = AgentContext & {
  measurement: LinkMeasurement;
  inventory: InventoryWatch;
  runner: Runner;
  uplink: Uplink;
  time: ServerTime;
  commands: Commands;
  card: Card | undefined;
  gasp: (power: PowerState) => void;
};

/** Returns the complete state. The parts refer to each other through this function and call it only after all exist. */
export type GetState = () => AgentState;
