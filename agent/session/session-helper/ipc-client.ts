/** The session helper's end of the local channel. On Linux it connects and proves its user; on Windows it waits at a pipe. */
import { connect, type Server, type Socket } from 'node:net';
import { backoffMs, type Clock, messageOf, parseJsonAs } from '@sabha/contracts';
import type { Platform } from '../../platform/platform.ts';
import { leaveProof, ownSession } from '../../platform/questions/proof.ts';
import type { Log } from '../../uplink/store/log.ts';
import { type LocalAddress, listenLocally, readLines, sendLine, sessionPipeAddress } from './ipc-server.ts';
import { aliveEveryMs, type FromHelper, silentMs, type ToHelper, toHelper } from './messages.ts';

export type JoinOptions = {
  seat: LocalAddress;
  clock: Clock;
  random: () => number;
  platform: Pick<Platform, 'ask'>;
  log: Log;
  /** Called for each room message. `isFirst`: it is the first one since the helper joined the service. */
  onRoom(room: Extract<ToHelper, { type: 'room' }>, isFirst: boolean): void;
  onOrder(order: Extract<ToHelper, { type: 'order' }>): void;
  /** Called for each message of the service. */
  onAlive(): void;
};

const backoff = { firstMs: 2_000, maxMs: 30_000 };
const askLimitMs = 4_000;

type JoinState = ReturnType<typeof createState>;

function createState(options: JoinOptions) {
  return {
    ...options,
    server: undefined as Server | undefined,
    /** All connections, and when each last received a message. On Windows other users may open the pipe too, but cannot write to it. */
    lastReceivedUp: new Map<Socket, number>(),
    joined: undefined as Socket | undefined,
    isOver: false,
    failures: 0,
    /** Last log line, so that the same reason is not logged twice in a row. */
    logged: '',
  };
}

/** Connects the helper to the service. Guarantee: the helper sends nothing before the service has sent a message. */
export function createJoin(options: JoinOptions) {
  const state = createState(options);
  return {
    start(): void {
      void connectToService(state);
      checkConnections(state);
    },
    stop(): void {
      state.isOver = true;
      state.server?.close();
      for (const socket of state.lastReceivedUp.keys()) socket.destroy();
    },
    /** Sends a message to the service; does nothing if the helper has not joined. */
    send: (message: FromHelper) => state.joined && sendLine(state.joined, message),
  };
}

async function connectToService(state: JoinState): Promise<void> {
  const { seat, platform } = state;
  if (state.isOver) return;
  if (!seat.isPipe) return handleConnection(state, connect(seat.address));
  try {
    const session = await platform.ask(ownSession, AbortSignal.timeout(askLimitMs));
    if (!session.known) throw new Error(session.reason);
    const address = sessionPipeAddress(seat, session.value);
    state.server = await listenLocally({ address, isPipe: true, all: false, onSocket: (socket) => handleConnection(state, socket) });
  } catch (error) {
    retry(state, messageOf(error));
  }
}

function retry(state: JoinState, why: string): void {
  logOnce(state, `not joined: ${why}`);
  state.clock.after(backoffMs(state.failures, { ...backoff, random: state.random }), () => void connectToService(state));
  state.failures += 1;
}

function handleConnection(state: JoinState, socket: Socket): void {
  let why = 'the other process ended the connection';
  state.lastReceivedUp.set(socket, state.clock.up());
  socket.on('error', ({ message }) => {
    why = message;
  });
  socket.on('close', () => {
    state.lastReceivedUp.delete(socket);
    const wasJoined = state.joined === socket;
    if (wasJoined) state.joined = undefined;
    if (state.isOver) return;
    if (!state.seat.isPipe) retry(state, why);
    else if (wasJoined) logOnce(state, `not joined: ${why}`);
  });
  readLines(socket, (text) => {
    const message = parseJsonAs(toHelper, text);
    if (message?.type === 'refused') why = message.why;
    else if (message) receive(state, socket, message);
    else socket.destroy(new Error('a line of the other process cannot be read'));
  });
}

function receive(state: JoinState, socket: Socket, message: Exclude<ToHelper, { type: 'refused' }>): void {
  state.lastReceivedUp.set(socket, state.clock.up());
  if (message.type === 'prove') return void prove(state, socket, message.nonce);
  if (message.type === 'room') {
    const isFirst = state.joined !== socket;
    if (isFirst) logOnce(state, 'joined');
    Object.assign(state, { joined: socket, failures: 0 });
    state.onRoom(message, isFirst);
  } else if (message.type === 'order') state.onOrder(message);
  state.onAlive();
}

/** Writes the proof file. The file is removed when the service responds or the connection ends. */
async function prove({ platform }: JoinState, socket: Socket, nonce: string): Promise<void> {
  try {
    const left = await platform.ask(leaveProof(nonce), AbortSignal.timeout(askLimitMs));
    if (!left.known) throw new Error(left.reason);
    if (socket.destroyed) return void (await left.value());
    socket.once('data', () => void left.value()).once('close', () => void left.value());
    sendLine(socket, { type: 'proof' } satisfies FromHelper);
  } catch (error) {
    socket.destroy(new Error(messageOf(error)));
  }
}

/** Closes connections on which no message arrived for too long, because a service that hangs does not close them. */
function checkConnections(state: JoinState): void {
  const { clock, lastReceivedUp } = state;
  clock.after(aliveEveryMs, () => {
    if (state.isOver) return;
    for (const [socket, up] of lastReceivedUp) if (clock.up() - up >= silentMs) socket.destroy(new Error('the other process is silent'));
    if (state.joined) sendLine(state.joined, { type: 'alive' } satisfies FromHelper);
    checkConnections(state);
  });
}

function logOnce(state: JoinState, line: string): void {
  if (line !== state.logged) state.log.info({}, line);
  state.logged = line;
}
