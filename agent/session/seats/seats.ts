/** The room seat as the service sees it: what the seat last said of camera, sound and display, and what the service asks it to do. */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Cancel, type Check, type Clock, messageOf, type Profile, withinTime } from '@sabha/contracts';
import type { ProbeResult } from '../../checks/probe.ts';
import type { Order, Platform } from '../../platform/platform.ts';
import { pipeAt } from '../../platform/questions/proof.ts';
import { atConsole } from '../../platform/questions/session.ts';
import type { Known } from '../card/statement.ts';
import { createAdmission, type RoomMessage, refusals, type Speaker } from './admission.ts';
import { openDoor, pipeOf, type SeatAddress } from './door.ts';
import { type Mended, type RoomProbe, roomProbes, type SeatOrder, seatEveryMs, silentMs, type ToRoom } from './messages.ts';

/** Where the seats meet, and the events of the room seat. */
export type RoomSeatOptions = {
  clock: Clock;
  platform: Pick<Platform, 'ask'>;
  seat: SeatAddress;
  /** The user of this process, who alone is admitted where the system does not say who is at the console. */
  ownUid: number | undefined;
  onRefused(why: string): void;
  onMended(mended: Mended): void;
};

/** The service itself sees who is at the console, and sooner than its probe asks. */
export type Watched = RoomProbe | 'session';

/** The room seat of this PC. */
export type RoomSeat = ReturnType<typeof createRoomSeat>;

const lookEveryMs = seatEveryMs / 2;
const askLimitMs = 15_000;
const silent = { done: false, reason: 'room seat silent' } as const satisfies Order;
const notYet = 'not checked since the start';

type State = ReturnType<typeof createState>;

function createState(options: RoomSeatOptions) {
  return {
    ...options,
    lists: new Map<RoomProbe, Check[]>(),
    changes: new EventEmitter(),
    /** Orders that wait for their result, by number. */
    orders: new Map<number, (order: Order) => void>(),
    speaker: { known: false, reason: notYet } as Speaker,
    /** The last known user at the console; undefined before any was known. */
    lastUser: undefined as number | null | undefined,
    heardUp: options.clock.up(),
    /** Why the room is unknown, as the watchers last learned. */
    why: undefined as string | undefined,
    room: undefined as ToRoom | undefined,
    lastId: 0,
  };
}

/** Guarantee: each answer was given within three intervals by the user at the console; everything else is unknown. */
export function createRoomSeat(options: RoomSeatOptions) {
  const { clock, platform, seat, onRefused } = options;
  const state = createState(options);
  const { lists, changes, orders } = state;
  const admission = createAdmission({
    clock,
    platform,
    speaker: () => lookAtConsole(state),
    onJoined() {
      state.heardUp = clock.up();
      if (state.room) admission.send(state.room);
    },
    onMessage: (message) => receive(state, message),
    onLeft() {
      for (const end of orders.values()) end(silent);
    },
    onRefused: (why) => onRefused(refusals[why]),
  });
  async function look(): Promise<void> {
    clock.after(lookEveryMs, () => void look());
    admission.check();
    admission.send({ type: 'alive' });
    judge(state);
    const speaker = await lookAtConsole(state);
    admission.check(speaker);
    judge(state);
    if (!seat.isPipe || admission.isJoined() || !speaker.known || speaker.value === null) return;
    const socket = await callSession(seat, speaker.value, platform);
    if (socket === 'other') onRefused(refusals.other);
    else if (admission.isJoined()) socket?.destroy();
    else if (socket) admission.admit(socket, speaker.value);
  }
  return {
    /** Rejects where nothing can listen at the address: no room seat will join. */
    async open(): Promise<void> {
      await look();
      if (!seat.isPipe) await openDoor({ ...seat, all: true, onSocket: (socket) => admission.admit(socket) });
    },
    /** What the seat last said of one component; unknown with a reason where nobody vouches for it. */
    answer(probe: RoomProbe, profile: Profile): ProbeResult {
      const unknown = whyUnknown(state);
      const checks = lists.get(probe);
      return unknown === undefined && checks ? { checks } : { checks: expectedOf(probe, profile), unknown: unknown ?? notYet };
    },
    /** Calls back when the answer changes; for the session, when somebody signed in or out, or a seat became silent. */
    watch(what: Watched, changed: () => void): Cancel {
      changes.on(what, changed);
      return () => void changes.off(what, changed);
    },
    /** To be called whenever what is known may have changed. */
    tell({ pc, profile, place, checks }: Known): void {
      const room: ToRoom = { type: 'room', pc, profile, place, checks: [...checks] };
      if (JSON.stringify(room) === JSON.stringify(state.room)) return;
      state.room = room;
      admission.send(room);
    },
    /** Asks for something that needs the session; the result says why it cannot be done. */
    async ask(order: SeatOrder, cut?: AbortSignal): Promise<Order> {
      if (!admission.isJoined()) return silent;
      state.lastId += 1;
      const id = state.lastId;
      const { promise, resolve } = Promise.withResolvers<Order>();
      orders.set(id, resolve);
      admission.send({ type: 'order', id, order });
      const late: Order = { done: false, reason: 'the room seat did not answer in time' };
      return withinTime({ clock, limitMs: askLimitMs, late, cut }, () => promise).finally(() => orders.delete(id));
    },
  };
}

