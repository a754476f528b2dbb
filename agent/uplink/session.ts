/**
 * One MQTT session, from the CONNACK to its end: birth, state, beats and responses to acks.
 * Implements R12 (order and differences), R13 (convergence), R16 (sessions, births and the time of the server) and R17 (hello after every
 * SUBACK).
 */
import {
  type Ack,
  agentFilters,
  type Cancel,
  type Check,
  type Clock,
  type Decoded,
  decode,
  encode,
  parseTopic,
  pcTopic,
  type Signed,
  type UpLeaf,
  type WantedItem,
} from '@sabha/contracts';
import { type CheckTable, differenceOf } from '../checks/check-table.ts';
import { grantOf } from '../link/measure/stamp.ts';
import { type BeatSender, createBeatSender } from './beat-sender.ts';
import { type BirthFacts, type Births, createBirths } from './births.ts';
import { agreeWithinMs, type ClockFigures, createEcho, type EchoOptions, type EchoRequests } from './echo.ts';
import { createEventSender, type EventSender } from './event-sender.ts';
import type { Connection } from './mqtt.ts';
import type { Spool } from './spool/spool.ts';
import type { Log } from './store/log.ts';

/** Figures of the connection to the server, kept from session to session. `unreadable` counts messages that could not be decoded. */
export type UplinkFigures = ClockFigures & { connected: boolean; unreadable: number };

export type SessionOptions = BirthFacts &
  EchoOptions & {
    connection: Connection;
    spool: Spool;
    table: CheckTable;
    /** Receives a signed configuration before verification. Returns true if it was accepted. */
    onConfig: (config: Signed) => boolean;
    /** Receives a signed command before verification. */
    onCommand: (command: Signed) => void;
    /** Receives the part of an ack that says whether this PC measures the link of the site. */
    onMeasure: (word: NonNullable<ReturnType<typeof grantOf>>) => void;
    onPreviousAcknowledged: () => void;
    /** Called if the server knows a later session of this PC and ignores this one. The PC must open a session with a higher number. */
    onNewerSession: () => void;
    figures: UplinkFigures;
    log: Log;
  };

export type UplinkSession = ReturnType<typeof openSession>;

/** Longest wait for the PUBACK of the bye. Together with closing the connection, a stop takes at most 2 s. */
const byeMs = 1_500;

type SessionState = {
  options: SessionOptions;
  timers: Set<Cancel>;
  over: boolean;
  isInventoryRequested: boolean;
  births: Births;
  echo: EchoRequests;
  beats: BeatSender;
  eventSender: EventSender;
  stateSender: StateSender;
};

/** Starts a session on an open connection. Guarantee: after `close` it sends nothing and has no timer. */
export function openSession(options: SessionOptions) {
  const state = createState(options);
  return {
    start: (): void => void start(state),
    receive: (topic: string, payload: Buffer): void => {
      if (!state.over) receive(state, topic, payload);
    },
    stateChanged: (): void => state.stateSender.changed(),
    appended: (): void => state.eventSender.appended(),
    /** Sends a birth if the inventory changed, or if the server requested the inventory before it was known. */
    inventoryKnown: (changed: boolean): void => {
      if (changed || state.isInventoryRequested) sendInventory(state);
    },
    /** Returns true once an ack has answered the birth of this session. */
    answered: (): boolean => state.births.isAnswered(),
    /** Sends the last gasp, and then the changed state. Resolves to true at the PUBACK. */
    gasp: (runtimeMs: number | null): Promise<boolean> => gasp(state, runtimeMs),
    /** Sends the bye, waits briefly for its PUBACK, and ends the connection. */
    bye: (reason: string): Promise<void> => bye(state, reason),
    close: (): void => close(state),
  };
}

