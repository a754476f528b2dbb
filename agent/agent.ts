/** The agent: probes, board, spool and link put together. Clock, randomness, disk, network and platform come as arguments. */
import { createHash, type KeyObject } from 'node:crypto';
import {
  type Cancel,
  type Clock,
  type Config,
  decode,
  encode,
  type Inventory,
  links,
  type PcPath,
  type Profile,
  payloadLimitBytes,
  type Signed,
} from '#contracts';
import { type Board, type Change, createBoard } from './board.ts';
import { actsOf } from './commands/acts.ts';
import { type Commands, createCommands, type Done } from './commands/commands.ts';
import { createLink, type Link } from './link.ts';
import { type Log, type LogMemory, withMemory } from './log.ts';
import { createLinkTest } from './measure/link-test.ts';
import { createMeasurer, type Measurer } from './measure/measurer.ts';
import { createTraffic, type Traffic } from './measure/traffic.ts';
import { measureByTransfer } from './measure/transfer.ts';
import type { OpenUdp } from './measure/udp.ts';
import type { Platform } from './platform/platform.ts';
import type { Probe, ProbeResult, SelfFigures } from './probe.ts';
import { openConfig, type ProfileStore } from './profile-store.ts';
import { createRunner, type Runner } from './runner.ts';
import type { LinkFigures } from './session.ts';
import { openSpool, type Spool } from './spool.ts';
import type { SpoolDisk } from './spool-disk.ts';
import type { Grade } from './spool-rows.ts';
import type { Transport } from './transport.ts';

export type AgentOptions = {
  pc: PcPath;
  version: string;
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
  /** The centre that enrolled this PC. */
  door?: { at: string; roots: readonly string[] } | undefined;
  disk: SpoolDisk;
  spoolLimitBytes?: number;
  profiles: ProfileStore;
  /** Judged against until the centre has sent one. */
  profile: Profile;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  log: Log;
  /** Ends this process in order; whoever supervises it starts another. */
  restart(): void;
};

export type Agent = {
  start(): void;
  /** Within 2 s: says goodbye, so that the centre hears of a stop and not of a loss. */
  stop(reason: string): Promise<void>;
  spool: Spool;
  board: Board;
  measurer: Measurer;
  /** `refused`: messages on our topics that the centre did not sign for us. */
  figures(): LinkFigures & { refused: number };
  /** True once the centre has acknowledged the birth of this connection. */
  isHeard(): boolean;
  /** Writes an event of something that happens beside the probes. */
  record(kind: string, body: Record<string, unknown>): void;
};

const tickMs = 10_000;
const clockJumpMs = 5_000;
const offlineReadingMs = 900_000;
/** A probe that hangs does not keep the agent from saying what the others know. */
const firstRoundMs = 15_000;
/** Where a class names none: nobody asks for more than a meeting in full HD, several times over. */
const plainCeilingBps = 20_000_000;
const inventoryMs = 60_000;
const inventoryEveryMs = 24 * 3_600_000;
const inventoryRetryMs = 3_600_000;
/** A flood of forged messages is not to fill the spool: each event carries the count. */
const refusalNotedEveryMs = 60_000;

type State = AgentOptions & {
  log: LogMemory;
  config: Config | undefined;
  board: Board;
  spool: Spool;
  runner: Runner;
  link: Link;
  commands: Commands;
  measurer: Measurer;
  traffic: Traffic;
  refused: number;
  refusalNotedUp: number;
  inventory: Inventory | undefined;
  timers: Map<string, Cancel>;
  stopped: boolean;
  /** Wall clock minus up() at the last tick. */
  driftMs: number;
  readingUp: number;
};

/** Guarantee: it says only what its probes found, and keeps every event on disk until the centre has it. */
export function createAgent(given: AgentOptions): Agent {
  const { clock, random, disk, platform } = given;
  const options = { ...given, log: withMemory(given.log, clock) };
  const boot = platform.bootId();
  const config = keptConfig(options);
  if (disk.damage() !== null) options.log.warn({}, `the spool was damaged and is set aside: ${disk.damage()}`);
  const board = createBoard(clock);
  const limit = options.spoolLimitBytes === undefined ? {} : { limitBytes: options.spoolLimitBytes };
  const spool = openSpool({ disk, clock, random, boot, ...limit });
  const bare = { ...options, config, board, spool, inventory: undefined, timers: new Map<string, Cancel>(), stopped: false, refused: 0 };
  const times = { driftMs: clock.now() - clock.up(), readingUp: clock.up(), refusalNotedUp: Number.NEGATIVE_INFINITY };
  const state = { ...bare, ...times } as State;
  state.measurer = measurerOf(state);
  state.traffic = createTraffic({ clock, card: platform.card, address: () => ownAddress(state) });
  state.runner = runnerOf(state);
  state.link = linkOf(state, boot);
  state.commands = commandsOf(state, boot);
  return {
    start: () => start(state),
    stop: (reason) => stop(state, reason),
    spool,
    board,
    measurer: state.measurer,
    figures: () => ({ ...state.link.figures(), refused: state.refused }),
    isHeard: () => state.link.isHeard(),
    record: (kind, body) => record(state, kind, body),
  };
}

