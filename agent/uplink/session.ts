/** One MQTT session, from the CONNACK to its end: birth, state, beats, answers (R3, R6, R12, R13, R16, R17). */
import type { KeyObject } from 'node:crypto';
import {
  type Ack,
  agentFilters,
  type Beat,
  type Cancel,
  type Clock,
  type Decoded,
  decode,
  encode,
  type Hello,
  type Inventory,
  isThin,
  type LinkLimits,
  type PcPath,
  type Previous,
  parseTopic,
  pcTopic,
  type Signed,
  thinBeatBytes,
  type UpLeaf,
  type Want,
} from '#contracts';
import type { CheckTable, Numbers } from '../checks/check-table.ts';
import { grantOf } from '../measure/grant.ts';
import type { Spool } from '../spool/spool.ts';
import type { Log } from '../store/log.ts';
import { type BeatNumbers, createBeatNumbers, splitNumbers } from './beat-numbers.ts';
import { apartMs, type ClockFigures, compareClocks, readEcho } from './centre-clock.ts';
import { createEventSender, type EventSender } from './event-sender.ts';
import type { Connection } from './mqtt.ts';
import { createStateSender, type StateSender } from './state-sender.ts';

/** What is known of the connection to the centre; it outlives each session. */
export type UplinkFigures = ClockFigures & { connected: boolean; unreadable: number };

/** All that a session says, and who is told of what it hears. */
export type SessionOptions = {
  pc: PcPath;
  boot: string;
  /** Version of the agent. */
  version: string;
  connection: Connection;
  session: number;
  /** When, by clock.up(), the last session ended that the centre had answered; null where there was none. */
  apartUp: number | null;
  clock: Clock;
  /** Public half of the centre's key, by which its time is believed; null = nobody's is proven, and no command is taken. */
  centreKey: KeyObject | null;
  random: () => number;
  spool: Spool;
  table: CheckTable;
  limits: () => LinkLimits;
  configVersion: () => number;
  /** A configuration, or what claims to be one; true where it was taken. */
  onConfig: (config: Signed) => boolean;
  /** A command, or what claims to be one. */
  onCommand: (command: Signed) => void;
  /** An ack said who measures the link of the site. */
  onMeasure: (word: NonNullable<ReturnType<typeof grantOf>>) => void;
  /** How the boot before this one ended, until the centre has been told. */
  previous: () => Previous | undefined;
  onPreviousTold: () => void;
  /** Undefined until it is known. */
  inventory: () => Inventory | undefined;
  /** Runs the state probes and resolves when each has answered. */
  fresh: () => Promise<void>;
  /** The centre knows a later session of this spool and hears nothing of this one: another must be opened. */
  onBehind: () => void;
  figures: UplinkFigures;
  log: Log;
};

/** One connection, from its birth to its end. */
export type Session = {
  start(): void;
  receive(topic: string, payload: Buffer): void;
  stateChanged(): void;
  appended(): void;
  /** The inventory was read; it goes out where it is news, or was wanted before it was known. */
  inventoryKnown(changed: boolean): void;
  /** An ack answered the birth of this session. */
  answered(): boolean;
  /** The last gasp, and at once what changed with it; true when the broker has it. */
  gasp(runtimeMs: number | null): Promise<boolean>;
  /** Says goodbye, waits a moment for the PUBACK, and ends the connection. */
  bye(reason: string): Promise<void>;
  close(): void;
};

/** With the end of the connection it stays within 2 s. */
const byeMs = 1_500;
const longestBirthWaitMs = 1_800_000;
const echoEveryMs = 3_600_000;
const longestSpreadMs = 3_600_000;
const hellosAtOnce = 8;
/** Not to be guessed: an answer that was got beforehand would prove an old time. */
const echoes = 2 ** 48;

type State = SessionOptions & {
  timers: Set<Cancel>;
  over: boolean;
  answered: boolean;
  birthWaitMs: number;
  birthTimer: Cancel;
  /** Ids of the hellos whose birth is on its way. */
  hellos: Set<string>;
  /** The last echo asked for: what was sent, and when by clock.up(). */
  echo: { value: number; up: number } | undefined;
  inventoryOwed: boolean;
  eventSender: EventSender;
  stateSender: StateSender;
  beatNumbers: BeatNumbers;
};

/** Guarantee: nothing is sent after `close`, and no timer of it is left. */
export function openSession(options: SessionOptions): Session {
  const state: State = {
    ...options,
    timers: new Set(),
    over: false,
    answered: false,
    birthWaitMs: options.limits().resendMs,
    birthTimer: () => undefined,
    hellos: new Set(),
    beatNumbers: createBeatNumbers(),
    echo: undefined,
    inventoryOwed: false,
    eventSender: createEventSender({
      spool: options.spool,
      later: (delayMs, task) => later(state, delayMs, task),
      send: (leaf, payload) => send(state, leaf, payload),
      resendMs: () => options.limits().resendMs,
      onNewSpool: () => newSpool(state),
    }),
    stateSender: createStateSender({
      table: options.table,
      clock: options.clock,
      session: options.session,
      later: (ms, task) => later(state, ms, task),
      send: (payload) => void send(state, 'state', payload),
    }),
  };
  return {
    start: () => void start(state),
    receive: (topic, payload) => {
      if (!state.over) receive(state, topic, payload);
    },
    stateChanged: () => state.stateSender.changed(),
    appended: () => state.eventSender.appended(),
    inventoryKnown: (changed) => {
      if (changed || state.inventoryOwed) sendInventory(state);
    },
    answered: () => state.answered,
    gasp: (runtimeMs) => gasp(state, runtimeMs),
    bye: (reason) => bye(state, reason),
    close: () => close(state),
  };
}

