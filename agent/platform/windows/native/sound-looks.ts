/** Looks at the sound from a thread of their own: one that hangs is given up, and named. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, messageOf, realClock } from '#contracts';
import type { Sound, SoundLook } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

/** What the thread says: that it can look, and then what each look has seen. */
export type FromThread = 'ready' | Answer<Sound>;
/** As far as it is used here. */
export type SoundThread = {
  postMessage(word: 'look'): void;
  on(event: 'message', told: (message: FromThread) => void): unknown;
  on(event: 'error', told: (error: unknown) => void): unknown;
};

/** Whoever waits longer waits for a service that hangs: what Linux gives it too. */
const limitMs = 2_000;
const hung: SoundLook = { known: false, reason: 'audio server does not answer', isHung: true };
const starting: SoundLook = { known: false, reason: 'not checked since the start' };

type State = {
  begin: () => SoundThread;
  after: Clock['after'];
  thread: SoundThread | undefined;
  isReady: boolean;
  /** The thread has a word that it has not answered. */
  isAsked: boolean;
  /** A look that was given up; it may come back yet. */
  isHung: boolean;
  waiting: ((look: SoundLook) => void)[];
  limit: Cancel;
};

/** The looks, and whether one is given up and has not come back. */
export type SoundLooks = { look(): Promise<SoundLook>; isHung(): boolean };

/**
 * Guarantee: an answer comes within two seconds, and never more than one look is under way: a service that hangs holds one thread, and neither
 * the agent nor a second one. When it answers again the next look is a real one.
 */
export function createSoundLooks(begin: () => SoundThread, after: Clock['after']): SoundLooks {
  const none = { isReady: false, isAsked: false, isHung: false };
  const state: State = { begin, after, thread: undefined, ...none, waiting: [], limit: () => undefined };
  return { look: () => (state.isHung ? Promise.resolve(hung) : look(state)), isHung: () => state.isHung };
}

function look(state: State): Promise<SoundLook> {
  const asked = Promise.withResolvers<SoundLook>();
  state.waiting.push(asked.resolve);
  if (state.waiting.length > 1) return asked.promise;
  state.limit = state.after(limitMs, () => {
    state.isHung = state.isReady;
    tell(state, state.isReady ? hung : starting);
  });
  state.thread ??= started(state);
  if (!state.isAsked) state.thread.postMessage('look');
  state.isAsked = true;
  return asked.promise;
}

function started(state: State): SoundThread {
  const thread = state.begin();
  state.isReady = false;
  thread.on('message', (message) => {
    state.isHung = false;
    if (message === 'ready') state.isReady = true;
    else {
      state.isAsked = false;
      tell(state, message);
    }
  });
  thread.on('error', (error) => {
    Object.assign(state, { thread: undefined, isAsked: false, isHung: false });
    tell(state, { known: false, reason: shortText(messageOf(error)) });
  });
  return thread;
}

function tell(state: State, answer: SoundLook): void {
  state.limit();
  for (const resolve of state.waiting.splice(0)) resolve(answer);
}

/** The looks of this process. A process that is to end waits for its threads: where one hangs, nothing but its own death ends it. */
export function openSoundLooks(begin: () => SoundThread): SoundLooks['look'] {
  const { look, isHung } = createSoundLooks(begin, realClock().after);
  process.once('exit', () => {
    if (isHung()) process.kill(process.pid, 'SIGKILL');
  });
  return look;
}

/** Set where the agent was packed into one file: the thread's own code. */
declare const SABHA_SOUND_THREAD: string | undefined;
/** A look needs less than a megabyte; a thread that asks for more begins anew. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 };

/** The thread as it is. It keeps no process from its end. */
export function beginSoundThread(): SoundThread {
  const options = { resourceLimits, execArgv: [] };
  const thread =
    typeof SABHA_SOUND_THREAD === 'string'
      ? new Worker(SABHA_SOUND_THREAD, { ...options, eval: true })
      : new Worker(new URL('./sound-thread.ts', import.meta.url), options);
  thread.unref();
  return thread;
}
