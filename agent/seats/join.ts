/** The connection of the room seat to `run`: it proves who it is, and comes again when it was lost. */
import type { Socket } from 'node:net';
import { backoffMs, type Cancel, type Clock } from '#contracts';
import type { Platform } from '../platform/platform.ts';
import { leaveProof } from '../platform/questions/proof.ts';
import type { Log } from '../store/log.ts';
import { hearLines, sendLine } from './lines.ts';
import { type FromRoom, lineLimits, readLine, seatEveryMs, silentMs, type ToRoom, toRoom } from './messages.ts';
import type { Way } from './way.ts';

/** How `run` is reached, and who hears of it. */
export type JoinOptions = {
  way: Way;
  clock: Clock;
  random: () => number;
  platform: Pick<Platform, 'ask'>;
  log: Log;
  /** `isFirst` since it joined. */
  onRoom(room: Extract<ToRoom, { type: 'room' }>, isFirst: boolean): void;
  onOrder(order: Extract<ToRoom, { type: 'order' }>): void;
  /** Something was heard. */
  onAlive(): void;
};

/** The connection of the room seat. */
export type Joined = {
  start(): void;
  stop(): void;
  /** Nothing is sent before it has joined. */
  send(message: FromRoom): void;
};

const backoff = { firstMs: 2_000, maxMs: 30_000 };
const proofLimitMs = 4_000;

type State = JoinOptions & {
  socket: Socket | undefined;
  isJoined: boolean;
  isOver: boolean;
  failures: number;
  heardUp: number;
  /** What the log last said; a seat that is refused every half minute says so once. */
  lastWord: string;
  again: Cancel;
  beat: Cancel;
  clearProof: () => Promise<void>;
};

/** Guarantee: at most one connection, and the next try of several seats comes at a time of its own. */
export function createJoin(options: JoinOptions): Joined {
  const nothing = () => undefined;
  const state: State = {
    ...options,
    socket: undefined,
    isJoined: false,
    isOver: false,
    failures: 0,
    heardUp: 0,
    lastWord: '',
    again: nothing,
    beat: nothing,
    clearProof: async () => undefined,
  };
  return {
    start: () => begin(state),
    stop() {
      state.isOver = true;
      state.again();
      state.socket?.destroy();
    },
    send: (message) => {
      if (state.isJoined) say(state, message);
    },
  };
}

function begin(state: State): void {
  state.again = state.way({ socket: (socket) => talk(state, socket), failed: (why) => later(state, why) });
}

function talk(state: State, socket: Socket): void {
  Object.assign(state, { socket, isJoined: false, heardUp: state.clock.up() });
  let why = 'the other seat went';
  socket.on('error', ({ message }) => {
    why = message;
  });
  socket.on('close', () => lost(state, why));
  hearLines(socket, {
    limitBytes: () => lineLimits.bytes,
    line(text) {
      const message = readLine(toRoom, text);
      if (message?.type === 'refused') why = message.why;
      else if (message) hear(state, message);
      else socket.destroy(new Error('the other seat says what cannot be read'));
    },
    tooLong: () => socket.destroy(new Error('the other seat says more than it may')),
  });
  beat(state);
}

function hear(state: State, message: Exclude<ToRoom, { type: 'refused' }>): void {
  state.heardUp = state.clock.up();
  if (message.type === 'prove') return void prove(state, message.nonce);
  if (message.type === 'room') {
    const isFirst = !state.isJoined;
    if (isFirst) note(state, 'joined');
    Object.assign(state, { isJoined: true, failures: 0 });
    void state.clearProof();
    state.onRoom(message, isFirst);
  } else if (message.type === 'order') state.onOrder(message);
  state.onAlive();
}

async function prove(state: State, nonce: string): Promise<void> {
  const { socket, platform } = state;
  try {
    const left = await platform.ask(leaveProof(nonce), AbortSignal.timeout(proofLimitMs));
    if (!left.known) throw new Error(left.reason);
    await state.clearProof();
    state.clearProof = left.value;
    if (socket?.destroyed) await left.value();
    say(state, { type: 'proof' });
  } catch (error) {
    socket?.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A `run` that hangs does not close its end. */
function beat(state: State): void {
  state.beat = state.clock.after(seatEveryMs, () => {
    if (state.clock.up() - state.heardUp >= silentMs) return void state.socket?.destroy(new Error('the other seat is silent'));
    if (state.isJoined) say(state, { type: 'alive' });
    beat(state);
  });
}

function say({ socket }: State, message: FromRoom): void {
  if (socket && !sendLine(socket, message)) socket.destroy();
}

function lost(state: State, why: string): void {
  state.isJoined = false;
  state.beat();
  void state.clearProof();
  if (!state.isOver) later(state, why);
}

function later(state: State, why: string): void {
  note(state, `not joined: ${why}`);
  state.again = state.clock.after(backoffMs(state.failures, { ...backoff, random: state.random }), () => begin(state));
  state.failures += 1;
}

function note(state: State, word: string): void {
  if (word !== state.lastWord) state.log.info({}, word);
  state.lastWord = word;
}
