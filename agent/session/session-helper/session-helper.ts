/** Session helper as the service sees it: its last checks of camera, sound and display, and the orders to it. */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Cancel, type Check, type Clock, messageOf, type Profile, withTimeout } from '@sabha/contracts';
import type { ProbeResult } from '../../checks/probe.ts';
import type { OrderResult, Platform } from '../../platform/platform.ts';
import { pipeAt } from '../../platform/questions/proof.ts';
import { atConsole } from '../../platform/questions/session.ts';
import type { RoomFacts } from '../card/statement.ts';
import { type LocalAddress, listenLocally, sessionPipeAddress } from './ipc-server.ts';
import { aliveEveryMs, type HelperOrder, type RepairReport, type RoomProbe, roomProbes, silentMs, type ToHelper } from './messages.ts';
import { type ConsoleUser, createAdmission, type RoomMessage, refusals } from './peer-auth.ts';

export type SessionHelperOptions = {
  clock: Clock;
  platform: Pick<Platform, 'ask'>;
  seat: LocalAddress;
  /** User of this process, the only one admitted if the system does not report the user at the console. */
  ownUid: number | undefined;
  onRefused(why: string): void;
  onRepaired(mended: RepairReport): void;
};

/** Results that can be watched: those of the helper, and the session, whose changes the service itself detects. */
export type WatchedProbe = RoomProbe | 'session';

export type SessionHelper = ReturnType<typeof createSessionHelper>;

const lookEveryMs = aliveEveryMs / 2;
const askLimitMs = 15_000;
const silent = { done: false, reason: 'the session helper is silent' } as const satisfies OrderResult;
const notYet = 'not checked since the start';

type HelperState = ReturnType<typeof createState>;

function createState(options: SessionHelperOptions) {
  return {
    ...options,
    lists: new Map<RoomProbe, Check[]>(),
    changes: new EventEmitter(),
    orders: new Map<number, (order: OrderResult) => void>(),
    speaker: { known: false, reason: notYet } as ConsoleUser,
    /** Last known user at the console; undefined before a user is known. */
    lastUser: undefined as number | null | undefined,
    lastReceivedUp: options.clock.up(),
    /** Reason why the results of the helper are unknown, as of the last call of the watchers. */
    why: undefined as string | undefined,
    room: undefined as ToHelper | undefined,
    lastId: 0,
  };
}

/** Guarantee: a result counts only if the user at the console sent it within three intervals. Otherwise the result is unknown. */
export function createSessionHelper(options: SessionHelperOptions) {
  const { clock, platform, seat, onRefused } = options;
  const state = createState(options);
  const { lists, changes, orders } = state;
  const admission = createAdmission({
    clock,
    platform,
    speaker: () => readConsoleUser(state),
    onJoined() {
      state.lastReceivedUp = clock.up();
      if (state.room) admission.send(state.room);
    },
    onMessage: (message) => receive(state, message),
    onLeft() {
      for (const end of orders.values()) end(silent);
    },
    onRefused: (why) => onRefused(refusals[why]),
  });
  async function poll(): Promise<void> {
    clock.after(lookEveryMs, () => void poll());
    admission.check();
    admission.send({ type: 'alive' });
    updateAvailability(state);
    const speaker = await readConsoleUser(state);
    admission.check(speaker);
    updateAvailability(state);
    if (!seat.isPipe || admission.isJoined() || !speaker.known || speaker.value === null) return;
    const socket = await joinSession(seat, speaker.value, platform);
    if (socket === 'other') onRefused(refusals.other);
    else if (admission.isJoined()) socket?.destroy();
    else if (socket) admission.admit(socket, speaker.value);
  }
  return {
    /** Rejects if the address cannot be opened: then no helper can join. */
    async open(): Promise<void> {
      await poll();
      if (!seat.isPipe) await listenLocally({ ...seat, all: true, onSocket: (socket) => admission.admit(socket) });
    },
    /** Returns the last checks of one component, or unknown with a reason. */
    answer(probe: RoomProbe, profile: Profile): ProbeResult {
      const unknown = whyUnknown(state);
      const checks = lists.get(probe);
      return unknown === undefined && checks ? { checks } : { checks: unknownChecksOf(probe, profile), unknown: unknown ?? notYet };
    },
    /** Calls back when the result changes; for the session, when a user signs in or out, or the helper becomes silent. */
    watch(what: WatchedProbe, changed: () => void): Cancel {
      changes.on(what, changed);
      return () => void changes.off(what, changed);
    },
    /** Sends the facts of the room to the helper. Callers call it whenever a fact may have changed. */
    tell({ pc, profile, place, docs, checks }: RoomFacts): void {
      const room: ToHelper = { type: 'room', pc, profile, place, docs, checks: [...checks] };
      if (JSON.stringify(room) === JSON.stringify(state.room)) return;
      state.room = room;
      admission.send(room);
    },
    /** Sends an order that needs the session; the result gives the reason of a failure. */
    async ask(order: HelperOrder, cut?: AbortSignal): Promise<OrderResult> {
      if (!admission.isJoined()) return silent;
      state.lastId += 1;
      const id = state.lastId;
      const { promise, resolve } = Promise.withResolvers<OrderResult>();
      orders.set(id, resolve);
      admission.send({ type: 'order', id, order });
      const timeoutValue: OrderResult = { done: false, reason: 'the session helper did not answer in time' };
      return withTimeout({ clock, limitMs: askLimitMs, timeoutValue, cut }, () => promise).finally(() => orders.delete(id));
    },
  };
}

