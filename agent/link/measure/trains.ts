/** This PC's side of the capacity test: greets the reflector, sends trains to it and has trains sent. What they say: analysis/capacity.ts. */
import {
  type Cancel,
  type Clock,
  noCookie,
  readTrainAnswer,
  readTrainDenial,
  readTrainReport,
  type TrainAnswer,
  type TrainArrival,
  type TrainDenial,
  type TrainRequestKind,
  trainIpBytes,
  trainPayloadBytes,
  writeTrainRequest,
} from '@sabha/contracts';
import { blockPackets, paceOf, type Stream, streamMs, type Train } from '../analysis/capacity.ts';
import { udpWireBytesAt } from '../net/meter.ts';

/** Trains of packets to the reflector and from it, one at a time. */
export type Trains = ReturnType<typeof createTrains>;

const firstWaitMs = 1_000;
/** Four hellos, each waited for longer than the one before. */
const greetMs = 10_000;
const beginMs = 6_000;
/** After the last of a train, for those that were overtaken. */
const overtakenMs = 100;

/** Guarantee: each train ends, with what came of it; an answer to an earlier one is no part of a later one. */
export function createTrains(options: TrainsOptions) {
  const state: Exchange = {
    ...options,
    cookie: noCookie,
    roundTripMs: firstWaitMs,
    first: 0,
    number: 0,
    closed: false,
    timers: new Set<Cancel>(),
    onAnswer: () => undefined,
    giveUp: () => undefined,
  };
  return {
    /** What came through the socket. */
    take(packet: Buffer): void {
      count(options, packet.length);
      const answer = readTrainAnswer(packet);
      if (answer !== undefined && answer.train >= state.first && answer.train <= state.number) state.onAnswer(answer);
    },
    /** The round trip, milliseconds; null where nobody answers. */
    greet: (): Promise<number | null> => greet(state),
    /** Greets again. False where nobody answers, or the reflector is another one, or knows this PC by another address. */
    async isStillThere(): Promise<boolean> {
      const { cookie } = state;
      return (await greet(state)) !== null && state.cookie.equals(cookie);
    },
    up: (packets: number): Promise<Train | TrainDenial> => up(state, packets),
    down: (packets: number): Promise<Train | TrainDenial> => down(state, packets),
    /** A stream behind the trains. */
    stream: (direction: 'up' | 'down', plan: Stream): Promise<Train | TrainDenial> => runStream(state, direction, plan),
    /** Ends whatever waits. */
    close(): void {
      state.closed = true;
      for (const cancel of state.timers) cancel();
      state.giveUp();
    },
  };
}

function greet(state: Exchange): Promise<number | null> {
  const sentUp: number[] = [];
  return exchange<number | null>(
    state,
    (end) => {
      state.onAnswer = ({ kind, seq, body }) => {
        const sent = sentUp[seq];
        if (kind !== 'welcome' || sent === undefined) return;
        state.cookie = Buffer.from(body);
        state.roundTripMs = state.clock.up() - sent;
        end(state.roundTripMs);
      };
      repeat(state, {
        forMs: greetMs,
        waitMs: (at) => firstWaitMs * (at + 1),
        send: (at) => {
          sentUp.push(state.clock.up());
          request(state, 'hello', { seq: at });
        },
      });
    },
    () => null,
  );
}

function up(state: Exchange, packets: number): Promise<Train | TrainDenial> {
  const parts = new Map<number, TrainArrival[]>();
  const train = () => ({ packets, arrivals: [...parts.values()].flat() });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      // Made before the first is sent, so that nothing is between them.
      const { number, token, cookie } = state;
      const all = Array.from({ length: packets }, (_, seq) => writeTrainRequest({ kind: 'up', train: number, seq, token, cookie }));
      for (const packet of all) state.socket.send(packet);
      count(state, trainPayloadBytes, packets);
      state.onAnswer = (answer) => {
        if (answer.kind === 'denied') end(readTrainDenial(answer) ?? train());
        if (answer.kind !== 'report') return;
        parts.set(answer.seq, readTrainReport(answer));
        if (parts.size >= answer.parts) end(train());
      };
      // It queues behind the train, and is asked again where it or its answer is lost.
      repeat(state, { forMs: reportMs, waitMs: () => state.roundTripMs + quietMs, send: () => request(state, 'ask') });
    },
    train,
  );
}