function runnerOf(state: State): Runner {
  return createRunner({
    ...state,
    context: () => ({ profile: profileOf(state), self: selfOf(state) }),
    known: (probe) => state.board.known(probe.name),
    onResult: (probe, result) => take(state, probe, result),
    onFailing: (probe, error) => {
      if (error === null) record(state, 'probe-answers', { probe });
      else record(state, 'probe-failing', { probe, error });
    },
  });
}

function linkOf(state: State, boot: string): Link {
  return createLink({
    ...state,
    boot,
    limits: () => links[profileOf(state).link],
    configVersion: () => state.config?.version ?? 0,
    onConfig: (config) => configure(state, config),
    onCommand: (command) => state.commands.take(command),
    onMeasure: (word) => state.measurer.use(word),
    inventory: () => state.inventory,
    fresh: () => state.runner.runNow(),
  });
}

function measurerOf(state: State): Measurer {
  return createMeasurer({
    ...state,
    open: state.udp,
    link: () => profileOf(state).link,
    record: (kind, body, grade) => record(state, kind, body, grade),
  });
}

function commandsOf(state: State, boot: string): Commands {
  return createCommands({
    ...state,
    key: state.centreKey,
    boot,
    offsetMs: () => state.link.figures().clockOffsetMs,
    acts: actsOf({ ...state, measureLink: linkTestOf(state) }),
    answer: (body) => record(state, 'command', body),
    onRefused: (reason) => refuse(state, 'cmd', reason),
  });
}

function linkTestOf(state: State): () => Promise<Done> {
  const limits = () => {
    const { link } = profileOf(state);
    return { ceilingBps: links[link].capacity?.ceilingBps ?? plainCeilingBps, byTransfer: link !== 'geo' && link !== 'floor' };
  };
  const { door, clock } = state;
  const transfer = door && ((token: Buffer) => measureByTransfer({ ...door, token, clock }));
  return createLinkTest({ ...state, open: state.udp, transfer, limits });
}

/** The address by which this PC goes to the centre. Nothing is sent to find it. */
async function ownAddress({ udp, measurer }: State): Promise<string | undefined> {
  const grant = measurer.grant();
  const socket = grant && (await udp?.(grant.port, () => undefined));
  if (socket === undefined || typeof socket === 'string') return undefined;
  socket.close();
  return socket.localAddress;
}

function start(state: State): void {
  const { spool, board, runner, link, clock } = state;
  board.restore(keptChecks(spool));
  record(state, 'started', { version: state.version, recovered: spool.unclean() });
  state.commands.resume();
  runner.start();
  const go = once(() => {
    state.timers.get('first round')?.();
    if (!state.stopped) link.start();
  });
  state.timers.set('first round', clock.after(firstRoundMs, go));
  void runner.firstRound().then(go);
  every(state, tickMs, () => tick(state));
  void takeInventory(state);
}

async function stop(state: State, reason: string): Promise<void> {
  if (state.stopped) return;
  state.stopped = true;
  state.runner.stop();
  state.measurer.stop();
  for (const cancel of state.timers.values()) cancel();
  record(state, 'stopped', { reason });
  await state.link.stop(reason);
  state.spool.close();
}

function take(state: State, probe: Probe, { checks, numbers }: ProbeResult): void {
  changed(state, state.board.merge({ component: probe.name, everyMs: probe.everyMs, checks, numbers }));
}

/** Events tell the history of it, the state tells how it is. */
function changed(state: State, changes: Change[]): void {
  for (const change of changes) record(state, 'check', change);
  if (changes.length > 0) state.spool.remember('checks', JSON.stringify(state.board.toKeep()));
  state.link.stateChanged();
}

/** False where it could not be kept. */
function record(state: State, kind: string, body: Record<string, unknown>, grade: Grade = 'event'): boolean {
  const done = state.spool.append(kind, body, grade);
  // The spool counts it and declares it in its next event.
  if (!done.ok) state.log.warn({ kind }, `an event could not be kept: ${done.reason}`);
  state.link.appended();
  return done.ok;
}