function createState(options: SessionOptions): SessionState {
  const { table, clock, session, limits, spool, figures } = options;
  const later = (delayMs: number, task: () => void) => laterIn(state, delayMs, task);
  const echo = createEcho(options);
  const state: SessionState = {
    options,
    timers: new Set(),
    over: false,
    isInventoryRequested: false,
    echo,
    births: createBirths(options, {
      later,
      send: (payload) => void send(state, 'presence', payload),
      isOver: () => state.over,
      asked() {
        state.beats.forget();
        // R29 (clock of the server): the server sends a hello after its clock was set. A PC with a clock offset then compares the clocks
        // again, before anyone is notified.
        if (Math.abs(figures.clockOffsetMs ?? 0) > agreeWithinMs) state.beats.ask();
      },
    }),
    beats: createBeatSender({
      table,
      clock,
      session,
      limits,
      echo,
      later,
      topicBytes: pcTopic(options.pc, 'beat').length,
      send: (payload) => send(state, 'beat', payload),
    }),
    eventSender: createEventSender({
      spool,
      later,
      send: (leaf, payload) => send(state, leaf, payload),
      resendMs: () => limits().resendMs,
      onNewSpool: () => startNewSpool(state),
    }),
    stateSender: createStateSender({ table, clock, session, later, send: (payload) => void send(state, 'state', payload) }),
  };
  return state;
}

async function start(state: SessionState): Promise<void> {
  const { connection, pc, log } = state.options;
  const granted = await connection.subscribe(agentFilters(pc));
  if (state.over) return;
  // Without its topics the PC receives no ack. It sends the birth anyway, and the repeated births show the problem to the server.
  if (!granted) log.warn({}, 'the broker did not grant the topics of this PC');
  state.births.begin();
  state.stateSender.full();
  state.beats.start();
}

function receive(state: SessionState, topic: string, payload: Buffer): void {
  const { onCommand, onConfig } = state.options;
  const to = parseTopic(topic);
  const word = to?.kind === 'pc' ? to.leaf : to?.kind === 'scope' ? to.word : undefined;
  if (word === 'cmd') decodeAndHandle(state, decode('cmd', payload), onCommand);
  else if (word === 'ack') decodeAndHandle(state, decode('ack', payload), (ack) => onAck(state, ack));
  else if (word === 'config') decodeAndHandle(state, decode('config', payload), (config) => onConfig(config) && state.births.say());
  else if (word === 'hello') decodeAndHandle(state, decode('hello', payload), state.births.hello);
}

function decodeAndHandle<T>({ options }: SessionState, message: Decoded<T>, use: (value: T) => unknown): void {
  if (message.ok) return void use(message.value);
  options.figures.unreadable += 1;
  options.log.warn({ reason: message.reason }, `refused a message of the server: ${message.detail}`);
}

function onAck(state: SessionState, ack: Ack): void {
  const { spool, session, clock, onMeasure, onNewerSession } = state.options;
  const provenUpTo = state.echo.answered(ack);
  if (provenUpTo !== undefined) resendMissing(state, provenUpTo);
  const word = grantOf(ack, clock.up());
  if (word !== undefined) onMeasure(word);
  const born = ack.spool === spool.id();
  const result = spool.ack(ack);
  if (ack.spool !== spool.id()) {
    // After a fork or a rebuild of the spool, sends the birth of the new spool first. The events wait for the ack of that birth.
    if (born) startNewSpool(state);
  } else if (ack.session !== undefined && ack.session > session) {
    spool.raiseSession(ack.session);
    return onNewerSession();
  } else if (ack.session === session) answered(state, ack.upTo);
  else if (result !== 'failed') state.eventSender.acked(ack.echo === undefined && ack.session === undefined);
  for (const want of ack.want) answerWant(state, want);
}

function answered(state: SessionState, upTo: number): void {
  state.births.answered();
  state.options.onPreviousAcknowledged();
  state.eventSender.begin();
  resendMissing(state, upTo);
}

/**
 * R4 (cumulative acknowledgement): sends kept events again if the ledger holds less than it acknowledged. Either the ledger was restored,
 * or somebody forged an ack.
 */