function down(state: Exchange, packets: number): Promise<Train | TrainDenial> {
  // Each once, though the line may double them.
  const came = new Map<number, TrainArrival>();
  const train = () => ({ packets, arrivals: [...came.values()] });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      let cancelQuiet: Cancel = () => undefined;
      let cancelAsking: Cancel = () => undefined;
      state.onAnswer = (answer) => {
        const { kind, seq } = answer;
        if (kind === 'denied') end(readTrainDenial(answer) ?? train());
        if (kind !== 'load' || seq >= packets || came.has(seq)) return;
        const us = state.clock.up() * 1_000;
        cancelAsking();
        cancelQuiet();
        came.set(seq, { seq, us });
        if (came.size >= packets) return end(train());
        cancelQuiet = later(state, seq === packets - 1 ? overtakenMs : quietMs, () => end(train()));
      };
      cancelAsking = repeat(state, {
        forMs: beginMs,
        waitMs: () => state.roundTripMs + quietMs,
        send: () => request(state, 'down', { seq: packets }),
      });
    },
    train,
  );
}

/** A socket to one address, which takes nothing from any other; by IPv4 where it names no address of its own. */
export type Socket = { send(packet: Buffer): void; close(): void; localAddress?: string };

/** The socket to the reflector, and the right to use it. */
export type TrainsOptions = {
  socket: Socket;
  token: Buffer;
  clock: Clock;
  /** Bytes on the wire, as they go and come. */
  used(wireBytes: number): void;
};

/** What runs now: answers to the numbers from `first` to `number` belong to it. */
export type Exchange = TrainsOptions & {
  cookie: Buffer;
  roundTripMs: number;
  first: number;
  number: number;
  closed: boolean;
  timers: Set<Cancel>;
  onAnswer: (answer: TrainAnswer) => void;
  giveUp: () => void;
};

/** How long a report is waited for: the longest train takes so long at 0.3 Mbit/s. */
const reportMs = 15_000;
/** Over the round trip, before something is asked again. */
const quietMs = 1_000;
/** Begins something that ends by itself, by an answer or by patience. */
function exchange<T>(state: Exchange, begin: (end: (result: T) => void) => void, otherwise: () => T): Promise<T> {
  state.number += 1;
  state.first = state.number;
  const { promise, resolve } = Promise.withResolvers<T>();
  const end = (result: T) => {
    for (const cancel of state.timers) cancel();
    state.timers.clear();
    state.onAnswer = () => undefined;
    resolve(result);
  };
  state.giveUp = () => end(otherwise());
  if (state.closed) state.giveUp();
  else begin(end);
  return promise;
}

type Repeated = { forMs: number; waitMs: (at: number) => number; send: (at: number) => void };

/** Sends again and again, for it or its answer may be lost, until it is cancelled or the time is over. */
function repeat(state: Exchange, { forMs, waitMs, send }: Repeated): Cancel {
  const endsUp = state.clock.up() + forMs;
  let cancel: Cancel = () => undefined;
  const again = (at: number) => {
    if (state.clock.up() >= endsUp) return state.giveUp();
    send(at);
    cancel = later(state, waitMs(at), () => again(at + 1));
  };
  again(0);
  return () => cancel();
}

/** Packets that went or came, by their headers too, which are longer over IPv6. */
function count({ socket, used }: TrainsOptions, payloadBytes: number, packets = 1): void {
  used(packets * udpWireBytesAt(socket.localAddress, payloadBytes));
}

/** One packet that asks; of the train that was begun last where it names none. */
function request(state: Exchange, kind: TrainRequestKind, { seq = 0, train = state.number } = {}): void {
  const { socket, token, cookie } = state;
  const packet = writeTrainRequest({ kind, train, seq, token, cookie });
  socket.send(packet);
  count(state, packet.length);
}

/** Later, unless it is over by then. */
function later(state: Exchange, delayMs: number, task: () => void): Cancel {
  const cancel = state.clock.after(delayMs, () => {
    state.timers.delete(cancel);
    task();
  });
  state.timers.add(cancel);
  return () => {
    state.timers.delete(cancel);
    cancel();
  };
}

/** Packets that share a number: what goes up is asked for in larger pieces, since a policer may count what asks as well. */
const piecePackets = { up: 6 * blockPackets, down: blockPackets };
/** What could not be sent in time is sent at once, as far as it is so late. */
const catchUpMs = 20;