function tick(state: State): void {
  const { clock, board, link, commands } = state;
  changed(state, board.expire());
  commands.tick();
  if (state.measurer.measures()) void state.traffic.sample();
  const driftMs = clock.now() - clock.up();
  const byMs = Math.round(driftMs - state.driftMs);
  state.driftMs = driftMs;
  if (Math.abs(byMs) > clockJumpMs) {
    link.forgetClock();
    record(state, 'clock-jumped', { byMs });
  }
  if (link.figures().connected) state.readingUp = clock.up();
  else if (clock.up() - state.readingUp >= offlineReadingMs) {
    state.readingUp = clock.up();
    record(state, 'numbers', board.numbers(), 'reading');
  }
}

function configure(state: State, signed: Signed): boolean {
  const opened = openConfig(signed, { key: state.centreKey, pc: state.pc });
  const held = state.config?.version ?? 0;
  if (!opened.ok || opened.value.version < held) {
    refuse(state, 'config', opened.ok ? 'older than the one that is held' : opened.reason);
    return false;
  }
  if (opened.value.version === held) return false;
  const problem = state.profiles.save(signed);
  if (problem !== null) state.log.warn({}, `the configuration is used but not kept: ${problem}`);
  state.config = opened.value;
  state.log.info({ version: opened.value.version }, 'configuration taken');
  void state.runner.runNow();
  return true;
}

/** The last good one, proven anew: the disk may have been written by others, or come from another PC. */
function keptConfig({ profiles, centreKey: key, pc, log }: AgentOptions): Config | undefined {
  const { config, problem } = profiles.load();
  const opened = config && openConfig(config, { key, pc });
  if (opened?.ok) return opened.value;
  if (opened !== undefined || problem !== null) log.warn({}, `the kept configuration is not used: ${opened?.reason ?? problem}`);
  return undefined;
}

/** Said by somebody on our topics, and not by the centre to us. The first is told at once. */
function refuse(state: State, leaf: 'cmd' | 'config', reason: string): void {
  state.refused += 1;
  if (state.clock.up() - state.refusalNotedUp < refusalNotedEveryMs) return;
  state.refusalNotedUp = state.clock.up();
  state.log.warn({}, `refused what came as ${leaf}: ${reason}`);
  record(state, 'refused', { leaf, reason, count: state.refused });
}

/** Slow, so it holds nothing up; sent when it is not what was last sent. */
async function takeInventory(state: State): Promise<void> {
  const { clock, platform, spool, log, link } = state;
  const abort = new AbortController();
  const cancel = clock.after(inventoryMs, () => abort.abort());
  const items = await platform.inventory(abort.signal).catch((error: unknown) => String(error));
  cancel();
  if (state.stopped) return;
  const failed = typeof items === 'string';
  if (failed) log.warn({}, `the inventory could not be read: ${items.slice(0, 200)}`);
  else {
    state.inventory = inventoryOf(items, clock.now());
    link.inventoryKnown(state.inventory.hash !== spool.recall('inventory'));
    if (link.figures().connected) spool.remember('inventory', state.inventory.hash);
  }
  state.timers.set(
    'inventory',
    clock.after(failed ? inventoryRetryMs : inventoryEveryMs, () => void takeInventory(state)),
  );
}

function inventoryOf(items: Record<string, unknown>, at: number): Inventory {
  const text = JSON.stringify(items);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const inventory = { hash, at, items };
  const { length } = encode('inventory', inventory);
  return length <= payloadLimitBytes ? inventory : { ...inventory, items: { tooLargeBytes: length } };
}

function profileOf(state: State): Profile {
  return state.config?.profile ?? state.profile;
}

function selfOf({ link, spool, runner, clock, certificateEndsAt, measurer }: State): SelfFigures {
  const { roundTripMs, clockOffsetMs } = link.figures();
  const trueNow = clock.now() - (clockOffsetMs ?? 0);
  const figures = {
    roundTripMs,
    clockOffsetMs,
    spool: spool.figures(),
    failing: runner.failing(),
    measures: measurer.measures(),
    link: measurer.view(),
  };
  return certificateEndsAt === undefined ? figures : { ...figures, certificateLeftMs: certificateEndsAt() - trueNow };
}

/** What an earlier run knew; nothing where it cannot be read. */
function keptChecks(spool: Spool): ReturnType<Board['checks']> {
  const digest = '0'.repeat(16);
  const kept = spool.recall('checks') ?? '[]';
  const read = decode('state', Buffer.from(`{"digest":"${digest}","session":1,"rev":1,"checks":${kept}}`));
  return read.ok ? read.value.checks.map(({ name, ...check }) => (name === undefined ? check : { ...check, name })) : [];
}

function every(state: State, everyMs: number, task: () => void): void {
  state.timers.set(
    'tick',
    state.clock.after(everyMs, () => {
      every(state, everyMs, task);
      task();
    }),
  );
}

function once(task: () => void): () => void {
  let done = false;
  return () => {
    if (!done) task();
    done = true;
  };
}
