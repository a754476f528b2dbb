/** The room seat as `run` sees it: what it last said of camera, sound and display, and what it is asked. */
import { type Cancel, type Check, type Clock, messageOf, type Profile, withinTime } from '#contracts';
import type { Known } from '../card/statement.ts';
import type { ProbeResult } from '../checks/probe.ts';
import type { Order, Platform } from '../platform/platform.ts';
import { ownerOfProof } from '../platform/questions/proof.ts';
import { atConsole } from '../platform/questions/session.ts';
import { createGuests, type Entrance, type Guests, refusals, type Speaker } from './guests.ts';
import { type FromRoom, type Mended, type RoomProbe, roomProbes, type SeatOrder, seatEveryMs, silentMs, type ToRoom } from './messages.ts';

/** Where the door is, and by what is judged who comes in. */
export type RoomSeatOptions = {
  clock: Clock;
  random: () => number;
  platform: Pick<Platform, 'ask'>;
  /** The user of this process, who alone is let in where the system does not say who sits at the PC. */
  ownUid: number | undefined;
  open(entrance: Entrance): Promise<unknown>;
  /** Each is told, with how many there were since the start. */
  onRefused(why: string, count: number): void;
  onMended(mended: Mended): void;
};

/** Who sits here is seen by `run`, and sooner than its probe asks. */
export type Watched = RoomProbe | 'session';

/** The room seat of this PC, wherever it is. */
export type RoomSeat = {
  /** Rejects where the door cannot be opened: nobody will join. */
  open(): Promise<void>;
  /** What it last said of one component; unknown with a reason where nobody vouches for it. */
  answer(probe: RoomProbe, profile: Profile): ProbeResult;
  /** Calls back when that is another answer now; of the session, when it may be one: somebody came or went, or a seat fell silent. */
  watch(what: Watched, changed: () => void): Cancel;
  /** To be called whenever it may be something else. */
  tell(known: Known): void;
  /** Asks for something that needs the session; what cannot be done says why. */
  ask(order: SeatOrder, signal?: AbortSignal): Promise<Order>;
};

const lookEveryMs = seatEveryMs / 2;
const askLimitMs = 15_000;
const gone: Order = { done: false, reason: 'room seat silent' };
const notYet = 'not checked since the start';

type State = Omit<RoomSeatOptions, 'onRefused'> & {
  guests: Guests;
  lists: Map<RoomProbe, Check[]>;
  watchers: Map<() => void, Watched>;
  asked: Map<number, (order: Order) => void>;
  speaker: Speaker;
  /** The last that was known to sit here; undefined before any was. */
  sat: number | null | undefined;
  heardUp: number;
  /** Why nobody vouches for the room, as last told to the watchers. */
  why: string | undefined;
  room: Extract<ToRoom, { type: 'room' }> | undefined;
  lastId: number;
};

/**
 * Guarantee: what it answers was said within three intervals by the user who sits at this PC; everything else is unknown. Whoever else knocks
 * is refused and counted, and changes no answer.
 */
export function createRoomSeat(options: RoomSeatOptions): RoomSeat {
  const { clock, random, platform, onRefused } = options;
  let count = 0;
  const guests = createGuests({
    clock,
    random,
    speaker: async () => speakerOf(options, await lookAtConsole(state)),
    ownerOf: (nonce) => platform.ask(ownerOfProof(nonce), AbortSignal.timeout(askLimitMs)),
    onJoined() {
      state.heardUp = clock.up();
      if (state.room) guests.send(state.room);
    },
    onSaid: (message) => said(state, message),
    onGone() {
      for (const end of state.asked.values()) end(gone);
    },
    onRefused(why) {
      count += 1;
      onRefused(why, count);
    },
  });
  const state: State = {
    ...options,
    guests,
    lists: new Map(),
    watchers: new Map(),
    asked: new Map(),
    speaker: { known: false, reason: notYet },
    sat: undefined,
    heardUp: clock.up(),
    why: undefined,
    room: undefined,
    lastId: 0,
  };
  return {
    async open() {
      await look(state);
      await state.open(guests);
    },
    answer: (probe, profile) => answer(state, probe, profile),
    watch(what, changed) {
      state.watchers.set(changed, what);
      return () => void state.watchers.delete(changed);
    },
    tell: (known) => tell(state, known),
    ask: (order, signal) => askRoom(state, order, signal),
  };
}

