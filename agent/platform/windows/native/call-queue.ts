/** Calls services and drivers of Windows in a worker thread. A hanging call times out, is reported, and blocks no other call. */
import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, messageOf, realClock } from '@sabha/contracts';
import type { BlockingCalls, CallResult, Native } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

/** A call that the worker thread makes. The thread makes one call after another. */
export type ToThread = { what: keyof BlockingCalls; args: unknown[] };
/** Messages of the worker thread: `ready` after its start, then the result of each call. */
export type FromThread = 'ready' | Answer<unknown>;
/** The methods of `Worker` that the call queue uses, so that a test can replace it. */
export type Thread = {
  postMessage(question: ToThread): void;
  on(event: 'message', told: (message: FromThread) => void): unknown;
  on(event: 'error', told: (error: unknown) => void): unknown;
  terminate(): unknown;
};

/** Time limit of a call, the same as for the sound server on Linux. */
const limitMs = 2_000;
/** Limit of hanging threads, each in another part of Windows. At the limit no call is made until one of them returns. */
const mostHung = 3;
const starting = { known: false, reason: 'not checked since the start' } as const;
const silent = { known: false, reason: 'Windows does not answer' } as const;
const silentSound = { known: false, reason: 'audio server does not answer' } as const;

/** The part of Windows that each call uses. If one call hangs, other calls to the same part hang too. */
const parts: Readonly<Record<keyof BlockingCalls, string>> = {
  sound: 'sound',
  mute: 'sound',
  devices: 'devices',
  marks: 'devices',
  service: 'services',
  consoleSession: 'sessions',
  screens: 'screens',
};

type PendingCall = ToThread & { tell: ((answer: CallResult<unknown>) => void)[] };
type CallQueueState = {
  begin: () => Thread;
  after: Clock['after'];
  thread: Thread | undefined;
  isReady: boolean;
  /** The call that the thread is making. */
  asked: PendingCall | undefined;
  queue: PendingCall[];
  /** Cancels the timer of the running call, or of the thread's start. */
  limit: Cancel | undefined;
  /** Replaced threads, with the part of Windows in which each one hangs. A hanging thread may still return. */
  hung: Map<Thread, string>;
};

/**
 * Guarantee: a call returns within two seconds after it starts. A part of Windows that hangs blocks at most one thread; a new thread
 * makes the calls to the other parts. A part is called again after its thread returns. Threads that are no longer needed are ended.
 */
export function createCallQueue(begin: () => Thread, after: Clock['after']): { ask: Native['ask']; isHung(): boolean } {
  const none = { thread: undefined, isReady: false, asked: undefined, limit: undefined };
  const state: CallQueueState = { begin, after, ...none, queue: [], hung: new Map() };
  return { ask: (what, ...args) => ask(state, what, args) as Promise<CallResult<never>>, isHung: () => state.hung.size > 0 };
}

async function ask(state: CallQueueState, what: keyof BlockingCalls, args: unknown[]): Promise<CallResult<unknown>> {
  const refused = refusal(state, what);
  if (refused !== undefined) return refused;
  const { promise, resolve } = Promise.withResolvers<CallResult<unknown>>();
  // A call without arguments shares the result of the same call that waits or runs.
  const same = [state.asked, ...state.queue].find((one) => one?.what === what && args.length === 0);
  if (same === undefined) state.queue.push({ what, args, tell: [resolve] });
  else same.tell.push(resolve);
  next(state);
  return promise;
}

/** Returns the reason why a call must not be made now; undefined if it can be made. */
function refusal({ hung }: CallQueueState, what: keyof BlockingCalls): CallResult<never> | undefined {
  if ([...hung.values()].includes(parts[what])) return { ...(parts[what] === 'sound' ? silentSound : silent), isHung: true };
  return hung.size < mostHung ? undefined : silent;
}

function next(state: CallQueueState): void {
  const [first] = state.queue;
  if (state.asked !== undefined || first === undefined) return;
  state.thread ??= started(state);
  if (state.isReady) {
    state.asked = state.queue.shift();
    state.thread.postMessage({ what: first.what, args: first.args });
    state.limit = state.after(limitMs, () => abandonThread(state));
  } else
    state.limit ??= state.after(limitMs, () => {
      state.limit = undefined;
      tell(state.queue.splice(0), starting);
    });
}

function started(state: CallQueueState): Thread {
  const thread = state.begin();
  state.isReady = false;
  thread.on('message', (message) => {
    if (state.hung.delete(thread)) return reuseThread(state, thread);
    if (message === 'ready') state.isReady = true;
    else tell(takeRunningCall(state), message);
    endLimit(state);
    next(state);
  });
  thread.on('error', (error) => {
    if (state.hung.delete(thread)) return;
    // A thread that failed to start would fail for the waiting calls too, so all of them fail.
    const lost = state.isReady ? takeRunningCall(state) : state.queue.splice(0);
    state.thread = undefined;
    endLimit(state);
    tell(lost, { known: false, reason: shortText(messageOf(error)) });
    next(state);
  });
  return thread;
}

function abandonThread(state: CallQueueState): void {
  const [lost] = takeRunningCall(state);
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

/** Reuses a thread that returned, unless a new one has replaced it. */
function reuseThread(state: CallQueueState, thread: Thread): void {
  if (state.thread !== undefined) return void thread.terminate();
  state.thread = thread;
  state.isReady = true;
}

function takeRunningCall(state: CallQueueState): PendingCall[] {
  const { asked } = state;
  state.asked = undefined;
  return asked === undefined ? [] : [asked];
}

function endLimit(state: CallQueueState): void {
  state.limit?.();
  state.limit = undefined;
}

function tell(questions: readonly PendingCall[], answer: CallResult<unknown>): void {
  for (const resolve of questions.flatMap((one) => one.tell)) resolve(answer);
}

/** Returns the call queue of this process. Node waits for its threads at exit, so the process kills itself if a thread hangs. */
export function openCallQueue(begin: () => Thread): Native['ask'] {
  const { ask, isHung } = createCallQueue(begin, realClock().after);
  process.once('exit', () => {
    if (isHung()) process.kill(process.pid, 'SIGKILL');
  });
  return ask;
}

/** Source code of the worker thread; defined if the agent is packed into one file. */
declare const SABHA_ASKING_THREAD: string | undefined;
/** Memory limits of the worker thread. A call needs less than 1 MB. A thread that exceeds the limits is restarted. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 };

/** Starts the worker thread. It does not keep the process running. */
export function beginThread(): Thread {
  const options = { resourceLimits, execArgv: [] };
  const thread =
    typeof SABHA_ASKING_THREAD === 'string'
      ? new Worker(SABHA_ASKING_THREAD, { ...options, eval: true })
      : new Worker(new URL('./call-queue-thread.ts', import.meta.url), options);
  thread.unref();
  return thread;
}
