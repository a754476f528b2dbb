/** This PC's side of the capacity test: greets the reflector, sends trains to it and has trains sent. What they say: analysis/capacity.ts. */
import {
  type Cancel,
  noCookie,
  readTrainAnswer,
  readTrainDenial,
  readTrainReport,
  type TrainArrival,
  type TrainDenial,
  trainPayloadBytes,
  writeTrainRequest,
} from '#contracts';
import type { Train } from '../analysis/arrivals.ts';
import type { Stream } from '../analysis/capacity.ts';
import { count, type Exchange, exchange, later, quietMs, repeat, reportMs, request, type TrainsOptions } from './exchange.ts';
import { runStream } from './stream.ts';

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
    /** A stream behind the trains (stream.ts). */
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
