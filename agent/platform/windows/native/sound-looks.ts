/** Looks at the sound, and words to it, from a thread of their own: one that hangs is given up, and named. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, messageOf, realClock } from '#contracts';
import type { Mute, Sound, SoundLook } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

/** What the thread is asked for, and does one after the other. */
export type ToThread = 'look' | Mute;
/** What it says: that it can look, and then what each look has seen and what became of each mute. */
export type FromThread = 'ready' | Answer<Sound> | { muted: Answer<true> };
/** As far as it is used here. */
export type SoundThread = {
  postMessage(word: ToThread): void;
  on(event: 'message', told: (message: FromThread) => void): unknown;
  on(event: 'error', told: (error: unknown) => void): unknown;
};

/** Whoever waits longer waits for a service that hangs: what Linux gives it too. */
const limitMs = 2_000;
const hung = { known: false, reason: 'audio server does not answer', isHung: true } as const;
const starting = { known: false, reason: 'not checked since the start' } as const;

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
  /** Whoever waits for a mute, the first one first. */
  muting: ((answer: Answer<true>) => void)[];
};

/** The looks and the mutes, and whether one is given up and has not come back. */
export type SoundLooks = { look(): Promise<SoundLook>; mute(change: Mute): Promise<Answer<true>>; isHung(): boolean };

/**
 * Guarantee: an answer comes within two seconds, and never more than one look is under way: a service that hangs holds one thread, and neither
 * the agent nor a second one. When it answers again the next look is a real one.
 */
export function createSoundLooks(begin: () => SoundThread, after: Clock['after']): SoundLooks {
  const none = { isReady: false, isAsked: false, isHung: false };
  const state: State = { begin, after, thread: undefined, ...none, waiting: [], limit: () => undefined, muting: [] };
  return {
    look: () => (state.isHung ? Promise.resolve(hung) : look(state)),
    mute: async (change) => (state.isHung ? hung : mute(state, change)),
    isHung: () => state.isHung,
  };
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

/** Of a thread that no look has begun yet nothing is asked: whoever mutes has looked before. */
async function mute(state: State, change: Mute): Promise<Answer<true>> {
  if (state.thread === undefined || !state.isReady) return starting;
  const asked = Promise.withResolvers<Answer<true>>();
  state.muting.push(asked.resolve);
  const limit = state.after(limitMs, () => {
    state.isHung = true;
    asked.resolve(hung);
  });
  state.thread.postMessage(change);
  return asked.promise.finally(limit);
}

function started(state: State): SoundThread {
  const thread = state.begin();
  state.isReady = false;
  thread.on('message', (message) => {
    state.isHung = false;
    if (message === 'ready') state.isReady = true;
    else if ('muted' in message) state.muting.shift()?.(message.muted);
    else {
      state.isAsked = false;
      tell(state, message);
    }
  });
  thread.on('error', (error) => {
    Object.assign(state, { thread: undefined, isAsked: false, isHung: false });
    const none = { known: false, reason: shortText(messageOf(error)) } as const;
    for (const resolve of state.muting.splice(0)) resolve(none);
    tell(state, none);
  });
  return thread;
}

function tell(state: State, answer: SoundLook): void {
  state.limit();
  for (const resolve of state.waiting.splice(0)) resolve(answer);
}

/** The looks of this process. A process that is to end waits for its threads: where one hangs, nothing but its own death ends it. */
export function openSoundLooks(begin: () => SoundThread): Omit<SoundLooks, 'isHung'> {
  const { isHung, ...sound } = createSoundLooks(begin, realClock().after);
  process.once('exit', () => {
    if (isHung()) process.kill(process.pid, 'SIGKILL');
  });
  return sound;
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