type Running = {
  state: Exchange;
  direction: 'up' | 'down';
  plan: Stream;
  first: number;
  sent: number;
  arrivals: TrainArrival[];
  /** Numbers of what came: a line may double it. */
  came: Set<number>;
  /** Pieces whose report is not there. */
  open: Set<number>;
  lastUp: number;
  isSent: boolean;
};

/** Guarantee: it ends, with what came of it; no more is sent than its plan says, and nothing after its end is told. */
function runStream(state: Exchange, direction: 'up' | 'down', plan: Stream): Promise<Train | TrainDenial> {
  const running: Running = {
    state,
    direction,
    plan,
    sent: 0,
    arrivals: [],
    isSent: false,
    came: new Set<number>(),
    open: new Set<number>(),
    first: state.number + 1,
    lastUp: state.clock.up(),
  };
  const train = () => ({ packets: running.sent, arrivals: running.arrivals });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      const endsUp = state.clock.up() + streamMs;
      state.onAnswer = (answer) => {
        if (answer.kind === 'denied') end(readTrainDenial(answer) ?? train());
        else take(running, answer);
        if (isOver(running)) end(train());
      };
      send(running, { dueUp: state.clock.up(), endsUp, over: () => settle(running, () => end(train())) });
    },
    train,
  );
}

/** Blocks, as fast as the last arrivals say, until all are sent or the time is over. */
function send(running: Running, { dueUp, endsUp, over }: { dueUp: number; endsUp: number; over: () => void }): void {
  const { state, plan, arrivals } = running;
  const nowUp = state.clock.up();
  let due = Math.max(dueUp, nowUp - catchUpMs);
  while (due <= nowUp && running.sent < plan.packets) {
    sendBlock(running, Math.min(blockPackets, plan.packets - running.sent));
    due += (blockPackets * trainIpBytes * 8_000) / paceOf(arrivals, plan);
  }
  if (running.sent >= plan.packets || nowUp >= endsUp) over();
  else later(state, due - nowUp, () => send(running, { dueUp: due, endsUp, over }));
}

function sendBlock(running: Running, packets: number): void {
  const { state, direction, first, sent } = running;
  const piece = Math.floor(sent / piecePackets[direction]);
  state.number = first + piece;
  running.sent += packets;
  if (direction === 'down') return request(state, 'down', { seq: packets });
  const { socket, token, cookie, number: train } = state;
  for (let seq = sent; seq < running.sent; seq += 1) {
    socket.send(writeTrainRequest({ kind: 'up', train, seq: seq % piecePackets.up, token, cookie }));
  }
  count(state, trainPayloadBytes, packets);
  running.open.add(train);
  if (running.sent % piecePackets.up === 0) request(state, 'ask');
}

function take(running: Running, { kind, train, seq, ...answer }: TrainAnswer): void {
  const { state, direction, arrivals, came } = running;
  const from = (train - running.first) * piecePackets[direction];
  running.lastUp = state.clock.up();
  const note = (one: TrainArrival) => {
    if (one.seq >= running.sent || came.has(one.seq)) return;
    came.add(one.seq);
    arrivals.push(one);
  };
  if (kind === 'load') note({ seq: from + seq, us: state.clock.up() * 1_000 });
  if (kind !== 'report' || !running.open.delete(train)) return;
  for (const one of readTrainReport(answer)) note({ seq: from + one.seq, us: one.us });
}

/** Waits for what is on its way, and asks again for what was not reported. */
function settle(running: Running, end: () => void): void {
  const { state, direction, open } = running;
  running.isSent = true;
  const waitMs = () => state.roundTripMs + quietMs;
  if (isOver(running)) return end();
  if (direction === 'down') return whenQuiet(running, waitMs(), end);
  const isInPart = running.sent % piecePackets.up !== 0;
  const again = (at: number) => (at > 0 ? [...open] : isInPart ? [state.number] : []);
  const ask = (at: number) => {
    for (const train of again(at)) request(state, 'ask', { train });
  };
  repeat(state, { forMs: reportMs, waitMs, send: ask });
}

function whenQuiet(running: Running, forMs: number, end: () => void): void {
  const { state, lastUp } = running;
  const leftMs = lastUp + forMs - state.clock.up();
  if (leftMs <= 0) end();
  else later(state, leftMs, () => whenQuiet(running, forMs, end));
}

function isOver({ isSent, direction, open, arrivals, sent }: Running): boolean {
  return isSent && (direction === 'up' ? open.size === 0 : arrivals.length >= sent);
}
