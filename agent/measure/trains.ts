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
  trainPayloadBytes,
  trainWireBytes,
  writeTrainRequest,
} from '#contracts';
import type { Train } from '../analysis/capacity.ts';

/** A socket to one address, which takes nothing from any other. */
export type Socket = { send(packet: Buffer): void; close(): void };

/** The socket to the reflector, and the right to use it. */
export type TrainsOptions = {
  socket: Socket;
  token: Buffer;
  clock: Clock;
  /** Bytes on the wire, as they go and come. */
  used(wireBytes: number): void;
};

/** Trains of packets to the reflector and from it, one at a time. */
export type Trains = {
  /** What came through the socket. */
  take(packet: Buffer): void;
  /** The round trip, milliseconds; null where nobody answers. */
  greet(): Promise<number | null>;
  /** Greets again. False where nobody answers, or the reflector is another one, or knows this PC by another address. */
  isStillThere(): Promise<boolean>;
  up(packets: number): Promise<Train | TrainDenial>;
  down(packets: number): Promise<Train | TrainDenial>;
  /** Ends whatever waits. */
  close(): void;
};

const firstWaitMs = 1_000;
/** Four hellos, each waited for longer than the one before. */
const greetMs = 10_000;
/** The longest train takes so long at 0.3 Mbit/s. */
const reportMs = 15_000;
const beginMs = 6_000;
const quietMs = 1_000;
/** After the last of a train, for those that were overtaken. */
const overtakenMs = 100;

const frameBytes = trainWireBytes - trainPayloadBytes;

type State = TrainsOptions & {
  cookie: Buffer;
  roundTripMs: number;
  number: number;
  closed: boolean;
  timers: Set<Cancel>;
  onAnswer: (answer: TrainAnswer) => void;
  giveUp: () => void;
};

/** Guarantee: each train ends, with what came of it; an answer to an earlier one is no part of a later one. */
export function createTrains(options: TrainsOptions): Trains {
  const state: State = {
    ...options,
    ...{ cookie: noCookie, roundTripMs: firstWaitMs, number: 0, closed: false },
    ...{ timers: new Set<Cancel>(), onAnswer: () => undefined, giveUp: () => undefined },
  };
  return {
    take(packet) {
      options.used(packet.length + frameBytes);
      const answer = readTrainAnswer(packet);
      if (answer !== undefined && answer.train === state.number) state.onAnswer(answer);
    },
    greet: () => greet(state),
    async isStillThere() {
      const { cookie } = state;
      return (await greet(state)) !== null && state.cookie.equals(cookie);
    },
    up: (packets) => up(state, packets),
    down: (packets) => down(state, packets),
    close() {
      state.closed = true;
      for (const cancel of state.timers) cancel();
      state.giveUp();
    },
  };
}

/** Begins something that ends by itself, by an answer or by patience. */
function exchange<T>(state: State, begin: (end: (result: T) => void) => void, otherwise: () => T): Promise<T> {
  state.number += 1;
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

function greet(state: State): Promise<number | null> {
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
          request(state, 'hello', at);
        },
      });
    },
    () => null,
  );
}

function up(state: State, packets: number): Promise<Train | TrainDenial> {
  const parts = new Map<number, TrainArrival[]>();
  const train = () => ({ packets, arrivals: [...parts.values()].flat() });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      // Made before the first is sent, so that nothing is between them.
      const { number, token, cookie } = state;
      const all = Array.from({ length: packets }, (_, seq) => writeTrainRequest({ kind: 'up', train: number, seq, token, cookie }));
      for (const packet of all) state.socket.send(packet);
      state.used(packets * trainWireBytes);
      state.onAnswer = (answer) => {
        if (answer.kind === 'denied') end(readTrainDenial(answer) ?? train());
        if (answer.kind !== 'report') return;
        parts.set(answer.seq, readTrainReport(answer));
        if (parts.size >= answer.parts) end(train());
      };
      // It queues behind the train, and is asked again where it or its answer is lost.
      repeat(state, { forMs: reportMs, waitMs: () => state.roundTripMs + quietMs, send: () => request(state, 'ask', 0) });
    },
    train,
  );
}

function down(state: State, packets: number): Promise<Train | TrainDenial> {
  const arrivals: TrainArrival[] = [];
  const train = () => ({ packets, arrivals });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      let cancelQuiet: Cancel = () => undefined;
      let cancelAsking: Cancel = () => undefined;
      state.onAnswer = (answer) => {
        const { kind, seq } = answer;
        if (kind === 'denied') end(readTrainDenial(answer) ?? train());
        if (kind !== 'load') return;
        const us = state.clock.up() * 1_000;
        cancelAsking();
        cancelQuiet();
        arrivals.push({ seq, us });
        if (arrivals.length >= packets) return end(train());
        cancelQuiet = later(state, seq === packets - 1 ? overtakenMs : quietMs, () => end(train()));
      };
      cancelAsking = repeat(state, {
        forMs: beginMs,
        waitMs: () => state.roundTripMs + quietMs,
        send: () => request(state, 'down', packets),
      });
    },
    train,
  );
}

type Repeated = { forMs: number; waitMs: (at: number) => number; send: (at: number) => void };

/** Sends again and again, for it or its answer may be lost, until it is cancelled or the time is over. */
function repeat(state: State, { forMs, waitMs, send }: Repeated): Cancel {
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

function request({ socket, number, token, cookie, used }: State, kind: TrainRequestKind, seq: number): void {
  const packet = writeTrainRequest({ kind, train: number, seq, token, cookie });
  socket.send(packet);
  used(packet.length + frameBytes);
}

function later(state: State, delayMs: number, task: () => void): Cancel {
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