/** Another user has another camera: what the user before said is no longer true. */
async function lookAtConsole(state: State): Promise<Speaker> {
  const limit = AbortSignal.timeout(askLimitMs);
  const console: Speaker = await state.platform.ask(atConsole, limit).catch((error) => ({ known: false, reason: messageOf(error) }));
  if (console.known && state.lastUser !== undefined && state.lastUser !== console.value) {
    state.lists.clear();
    state.heardUp = Number.NEGATIVE_INFINITY;
  }
  if (console.known) state.lastUser = console.value;
  state.speaker = console;
  // Without logind no other user of the PC is known.
  return console.known || state.ownUid === undefined ? console : { known: true, value: state.ownUid };
}

function judge(state: State): void {
  const why = whyUnknown(state);
  if (why === silent.reason) state.lists.clear();
  if (why === state.why) return;
  state.why = why;
  for (const what of [...roomProbes, 'session']) state.changes.emit(what);
}

function whyUnknown({ speaker, clock, heardUp }: State): string | undefined {
  if (speaker.known && speaker.value === null) return refusals.nobody;
  return clock.up() - heardUp >= silentMs ? silent.reason : undefined;
}

/** The checks of a component that never answered. Camera, microphone and speaker have one even before a profile is known. */
function expectedOf(component: RoomProbe, { expected }: Profile): Check[] {
  const blank = { component, status: 'unknown', fault: null, reason: null } as const;
  if (component === 'sound') return [];
  const wanted = expected[component];
  if (wanted === undefined) return component === 'display' || component === 'program' ? [] : [{ ...blank, device: '' }];
  return wanted.map(({ match }, at) => ({ ...blank, device: `expected-${at + 1}`, ...(match !== undefined && { name: match }) }));
}

function receive(state: State, message: RoomMessage): void {
  state.heardUp = state.clock.up();
  if (message.type === 'done') state.orders.get(message.id)?.(message.result);
  else if (message.type === 'mended') state.onMended(message.mended);
  else if (message.type === 'checks') {
    for (const { name, checks } of message.probes) {
      // A check of another component than that of its probe is dropped.
      const own = checks.filter(({ component }) => component === name);
      const isNews = JSON.stringify(own) !== JSON.stringify(state.lists.get(name));
      state.lists.set(name, own);
      if (isNews) state.changes.emit(name);
    }
  }
  judge(state);
}

const pipeLimitMs = 4_000;

/**
 * The connection to the room seat of this session; undefined where none waits; 'other' where somebody in another session made the pipe.
 * Guarantee: Windows says in which session the pipe was made. The pipe is held open until the socket is connected, so it is the same pipe.
 */
async function callSession(seat: SeatAddress, session: number, platform: Pick<Platform, 'ask'>): Promise<Socket | 'other' | undefined> {
  const address = pipeOf(seat, session);
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
