/** Who knocks at the door of the seats, and who of them is let in: the one whose user sits at this PC, and no second one. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Cancel, Clock } from '#contracts';
import type { Answer } from '../platform/platform.ts';
import { hearLines, sendLine } from './lines.ts';
import { type FromRoom, fromRoom, lineLimits, readLine, silentMs, type ToRoom } from './messages.ts';

/** Who sits at this PC. */
export type Speaker = Answer<number | null>;

/** Whom we ask, and who is told. */
export type GuestsOptions = {
  clock: Clock;
  random: () => number;
  /** Who may speak for the room now; null where nobody is signed in. */
  speaker(): Promise<Speaker>;
  /** To whom the proof with these words belongs. */
  ownerOf(nonce: string): Promise<Answer<number>>;
  onJoined(): void;
  onSaid(message: Exclude<FromRoom, { type: 'proof' }>): void;
  onGone(): void;
  onRefused(why: string): void;
};

/** Why somebody is not let in, or is sent away again. */
export const refusals = {
  late: 'no proof in time',
  unproven: 'no proof of the user',
  other: 'another user than the one at this PC',
  nobody: 'nobody is signed in at its screen',
  unseen: 'it is not known who sits at this PC',
  second: 'a room seat is here already',
  crowd: 'too many knock at once',
  long: 'a line that is too long',
  garbage: 'a line that cannot be read',
  flood: 'too many lines',
  silent: 'silent for too long',
} as const;
export type Refusal = keyof typeof refusals;

/** By which guests come in. `owner`: to whom it belongs, where that is proven already. Whoever is not brought in is refused and counted all the same. */
export type Entrance = { enter(socket: Socket, owner?: number): void; refuse(why: Refusal): void };

/** The door of one agent. */
export type Guests = Entrance & {
  /** Sends away a seat that says nothing any more, or that is not of who speaks for the room; without a word on that, of whomever. */
  look(speaker?: Speaker): void;
  send(message: ToRoom): boolean;
};

const tellAgain = { firstMs: 60_000, mostMs: 3_600_000 };

/**
 * Tells of those who were refused, for each reason at once and, as long as they go on, at longer and longer intervals.
 * Guarantee: the seat of a user behind the one at this PC, who knocks every half minute as he should, costs the line some thirty events a day.
 */
export function toldSeldom({ up }: Pick<Clock, 'up'>, tell: (why: string, count: number) => void): (why: string, count: number) => void {
  const all = new Map<string, { seenUp: number; toldUp: number; waitMs: number }>();
  return (why, count) => {
    const now = up();
    const one = all.get(why);
    const isNews = one === undefined || now - one.seenUp >= tellAgain.mostMs;
    if (!isNews) one.seenUp = now;
    if (!isNews && now - one.toldUp < one.waitMs) return;
    all.set(why, { seenUp: now, toldUp: now, waitMs: isNews ? tellAgain.firstMs : Math.min(2 * one.waitMs, tellAgain.mostMs) });
    tell(why, count);
  };
}

/** Enough for whoever starts anew while another still hangs. One more throws out any of them, so that whoever floods holds no place for long. */
const knockingAtMost = 64;
const proofMs = 5_000;
/** So many lines at once, and so many a second: a room whose devices flutter says less. What a key did becomes an event, and counts for more. */
const pace = { most: 200, perSecond: 20, perMended: 20 };

type One = {
  socket: Socket;
  owner: number | undefined;
  nonce: string;
  step: 'knocks' | 'proves' | 'joined' | 'gone';
  uid: number | null;
  timer: Cancel;
};
type State = GuestsOptions & { knocking: Set<One>; joined: One | undefined; heardUp: number; left: number };

/** Guarantee: whoever is not proven learns nothing but why, and costs one of a few places for at most five seconds. */
export function createGuests(options: GuestsOptions): Guests {
  const state: State = { ...options, knocking: new Set(), joined: undefined, heardUp: 0, left: pace.most };
  const send = (message: ToRoom) => state.joined !== undefined && say(state.joined, message);
  return {
    enter: (socket, owner) => enter(state, socket, owner),
    refuse: (why) => state.onRefused(refusals[why]),
    look(speaker) {
      const { joined, clock, heardUp } = state;
      if (joined === undefined) return;
      const why = clock.up() - heardUp >= silentMs ? 'silent' : speaker && whyNot(speaker, joined.uid);
      if (why !== undefined) refuse(state, joined, why);
    },
    send,
  };
}

