/**
 * Client side of the capacity test: sends hellos to the reflector, sends packet trains to it, and requests trains from it.
 * analysis/capacity.ts evaluates the trains.
 */
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
import { blockPackets, paceOf, type StreamPlan, streamMs, type Train } from '../analysis/capacity.ts';
import { udpWireBytesAt } from '../net/meter.ts';

export type Trains = ReturnType<typeof createTrains>;

const firstWaitMs = 1_000;
/** Time limit for four hellos, each followed by a longer wait. */
const helloLimitMs = 10_000;
const beginMs = 6_000;
/** Wait for reordered packets after the last packet of a train. */
const overtakenMs = 100;

/** Guarantee: each train resolves with its arrivals. A response to an earlier train never counts for a later one. */
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
    take(packet: Buffer): void {
      count(options, packet.length);
      const answer = readTrainAnswer(packet);
      if (answer !== undefined && answer.train >= state.first && answer.train <= state.number) state.onAnswer(answer);
    },
    /** Sends hellos. Returns the round trip in milliseconds; null without a response. */
    greet: (): Promise<number | null> => greet(state),
    /** Sends hellos again. Returns false without a response, or if the reflector has restarted or sees this PC at another address. */
    async isStillThere(): Promise<boolean> {
      const { cookie } = state;
      return (await greet(state)) !== null && state.cookie.equals(cookie);
    },
    up: (packets: number): Promise<Train | TrainDenial> => up(state, packets),
    down: (packets: number): Promise<Train | TrainDenial> => down(state, packets),
    stream: (direction: 'up' | 'down', plan: StreamPlan): Promise<Train | TrainDenial> => runStream(state, direction, plan),
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
        forMs: helloLimitMs,
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
      // Builds all packets before it sends the first one, so that no computation separates the packets.
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
      // Repeats the request for the report, because it or its response may be lost. The first request follows directly behind the train.
      repeat(state, { forMs: reportMs, waitMs: () => state.roundTripMs + quietMs, send: () => request(state, 'ask') });
    },
    train,
  );
}

function down(state: Exchange, packets: number): Promise<Train | TrainDenial> {
  // Arrivals by sequence number, to ignore packets that the link duplicates.
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

/** Socket to one address, which accepts packets only from that address. Without `localAddress`, bytes count as IPv4. */
export type Socket = { send(packet: Buffer): void; close(): void; localAddress?: string };

export type TrainsOptions = { socket: Socket; token: Buffer; clock: Clock; used(wireBytes: number): void };

/** State of the client. Responses with train numbers from `first` to `number` belong to the running exchange. */
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

/** Longest wait for a report: at 0.3 Mbit/s the longest train takes this long. */
const reportMs = 15_000;
/** A request is repeated after the round trip plus this wait. */
const quietMs = 1_000;
/** Starts an exchange; it resolves with the result of a response, or with `otherwise` at a timeout. */
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

type RepeatedSend = { forMs: number; waitMs: (at: number) => number; send: (at: number) => void };

/** Sends repeatedly, because a packet or its response may be lost. Stops when it is cancelled or the time is over. */
function repeat(state: Exchange, { forMs, waitMs, send }: RepeatedSend): Cancel {
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

/** Counts the wire bytes of packets with their headers (longer for IPv6). */
function count({ socket, used }: TrainsOptions, payloadBytes: number, packets = 1): void {
  used(packets * udpWireBytesAt(socket.localAddress, payloadBytes));
}

/** Sends one request, by default for the train that began last. */
function request(state: Exchange, kind: TrainRequestKind, { seq = 0, train = state.number } = {}): void {
  const { socket, token, cookie } = state;
  const packet = writeTrainRequest({ kind, train, seq, token, cookie });
  socket.send(packet);
  count(state, packet.length);
}

/** Runs a task after a delay, unless the exchange ends before. */
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

/** Packets per train number (a piece) in a stream. Upwards a piece is larger, because each one needs a request for its report. */
const packetsPerTrainNumber = { up: 6 * blockPackets, down: blockPackets };
/** Packets that are up to this late are sent at once. Longer delays are not made up. */
const maxBurstDelayMs = 20;

type Running = {
  state: Exchange;
  direction: 'up' | 'down';
  plan: StreamPlan;
  first: number;
  sent: number;
  arrivals: TrainArrival[];
  /** Sequence numbers that arrived, to ignore duplicates. */
  came: Set<number>;
  /** Numbers of the pieces that have no report yet. */
  open: Set<number>;
  lastUp: number;
  isSent: boolean;
};

/** Guarantee: the stream resolves with its arrivals. It sends no more than its plan, and ignores packets that arrive after its end. */
function runStream(state: Exchange, direction: 'up' | 'down', plan: StreamPlan): Promise<Train | TrainDenial> {
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
      send(running, { dueUp: state.clock.up(), endsUp, over: () => awaitRest(running, () => end(train())) });
    },
    train,
  );
}

/** Sends blocks slightly faster than the last packets arrived, until all are sent or the time is over. */
function send(running: Running, { dueUp, endsUp, over }: { dueUp: number; endsUp: number; over: () => void }): void {
  const { state, plan, arrivals } = running;
  const nowUp = state.clock.up();
  let due = Math.max(dueUp, nowUp - maxBurstDelayMs);
  while (due <= nowUp && running.sent < plan.packets) {
    sendBlock(running, Math.min(blockPackets, plan.packets - running.sent));
    due += (blockPackets * trainIpBytes * 8_000) / paceOf(arrivals, plan);
  }
  if (running.sent >= plan.packets || nowUp >= endsUp) over();
  else later(state, due - nowUp, () => send(running, { dueUp: due, endsUp, over }));
}

function sendBlock(running: Running, packets: number): void {
  const { state, direction, first, sent } = running;
  const piece = Math.floor(sent / packetsPerTrainNumber[direction]);
  state.number = first + piece;
  running.sent += packets;
  if (direction === 'down') return request(state, 'down', { seq: packets });
  const { socket, token, cookie, number: train } = state;
  for (let seq = sent; seq < running.sent; seq += 1) {
    socket.send(writeTrainRequest({ kind: 'up', train, seq: seq % packetsPerTrainNumber.up, token, cookie }));
  }
  count(state, trainPayloadBytes, packets);
  running.open.add(train);
  if (running.sent % packetsPerTrainNumber.up === 0) request(state, 'ask');
}

function take(running: Running, { kind, train, seq, ...answer }: TrainAnswer): void {
  const { state, direction, arrivals, came } = running;
  const from = (train - running.first) * packetsPerTrainNumber[direction];
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

/** Waits for packets on their way, and repeats requests for missing reports. */
function awaitRest(running: Running, end: () => void): void {
  const { state, direction, open } = running;
  running.isSent = true;
  const waitMs = () => state.roundTripMs + quietMs;
  if (isOver(running)) return end();
  if (direction === 'down') return whenQuiet(running, waitMs(), end);
  const isInPart = running.sent % packetsPerTrainNumber.up !== 0;
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