/** Reads who is at the console. If the user changed, it drops the checks of the previous user, who may have another camera. */
async function readConsoleUser(state: HelperState): Promise<ConsoleUser> {
  const limit = AbortSignal.timeout(askLimitMs);
  const console: ConsoleUser = await state.platform.ask(atConsole, limit).catch((error) => ({ known: false, reason: messageOf(error) }));
  if (console.known && state.lastUser !== undefined && state.lastUser !== console.value) {
    state.lists.clear();
    state.lastReceivedUp = Number.NEGATIVE_INFINITY;
  }
  if (console.known) state.lastUser = console.value;
  state.speaker = console;
  // On a system without logind only the user of this process is admitted.
  return console.known || state.ownUid === undefined ? console : { known: true, value: state.ownUid };
}

function updateAvailability(state: HelperState): void {
  const why = whyUnknown(state);
  if (why === silent.reason) state.lists.clear();
  if (why === state.why) return;
  state.why = why;
  for (const what of [...roomProbes, 'session']) state.changes.emit(what);
}

function whyUnknown({ speaker, clock, lastReceivedUp }: HelperState): string | undefined {
  if (speaker.known && speaker.value === null) return refusals.nobody;
  return clock.up() - lastReceivedUp >= silentMs ? silent.reason : undefined;
}

/** Returns unknown checks for a component without results. Camera, microphone and speaker have one even before a profile is known. */
function unknownChecksOf(component: RoomProbe, { expected }: Profile): Check[] {
  const blank = { component, status: 'unknown', fault: null, reason: null } as const;
  if (component === 'sound') return [];
  const wanted = expected[component];
  if (wanted === undefined) return component === 'display' || component === 'program' ? [] : [{ ...blank, device: '' }];
  return wanted.map(({ match }, at) => ({ ...blank, device: `expected-${at + 1}`, ...(match !== undefined && { name: match }) }));
}

function receive(state: HelperState, message: RoomMessage): void {
  state.lastReceivedUp = state.clock.up();
  if (message.type === 'done') state.orders.get(message.id)?.(message.result);
  else if (message.type === 'mended') state.onRepaired(message.mended);
  else if (message.type === 'checks') {
    for (const { name, checks } of message.probes) {
      // A check that does not belong to the component of its probe is dropped.
      const own = checks.filter(({ component }) => component === name);
      const isNews = JSON.stringify(own) !== JSON.stringify(state.lists.get(name));
      state.lists.set(name, own);
      if (isNews) state.changes.emit(name);
    }
  }
  updateAvailability(state);
}

const pipeLimitMs = 4_000;

/**
 * Connects to the helper of this Windows session. Undefined if no helper waits; 'other' if another session created the pipe.
 * Guarantee: Windows reports the session that created the pipe. The pipe is held open until the socket is connected, so nobody can
 * replace it.
 */
async function joinSession(seat: LocalAddress, session: number, platform: Pick<Platform, 'ask'>): Promise<Socket | 'other' | undefined> {
  const address = sessionPipeAddress(seat, session);
  const pipe = await platform.ask(pipeAt(address), AbortSignal.timeout(pipeLimitMs));
  if (!pipe.known) return undefined;
  try {
    if (pipe.value.session !== session) return 'other';
    const socket = connect(address).on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  } catch {
    return undefined;
  } finally {
    pipe.value.close();
  }
}
