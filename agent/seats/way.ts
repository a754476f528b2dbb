/** How the room seat comes to `run`: it knocks at a socket, or on Windows waits at a pipe of its own until it is called. */
import { randomBytes } from 'node:crypto';
import { connect, type Server, type Socket } from 'node:net';
import { type Cancel, type Clock, messageOf } from '#contracts';
import type { Platform } from '../platform/platform.ts';
import { leaveWord } from '../platform/questions/proof.ts';
import { openDoor, pipeOf, type SeatAddress } from './door.ts';
import { seatEveryMs } from './messages.ts';

/** One try: it ends with a socket, or with the reason why there is none. */
export type Way = (tell: { socket(socket: Socket): void; failed(why: string): void }) => Cancel;

/** Of those who open the pipe and say nothing; one more ends the oldest. */
const muteAtMost = 8;
const muteMs = 5_000;

/** The way from here to the `run` at this address. */
export function wayTo(seat: SeatAddress, given: Given): Way {
  return seat.isPipe ? createWaiting(seat, given) : knockAt(seat.address);
}

/** For a socket in a folder that only `run` can write. */
export function knockAt(address: string): Way {
  return ({ socket }) => {
    socket(connect(address));
    return () => undefined;
  };
}

type Given = { clock: Clock; platform: Pick<Platform, 'ask'> };
type State = Given & {
  seat: SeatAddress;
  word: string;
  server: Promise<Server> | undefined;
  mute: Set<Socket>;
  take: (socket: Socket) => void;
};

/**
 * A pipe of a new name at each start, which stands in the registry of this user as long as nobody has called.
 * Guarantee: nothing is said to whoever has not spoken: to the pipe of a user only he, SYSTEM and administrators can write.
 */
function createWaiting(seat: SeatAddress, given: Given): Way {
  const refuse = (socket: Socket) => void socket.destroy();
  const state: State = { ...given, seat, word: randomBytes(16).toString('hex'), server: undefined, mute: new Set(), take: refuse };
  return ({ socket, failed }) => {
    let again: Cancel = () => undefined;
    let isOver = false;
    const over = () => {
      isOver = true;
      again();
      state.take = refuse;
    };
    state.take = (one) => {
      over();
      socket(one);
    };
    const wait = async () => {
      const why = await leave(state).catch(messageOf);
      if (isOver) return;
      if (why === undefined) again = state.clock.after(seatEveryMs, () => void wait());
      else {
        over();
        failed(why);
      }
    };
    void wait();
    return over;
  };
}

/** Opens the pipe where that is not done, and says where it is. What it says is why that cannot be done. */
async function leave(state: State): Promise<string | undefined> {
  const { seat, word, platform } = state;
  state.server ??= openDoor({ address: pipeOf(seat, word), isPipe: true, all: false, onSocket: (socket) => hold(state, socket) });
  await state.server.catch((error: unknown) => {
    state.server = undefined;
    throw error;
  });
  const left = await platform.ask(leaveWord(seat.name, word), AbortSignal.timeout(muteMs));
  return left.known ? undefined : left.reason;
}

/** Until it has said something. Others than those who may speak can open the pipe to listen. */
function hold(state: State, socket: Socket): void {
  const { mute, clock } = state;
  const tooLong = clock.after(muteMs, () => void socket.destroy());
  const forget = () => {
    tooLong();
    mute.delete(socket);
  };
  mute.add(socket);
  socket.on('error', () => undefined).on('close', forget);
  if (mute.size > muteAtMost) [...mute][0]?.destroy();
  socket.once('readable', () => {
    if (socket.readableLength === 0) return void socket.destroy();
    forget();
    state.take(socket);
    socket.resume();
  });
}