/** A PC without logind has no other users that we know of. */
function speakerOf({ ownUid }: Pick<RoomSeatOptions, 'ownUid'>, console: Speaker): Speaker {
  return console.known || ownUid === undefined ? console : { known: true, value: ownUid };
}

/** Whether the seat still speaks, and who sits here, which the disk may take its time to say. */
async function look(state: State): Promise<void> {
  state.clock.after(lookEveryMs, () => void look(state));
  state.guests.look();
  state.guests.send({ type: 'alive' });
  judge(state);
  state.guests.look(speakerOf(state, await lookAtConsole(state)));
  judge(state);
}

/** Another user has another camera, and nothing of what the one before him said is true any more. */
async function lookAtConsole(state: State): Promise<Speaker> {
  const limit = AbortSignal.timeout(askLimitMs);
  const console = await state.platform.ask(atConsole, limit).catch((error) => ({ known: false as const, reason: messageOf(error) }));
  const { sat } = state;
  if (console.known) state.sat = console.value;
  if (console.known && sat !== undefined && sat !== console.value) {
    state.lists.clear();
    state.heardUp = Number.NEGATIVE_INFINITY;
  }
  state.speaker = console;
  return console;
}

function judge(state: State): void {
  const why = whyUnknown(state);
  if (why === 'room seat silent') state.lists.clear();
  if (why === state.why) return;
  state.why = why;
  for (const what of [...roomProbes, 'session'] as const) changed(state, what);
}

function whyUnknown({ speaker, clock, heardUp }: State): string | undefined {
  if (speaker.known && speaker.value === null) return refusals.nobody;
  return clock.up() - heardUp >= silentMs ? 'room seat silent' : undefined;
}

function changed({ watchers }: State, what: Watched): void {
  for (const [tellOne, one] of watchers) if (one === what) tellOne();
}

function answer(state: State, probe: RoomProbe, profile: Profile): ProbeResult {
  const unknown = whyUnknown(state);
  const checks = state.lists.get(probe);
  return unknown === undefined && checks ? { checks } : { checks: expectedOf(probe, profile), unknown: unknown ?? notYet };
}

/** What there would be to say of a component, where it never said anything. Picture and sound are asked for even before a profile is known. */
function expectedOf(component: RoomProbe, { expected }: Profile): Check[] {
  const blank = { component, status: 'unknown', fault: null, reason: null } as const;
  if (component === 'sound') return [];
  const wanted = expected[component];
  if (wanted === undefined) return component === 'display' || component === 'program' ? [] : [{ ...blank, device: '' }];
  return wanted.map(({ match }, at) => ({ ...blank, device: `expected-${at + 1}`, ...(match !== undefined && { name: match }) }));
}

function said(state: State, message: Exclude<FromRoom, { type: 'proof' }>): void {
  state.heardUp = state.clock.up();
  if (message.type === 'checks') take(state, message.probes);
  else if (message.type === 'done') state.asked.get(message.id)?.(message.result);
  else if (message.type === 'mended') state.onMended(message.mended);
  judge(state);
}

/** Of what is no check of its probe nobody asked it. */
function take(state: State, probes: Extract<FromRoom, { type: 'checks' }>['probes']): void {
  for (const { name, checks } of probes) {
    const own = checks.filter(({ component }) => component === name);
    const isNews = JSON.stringify(own) !== JSON.stringify(state.lists.get(name));
    state.lists.set(name, own);
    if (isNews) changed(state, name);
  }
}

function tell(state: State, { pc, profile, place, checks }: Known): void {
  const room = { type: 'room' as const, pc, profile, place, checks: [...checks] };
  if (JSON.stringify(room) === JSON.stringify(state.room)) return;
  state.room = room;
  state.guests.send(room);
}

async function askRoom(state: State, order: SeatOrder, cut?: AbortSignal): Promise<Order> {
  state.lastId += 1;
  const id = state.lastId;
  if (!state.guests.send({ type: 'order', id, order })) return gone;
  const done = Promise.withResolvers<Order>();
  state.asked.set(id, done.resolve);
  const late: Order = { done: false, reason: 'the room seat did not answer in time' };
  const { clock } = state;
  return withinTime({ clock, limitMs: askLimitMs, late, cut }, () => done.promise).finally(() => state.asked.delete(id));
}
