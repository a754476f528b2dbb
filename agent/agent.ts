/** The agent: probes, table, spool and link put together. Clock, randomness, disk, network and platform come as arguments. */
import { links } from '#contracts';
import { createCheckTable } from './checks/check-table.ts';
import { watchInventory } from './checks/inventory.ts';
import type { SelfFigures } from './checks/probe.ts';
import { createRunner, type Runner } from './checks/runner.ts';
import {
  type AgentOptions,
  type Core,
  limitBudget,
  onInventory,
  record,
  refuse,
  type State,
  start,
  stop,
  take,
  type Whole,
} from './life.ts';
import { createLinkMeasurement, type LinkMeasurement } from './link/measure/measure.ts';
import { createBudget, memoryStore } from './link/net/data-budget.ts';
import { actsOf, type Commands, createCommands } from './maintain/commands/commands.ts';
import type { Platform } from './platform/platform.ts';
import { type Card, createCard } from './session/card/card.ts';
import { createCentreTime } from './uplink/centre-time.ts';
import { createGasp } from './uplink/last-gasp.ts';
import { sturdyTransport } from './uplink/mqtt.ts';
import type { UplinkFigures } from './uplink/session.ts';
import { openSpool } from './uplink/spool/spool.ts';
import { openMarker } from './uplink/store/boot-marker.ts';
import { type HeldConfig, holdConfig } from './uplink/store/config-store.ts';
import { countSlips, type OnSlip, withMemory } from './uplink/store/log.ts';
import { createUplink, type Uplink } from './uplink/uplink.ts';

/** A running agent, as its process and its tests see it. */
export type Agent = ReturnType<typeof createAgent>;

/** Guarantee: it says only what its probes found, and keeps every event on disk until the centre has it. */
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
    /** Within 2 s: says goodbye, so that the centre hears of a stop and not of a loss. */
    stop: (reason: string): Promise<void> => stop(state, reason),
    spool,
    table,
    rounds: measurement.rounds,
    /** `refused`: messages on our topics that the centre did not sign for us. */
    figures: (): UplinkFigures & { refused: number } => ({ ...uplink.figures(), refused: state.live.refused }),
    /** True once the centre has acknowledged the birth of this connection. */
    isHeard: uplink.isHeard,
    /** Writes an event of something that happens beside the probes. */
    record: (kind: string, body: Record<string, unknown>): void => void record(state, { kind, body }),
    /** Milliseconds since 1970, by the centre's clock where that is known. */
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

/** What is not known has not begun. */
function endBegun(platform: Platform, onSlip: OnSlip): ReturnType<Platform['endBegun']> {
  try {
    return platform.endBegun();
  } catch (error) {
    onSlip('reading whether the system ends', error);
    return null;
  }
}

function configOf({ configs, centreKey, pc, profile, log }: AgentOptions, whole: Whole): HeldConfig {
  return holdConfig({
    store: configs,
    key: centreKey,
    pc,
    profile,
    log,
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

function runnerOf({ probes, platform, clock, random, table, apart }: Core, whole: Whole): Runner {
  const own = createRunner({
    probes,
    platform,
    clock,
    random,
    context: () => contextOf(whole()),
    known: (probe) => table.known(probe.name),
    onResult: (probe, result) => take(whole(), probe, result),
    onFailing: (probe, error) =>
      record(whole(), error === null ? { kind: 'probe-answers', body: { probe } } : { kind: 'probe-failing', body: { probe, error } }),
  });
  return apart?.runner(own) ?? own;
}

function uplinkOf(core: Core, whole: Whole): Uplink {
  const { pc, boot, version, token, centreKey, clock, random, spool, table, log, config, marker, onSlip } = core;
  return createUplink({
    pc,
    boot,
    version,
    token,
    centreKey,
    clock,
    random,
    spool,
    table,
    log,
    transport: sturdyTransport(core.transport, onSlip),
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
  const { clock, random, spool, platform, budget, udp, door, config, linkFile, onSlip } = core;
  return createLinkMeasurement({
    clock,
    random,
    spool,
    platform,
    budget,
    udp,
    door,
    onSlip,
    link: () => config.profile().link,
    more: () => ({ budget: budget.figures() }),
    keep: linkFile?.save,
    record: (kind, body, grade) => record(whole(), { kind, body, grade }),
  });
}

function commandsOf(core: Core, { runner, measurement }: Pick<State, 'runner' | 'measurement'>, whole: Whole): Commands {
  const { pc, centreKey: key, boot, spool, clock, platform, log, restart } = core;
  return createCommands({
    pc,
    key,
    boot,
    spool,
    clock,
    offsetMs: () => whole().time.provenOffset(),
    acts: actsOf({ platform, runner, log, restart, measureLink: measurement.test }),
    answer: (body) => record(whole(), { kind: 'command', body }),
    onRefused: (reason) => refuse(whole(), 'cmd', reason),
  });
}

function contextOf(state: State) {
  const { budget, centre, config, spool } = state;
  return { profile: config.profile(), self: selfOf(state), memory: spool, budget, ...(centre && { centre }) };
}

/** What the spool holds is counted where somebody asks: of some twenty probes one does. */
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
