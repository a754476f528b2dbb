/** Questions to services and drivers of Windows, from a thread of their own: what hangs is given up, named, and holds nothing else up. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, messageOf, realClock } from '@sabha/contracts';
import type { Native, Slow, Told } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

/** What the thread is asked, one after the other. */
export type ToThread = { what: keyof Slow; args: unknown[] };
/** What it says: that it can be asked, and then what each question was answered with. */
export type FromThread = 'ready' | Answer<unknown>;
/** As far as it is used here. */
export type Thread = {
  postMessage(question: ToThread): void;
  on(event: 'message', told: (message: FromThread) => void): unknown;
  on(event: 'error', told: (error: unknown) => void): unknown;
  terminate(): unknown;
};

/** Whoever waits longer waits for what hangs: what Linux gives its sound too. */
const limitMs = 2_000;
/** So many threads may hang, each in another part of Windows; then nothing is asked until one comes back. */
const mostHung = 3;
const starting = { known: false, reason: 'not checked since the start' } as const;
const silent = { known: false, reason: 'Windows does not answer' } as const;
const silentSound = { known: false, reason: 'audio server does not answer' } as const;

/** What hangs together. */
const parts: Readonly<Record<keyof Slow, string>> = {
  sound: 'sound',
  mute: 'sound',
  devices: 'devices',
  marks: 'devices',
  service: 'services',
  consoleSession: 'sessions',
  screens: 'screens',
};

type Question = ToThread & { tell: ((answer: Told<unknown>) => void)[] };
type State = {
  begin: () => Thread;
  after: Clock['after'];
  thread: Thread | undefined;
  isReady: boolean;
  /** What the thread has been given and not answered. */
  asked: Question | undefined;
  queue: Question[];
  /** Of the question in the thread, or of its start. */
  limit: Cancel | undefined;
  /** Threads that were given up, and in what; they may come back yet. */
  hung: Map<Thread, string>;
};

/**
 * Guarantee: a question whose turn it is is answered within two seconds, and one part of Windows holds one thread at most, and neither the agent
 * nor the other parts: these go on in a new thread. When it answers again it is asked again. No thread is left over.
 */
export function createAsking(begin: () => Thread, after: Clock['after']): { ask: Native['ask']; isHung(): boolean } {
  const none = { thread: undefined, isReady: false, asked: undefined, limit: undefined };
  const state: State = { begin, after, ...none, queue: [], hung: new Map() };
  return {
    ask: (what, ...args) => ask(state, what, args) as Promise<Told<never>>,
    isHung: () => state.hung.size > 0,
  };
}

async function ask(state: State, what: keyof Slow, args: unknown[]): Promise<Told<unknown>> {
  const refused = refusal(state, what);
  if (refused !== undefined) return refused;
  const { promise, resolve } = Promise.withResolvers<Told<unknown>>();
  // Words with something to say are each their own.
  const same = [state.asked, ...state.queue].find((one) => one?.what === what && args.length === 0);
  if (same === undefined) state.queue.push({ what, args, tell: [resolve] });
  else same.tell.push(resolve);
  next(state);
  return promise;
}

/** Why a question is not asked now. */
function refusal({ hung }: State, what: keyof Slow): Told<never> | undefined {
  if ([...hung.values()].includes(parts[what])) return { ...(parts[what] === 'sound' ? silentSound : silent), isHung: true };
  return hung.size < mostHung ? undefined : silent;
}

function next(state: State): void {
  const [first] = state.queue;
  if (state.asked !== undefined || first === undefined) return;
  state.thread ??= started(state);
  if (state.isReady) {
    state.asked = state.queue.shift();
    state.thread.postMessage({ what: first.what, args: first.args });
    state.limit = state.after(limitMs, () => giveUp(state));
  } else
    state.limit ??= state.after(limitMs, () => {
      state.limit = undefined;
      tell(state.queue.splice(0), starting);
    });
}

function started(state: State): Thread {
  const thread = state.begin();
  state.isReady = false;
  thread.on('message', (message) => {
    if (state.hung.delete(thread)) return comeBack(state, thread);
    if (message === 'ready') state.isReady = true;
    else tell(taken(state), message);
    endLimit(state);
    next(state);
  });
  thread.on('error', (error) => {
    if (state.hung.delete(thread)) return;
    // One that cannot start would not start for the next question either.
    const lost = state.isReady ? taken(state) : state.queue.splice(0);
    state.thread = undefined;
    endLimit(state);
    tell(lost, { known: false, reason: shortText(messageOf(error)) });
    next(state);
  });
  return thread;
}

function giveUp(state: State): void {
  const [lost] = taken(state);
  if (state.thread === undefined || lost === undefined) return;
  state.hung.set(state.thread, parts[lost.what]);
  Object.assign(state, { thread: undefined, limit: undefined });
  for (const one of [lost, ...state.queue.splice(0)]) {
    const refused = refusal(state, one.what);
    if (refused === undefined) state.queue.push(one);
    else tell([one], refused);
  }
  next(state);
}

/** A thread that came back goes on, where no other has taken its place. */
function comeBack(state: State, thread: Thread): void {
  if (state.thread !== undefined) return void thread.terminate();
  state.thread = thread;
  state.isReady = true;
}

function taken(state: State): Question[] {
  const { asked } = state;
  state.asked = undefined;
  return asked === undefined ? [] : [asked];
}

function endLimit(state: State): void {
  state.limit?.();
  state.limit = undefined;
}

function tell(questions: readonly Question[], answer: Told<unknown>): void {
  for (const resolve of questions.flatMap((one) => one.tell)) resolve(answer);
}

/** The questions of this process. A process that is to end waits for its threads: where one hangs, nothing but its own death ends it. */
export function openAsking(begin: () => Thread): Native['ask'] {
  const { ask, isHung } = createAsking(begin, realClock().after);
  process.once('exit', () => {
    if (isHung()) process.kill(process.pid, 'SIGKILL');
  });
  return ask;
}

/** Set where the agent was packed into one file: the thread's own code. */
declare const SABHA_ASKING_THREAD: string | undefined;
/** A look needs less than a megabyte; a thread that asks for more begins anew. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 };

/** The thread as it is. It keeps no process from its end. */
export function beginThread(): Thread {
  const options = { resourceLimits, execArgv: [] };
  const thread =
    typeof SABHA_ASKING_THREAD === 'string'
      ? new Worker(SABHA_ASKING_THREAD, { ...options, eval: true })
      : new Worker(new URL('./asking-thread.ts', import.meta.url), options);
  thread.unref();
  return thread;
}