/** Why this user does not speak for the room; undefined: he does. */
function whyNot(speaker: Speaker, uid: number | null): Refusal | undefined {
  if (!speaker.known) return 'unseen';
  if (speaker.value === null) return 'nobody';
  return speaker.value === uid ? undefined : 'other';
}

function enter(state: State, socket: Socket, owner: number | undefined): void {
  const { knocking, clock, random } = state;
  const nonce = randomBytes(16).toString('hex');
  const one: One = { socket, owner, nonce, step: 'knocks', uid: null, timer: () => undefined };
  socket.on('error', () => undefined);
  socket.on('close', () => left(state, one));
  if (knocking.size >= knockingAtMost) refuse(state, [...knocking][Math.floor(random() * knocking.size)] ?? one, 'crowd');
  knocking.add(one);
  one.timer = clock.after(proofMs, () => refuse(state, one, 'late'));
  hearLines(socket, {
    limitBytes: () => (one.step === 'joined' ? lineLimits.bytes : lineLimits.strangerBytes),
    line: (text) => hear(state, one, text),
    tooLong: () => refuse(state, one, 'long'),
  });
  say(one, { type: 'prove', nonce: one.nonce });
}

function hear(state: State, one: One, text: string): void {
  if (one.step === 'gone') return;
  const message = readLine(fromRoom, text);
  if (message === undefined) return refuse(state, one, 'garbage');
  if (one.step === 'joined' && message.type !== 'proof') return said(state, one, message);
  if (one.step !== 'knocks' || message.type !== 'proof') return refuse(state, one, 'garbage');
  one.step = 'proves';
  void prove(state, one);
}

/** What is asked may take a while, in which others come and go: all is judged at the end of it. */
async function prove(state: State, one: One): Promise<void> {
  const unread = { known: false, reason: '' } as const;
  const owner = one.owner === undefined ? await state.ownerOf(one.nonce).catch(() => unread) : ({ known: true, value: one.owner } as const);
  const speaker = await state.speaker().catch(() => unread);
  if (one.step !== 'proves') return;
  if (!owner.known) return refuse(state, one, 'unproven');
  const why = whyNot(speaker, owner.value);
  if (why !== undefined) return refuse(state, one, why);
  // Who sat here before may not have been looked at since.
  if (state.joined && state.joined.uid !== owner.value) refuse(state, state.joined, 'other');
  if (state.joined) return refuse(state, one, 'second');
  one.timer();
  state.knocking.delete(one);
  Object.assign(one, { step: 'joined', uid: owner.value });
  Object.assign(state, { joined: one, heardUp: state.clock.up(), left: pace.most });
  state.onJoined();
}

function said(state: State, one: One, message: Exclude<FromRoom, { type: 'proof' }>): void {
  const up = state.clock.up();
  const cost = message.type === 'mended' ? pace.perMended : 1;
  state.left = Math.min(pace.most, state.left + ((up - state.heardUp) / 1_000) * pace.perSecond) - cost;
  state.heardUp = up;
  if (state.left < 0) refuse(state, one, 'flood');
  else state.onSaid(message);
}

function say(one: One, message: ToRoom): boolean {
  const done = sendLine(one.socket, message);
  if (!done) one.socket.destroy();
  return done;
}

function refuse(state: State, one: One, why: Refusal): void {
  if (one.step === 'gone') return;
  // What it is told goes out before the end; who does not read is not waited for.
  const reads = one.socket.writableLength === 0;
  if (reads) sendLine(one.socket, { type: 'refused', why: refusals[why] } satisfies ToRoom);
  left(state, one);
  if (reads) one.socket.destroySoon();
  else one.socket.destroy();
  state.onRefused(refusals[why]);
}

function left(state: State, one: One): void {
  if (one.step === 'gone') return;
  one.step = 'gone';
  one.timer();
  state.knocking.delete(one);
  if (state.joined !== one) return;
  state.joined = undefined;
  state.onGone();
}