function resendMissing({ options, eventSender }: SessionState, upTo: number): void {
  const acked = options.spool.acked();
  if (upTo < acked) eventSender.want({ from: upTo + 1, to: acked });
}

function startNewSpool({ eventSender, births }: SessionState): void {
  eventSender.pause();
  births.begin();
}

function answerWant(state: SessionState, want: WantedItem): void {
  if (want === 'state') state.stateSender.full();
  else if (want === 'inventory') sendInventory(state);
  else if (want === 'birth') state.births.say();
  else state.eventSender.want(want);
}

function sendInventory(state: SessionState): void {
  const inventory = state.options.inventory();
  state.isInventoryRequested = inventory === undefined;
  if (inventory) void send(state, 'inventory', encode('inventory', inventory));
}

/** Sends the last gasp before the state, because it is shorter and names the cause. */
function gasp(state: SessionState, runtimeMs: number | null): Promise<boolean> {
  const { boot, session, clock } = state.options;
  const message = { kind: 'gasp' as const, boot, session, at: clock.now(), reason: 'power' as const, runtimeMs };
  const told = send(state, 'presence', encode('presence', message));
  state.stateSender.now();
  return told;
}

async function bye(state: SessionState, reason: string): Promise<void> {
  const { boot, session, clock, connection } = state.options;
  const late = new Promise<void>((resolve) => void laterIn(state, byeMs, resolve));
  await Promise.race([send(state, 'presence', encode('presence', { kind: 'bye', boot, session, at: clock.now(), reason })), late]);
  close(state);
  await connection.end();
}

function close(state: SessionState): void {
  state.over = true;
  for (const cancel of state.timers) cancel();
  state.timers.clear();
}

/** Publishes a message; resolves to true at the PUBACK. A failure needs no handling, because the next session sends everything again. */
function send({ over, options: { pc, connection } }: SessionState, leaf: UpLeaf, payload: Buffer): Promise<boolean> {
  return over ? Promise.resolve(false) : connection.publish(pcTopic(pc, leaf), payload, { qos: 1 });
}

function laterIn(state: SessionState, delayMs: number, task: () => void): Cancel {
  if (state.over) return () => undefined;
  const stop = state.options.clock.after(delayMs, () => {
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

type StateSender = ReturnType<typeof createStateSender>;

type StateSenderOptions = {
  table: CheckTable;
  clock: Clock;
  session: number;
  later(delayMs: number, task: () => void): Cancel;
  send(payload: Buffer): void;
};

const gapMs = 2_000;

/** Sends the state: first the full list (`full`), then only changes. Changes need at least 2 s between two messages, except with `now`. */
function createStateSender({ table, clock, session, later, send }: StateSenderOptions) {
  /** State that was last sent; undefined before the full list of this session. */
  let sent: { checks: Check[]; digest: string; up: number } | undefined;
  let waiting = false;

  function full(): void {
    send(encode('state', { digest: table.digest(), session, rev: table.rev(), checks: table.checks() }));
    sent = { checks: table.checks(), digest: table.digest(), up: clock.up() };
  }

  function difference(): void {
    waiting = false;
    if (!sent || sent.digest === table.digest()) return;
    const { checks, gone } = differenceOf(sent.checks, table.checks());
    send(encode('state', { digest: table.digest(), session, rev: table.rev(), base: sent.digest, checks, gone }));
    sent = { checks: table.checks(), digest: table.digest(), up: clock.up() };
  }

  return {
    /** Sends the full list: first in a session, and on request. */
    full,
    /** Sends the changes at once, because the PC may lose power before a later message. */
    now: difference,
    /** Sends the first change at once, and further changes in at most one message per 2 s. */
    changed: (): void => {
      if (!sent || waiting || sent.digest === table.digest()) return;
      waiting = true;
      const waitMs = sent.up + gapMs - clock.up();
      if (waitMs <= 0) difference();
      else later(waitMs, difference);
    },
  };
}
