/** What passes between this PC and the reflector for one train or one stream: asked, answered, asked again, and over at some time. */
import { type Cancel, type Clock, type TrainAnswer, type TrainRequestKind, writeTrainRequest } from '#contracts';
import { udpWireBytesAt } from '../net/meter.ts';

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
export const reportMs = 15_000;
/** Over the round trip, before something is asked again. */
export const quietMs = 1_000;
/** Begins something that ends by itself, by an answer or by patience. */
export function exchange<T>(state: Exchange, begin: (end: (result: T) => void) => void, otherwise: () => T): Promise<T> {
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
export function repeat(state: Exchange, { forMs, waitMs, send }: Repeated): Cancel {
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
export function count({ socket, used }: TrainsOptions, payloadBytes: number, packets = 1): void {
  used(packets * udpWireBytesAt(socket.localAddress, payloadBytes));
}

/** One packet that asks; of the train that was begun last where it names none. */
export function request(state: Exchange, kind: TrainRequestKind, { seq = 0, train = state.number } = {}): void {
  const { socket, token, cookie } = state;
  const packet = writeTrainRequest({ kind, train, seq, token, cookie });
  socket.send(packet);
  count(state, packet.length);
}

/** Later, unless it is over by then. */
export function later(state: Exchange, delayMs: number, task: () => void): Cancel {
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
