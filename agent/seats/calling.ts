/** How `run` comes to the room seats of Windows: it opens no pipe of its own, and calls those that wait in the session of whoever sits at the PC. */
import { connect } from 'node:net';
import type { Cancel, Clock } from '#contracts';
import type { Answer, Platform } from '../platform/platform.ts';
import { pipeAt, wordsLeft } from '../platform/questions/proof.ts';
import { atConsole } from '../platform/questions/session.ts';
import { pipeOf, type SeatAddress } from './door.ts';
import type { Entrance } from './guests.ts';

/** Which seats are called, and to whom those lead who answer. */
export type CallingOptions = Entrance & { seat: SeatAddress; clock: Clock; platform: Pick<Platform, 'ask'> };

const lookEveryMs = 5_000;
/** No seat is called more often. One that starts anew has another word, and is called at once. */
const callEveryMs = 30_000;
const askLimitMs = 4_000;

/** `calledUp`: when each was last called, by its word; `live`: those that are connected. */
type State = CallingOptions & { calledUp: Map<string, number>; live: Set<string> };

/**
 * Calls until the result is called.
 * Guarantee: only a pipe that Windows says to be made in the session at the console is called, and none of its name can stand in its place meanwhile;
 * whoever made another is refused without a word of ours.
 */
export function callRooms(options: CallingOptions): Cancel {
  const state: State = { ...options, calledUp: new Map(), live: new Set() };
  let again: Cancel = () => undefined;
  let isOver = false;
  const look = async () => {
    await callAll(state);
    if (!isOver) again = state.clock.after(lookEveryMs, () => void look());
  };
  void look();
  return () => {
    isOver = true;
    again();
  };
}

async function callAll(state: State): Promise<void> {
  const { seat, calledUp } = state;
  const [words, speaker] = await Promise.all([asked(state, wordsLeft(seat.name)), asked(state, atConsole)]);
  if (!words.known || !speaker.known || speaker.value === null) return;
  for (const word of calledUp.keys()) if (!words.value.includes(word)) calledUp.delete(word);
  for (const word of words.value) if (isDue(state, word)) await call(state, word, speaker.value);
}

function isDue({ clock, calledUp, live }: State, word: string): boolean {
  return !live.has(word) && clock.up() - (calledUp.get(word) ?? Number.NEGATIVE_INFINITY) >= callEveryMs;
}

/** What cannot be asked is not known. */
function asked<T>({ platform }: State, question: Parameters<typeof platform.ask<T>>[0]): Promise<Answer<T>> {
  return platform.ask(question, AbortSignal.timeout(askLimitMs)).catch(() => ({ known: false, reason: 'not asked' }));
}

/** The pipe is held until the socket is there, so that it is this very pipe. */
async function call(state: State, word: string, console: number): Promise<void> {
  const { seat, clock, calledUp, live, enter, refuse } = state;
  const address = pipeOf(seat, word);
  const asking = await asked(state, pipeAt(address));
  if (!asking.known) return;
  const pipe = asking.value;
  calledUp.set(word, clock.up());
  if (pipe.session !== console) {
    pipe.close();
    return refuse('other');
  }
  live.add(word);
  const socket = connect(address);
  const connected = () => {
    pipe.close();
    enter(socket, pipe.session);
  };
  const closed = () => {
    pipe.close();
    live.delete(word);
  };
  socket
    .once('connect', connected)
    .once('close', closed)
    .on('error', () => undefined);
}