async function start(state: State): Promise<void> {
  const granted = await state.connection.subscribe(agentFilters(state.pc));
  if (state.over) return;
  // Without its topics it would be deaf; the birth tells the centre all the same, and its repetition shows that no ack arrives.
  if (!granted) state.log.warn({}, 'the broker did not grant the topics of this PC');
  birthUntilAnswered(state);
  state.stateSender.full();
  beat(state);
}

/** Repeated with a growing wait until an ack names this session (R3, R16). */
function birthUntilAnswered(state: State): void {
  birth(state);
  repeatBirth(state);
}

function repeatBirth(state: State): void {
  state.birthTimer();
  const waitMs = state.birthWaitMs * (0.75 + 0.5 * state.random());
  state.birthWaitMs = Math.min(longestBirthWaitMs, state.birthWaitMs * 2);
  state.birthTimer = later(state, waitMs, () => birthUntilAnswered(state));
}

function birth(state: State, hello?: string): void {
  const { boot, session, clock, table, version, configVersion, inventory, spool, answered, apartUp } = state;
  const previous = state.previous();
  const message = {
    kind: 'birth' as const,
    boot,
    session,
    at: clock.now(),
    digest: table.digest(),
    rev: table.rev(),
    agent: version,
    config: configVersion(),
    inventory: inventory()?.hash ?? '',
    spool: spool.range(),
    ...(!answered && { apartMs: apartUp === null ? null : Math.round(clock.up() - apartUp) }),
    ...(previous !== undefined && { previous }),
  };
  void send(state, 'presence', encode('presence', hello === undefined ? message : { ...message, hello }));
}

function beat(state: State): void {
  const { clock, figures } = state;
  sayBeat(state, figures.echoedUp === null || clock.up() - figures.echoedUp >= echoEveryMs);
  later(state, state.limits().beatMs, () => beat(state));
}

/** The digest and the numbers. Asks for an echo until one came, then once an hour, and where clocks that part may do so no longer. */
function sayBeat(state: State, due: boolean): void {
  const { clock, session, table } = state;
  const at = clock.now();
  if (due) state.echo = { value: Math.floor(state.random() * echoes), up: clock.up() };
  const message = { digest: table.digest(), session, at, ...(due && { echo: state.echo?.value }) };
  if (isThin(state.limits())) thinBeat(state, message);
  else wideBeat(state, message);
}

/** Guarantee: its payload has at most 150 B (`thinBeatBytes`). */
function thinBeat(state: State, bare: Omit<Beat, 'n'>): void {
  const { table, beatNumbers } = state;
  const message = { ...bare, part: 1 as const };
  const n = beatNumbers.pick(table.numbers(), thinBeatBytes - encode('beat', { ...message, n: {} }).length);
  void send(state, 'beat', encode('beat', { ...message, n })).then((acked) => acked && beatNumbers.said(n));
}

/** Where something is left out because it did not change, the beat says that it is a part. */
function wideBeat(state: State, bare: Omit<Beat, 'n'>): void {
  const { each, slow } = splitNumbers(state.table.numbers());
  const news = state.beatNumbers.pick(slow, Number.POSITIVE_INFINITY);
  const isPart = Object.keys(news).length < Object.keys(slow).length;
  const message = { ...bare, ...(isPart && { part: 1 as const }), n: { ...shortened(each), ...news } };
  void send(state, 'beat', encode('beat', message)).then((acked) => acked && state.beatNumbers.said(news));
}

/** Three digits say enough of a ratio. */
function shortened(numbers: Numbers): Record<string, number> {
  const short = (value: number) => (Math.abs(value) < 1_000 ? Number(value.toPrecision(3)) : Math.round(value));
  return Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, short(value)]));
}

function receive(state: State, topic: string, payload: Buffer): void {
  const to = parseTopic(topic);
  const word = to?.kind === 'pc' ? to.leaf : to?.kind === 'scope' ? to.word : undefined;
  if (word === 'cmd') take(state, decode('cmd', payload), state.onCommand);
  else if (word === 'ack') take(state, decode('ack', payload), (ack) => onAck(state, ack));
  else if (word === 'config') take(state, decode('config', payload), (config) => state.onConfig(config) && birth(state));
  else if (word === 'hello') take(state, decode('hello', payload), (hello) => onHello(state, hello));
}

function take<T>(state: State, message: Decoded<T>, use: (value: T) => unknown): void {
  if (message.ok) return void use(message.value);
  state.figures.unreadable += 1;
  state.log.warn({ reason: message.reason }, `refused a message of the centre: ${message.detail}`);
}

function onAck(state: State, ack: Ack): void {
  measure(state, ack);
  const word = grantOf(ack, state.clock.up());
  if (word !== undefined) state.onMeasure(word);
  const born = ack.spool === state.spool.id();
  const result = state.spool.ack(ack);
  if (ack.spool !== state.spool.id()) {
    // A fork, or a spool rebuilt meanwhile: its birth is told first, and its events wait for the ack of that.
    if (born) newSpool(state);
  } else if (ack.session !== undefined && ack.session > state.session) {
    state.spool.knowSession(ack.session);
    return state.onBehind();
  } else if (ack.session === state.session) answered(state, ack.upTo);
  else if (result !== 'failed') state.eventSender.acked(ack.echo === undefined && ack.session === undefined);
  for (const want of ack.want) answerWant(state, want);
}

function answered(state: State, upTo: number): void {
  state.answered = true;
  state.onPreviousTold();
  state.birthTimer();
  state.eventSender.begin();
  compare(state, upTo);
}

/** A ledger that was restored holds less than it once acknowledged, and one whose ack was forged never did: what is still kept is sent again (R4). */
function compare({ spool, eventSender }: State, upTo: number): void {
  const acked = spool.acked();
  if (upTo < acked) eventSender.want({ from: upTo + 1, to: acked });
}

function newSpool(state: State): void {
  state.answered = false;
  state.eventSender.pause();
  state.birthWaitMs = state.limits().resendMs;
  birthUntilAnswered(state);
}

function measure(state: State, ack: Ack): void {
  const { pc, echo, clock, figures, centreKey: key, limits } = state;
  const read = echo && readEcho(ack, { pc, echo, key, limitMs: limits().resendMs, clock });
  if (read === undefined) return;
  state.echo = undefined;
  Object.assign(figures, compareClocks(figures, read, clock));
  if (read.said?.upTo !== undefined && read.said.spool === state.spool.id()) compare(state, read.said.upTo);
}

function answerWant(state: State, want: Want): void {
  if (want === 'state') state.stateSender.full();
  else if (want === 'inventory') sendInventory(state);
  else if (want === 'birth') birth(state);
  else state.eventSender.want(want);
}

function sendInventory(state: State): void {
  const inventory = state.inventory();
  state.inventoryOwed = inventory === undefined;
  if (inventory) void send(state, 'inventory', encode('inventory', inventory));
}

/** One birth for each id, at a random time within the spread; a fresh one after the probes have answered (R17). */
function onHello(state: State, { id, withinMs, fresh }: Hello): void {
  if (state.hellos.has(id) || state.hellos.size >= hellosAtOnce) return;
  state.hellos.add(id);
  const probed = fresh ? state.fresh() : Promise.resolve();
  later(state, state.random() * Math.min(withinMs, longestSpreadMs), () => {
    void probed.then(() => {
      state.hellos.delete(id);
      if (state.over) return;
      birth(state, id);
      // A centre whose clock was set says hello (R29): whoever found the two apart looks again before anybody is told.
      if (Math.abs(state.figures.clockOffsetMs ?? 0) > apartMs) sayBeat(state, true);
      if (state.answered) return;
      // Somebody listens now: the wait of an unanswered birth begins anew (R3).
      state.birthWaitMs = state.limits().resendMs;
      repeatBirth(state);
    });
  });
}

/** The gasp goes first: it is the shorter one, and it says why. */
function gasp(state: State, runtimeMs: number | null): Promise<boolean> {
  const { boot, session, clock } = state;
  const message = { kind: 'gasp' as const, boot, session, at: clock.now(), reason: 'power' as const, runtimeMs };
  const told = send(state, 'presence', encode('presence', message));
  state.stateSender.now();
  return told;
}

async function bye(state: State, reason: string): Promise<void> {
  const { boot, session, clock, connection } = state;
  const late = new Promise<void>((resolve) => void later(state, byeMs, resolve));
  await Promise.race([send(state, 'presence', encode('presence', { kind: 'bye', boot, session, at: clock.now(), reason })), late]);
  close(state);
  await connection.end();
}

function close(state: State): void {
  state.over = true;
  for (const cancel of state.timers) cancel();
  state.timers.clear();
}

/** True at the PUBACK. Where the connection ended before, the next session says it all again, so there is nothing to do about it here. */
function send({ over, pc, connection }: State, leaf: UpLeaf, payload: Buffer): Promise<boolean> {
  return over ? Promise.resolve(false) : connection.publish(pcTopic(pc, leaf), payload, { qos: 1 });
}

function later(state: State, delayMs: number, task: () => void): Cancel {
  if (state.over) return () => undefined;
  const stop = state.clock.after(delayMs, () => {
    state.timers.delete(cancel);
    task();
  });
  const cancel = () => {
    state.timers.delete(cancel);
    stop();
  };
  state.timers.add(cancel);
  return cancel;
}
