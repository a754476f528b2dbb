/**
 * The reflector's side of the capacity test: it writes down when the packets of a train came, and sends trains. Bytes go in numbers only to
 * an address that has shown that it receives, by the cookie, and that may measure, by the token of `flows`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import {
  type Buckets,
  type Clock,
  createBuckets,
  isTrainRequest,
  readTrainRequest,
  type TrainArrival,
  type TrainDenial,
  type TrainRequest,
  trainCookieBytes,
  trainPacketsAtMost,
  trainPayloadBytes,
  trainSessionBytes,
  trainWireBytes,
  writeTrainAnswer,
  writeTrainDenial,
  writeTrainReport,
} from '@sabha/contracts';
import type { Answerer } from './reflector.ts';

/** What the answerer of trains needs. */
export type TrainsOptions = {
  /** What a token says, or why it opens nothing. */
  prove(token: Buffer): { pc: number } | string;
  /** Random, of this run of the broker: cookies are made with it. */
  secret: Buffer;
  clock: Pick<Clock, 'up'>;
  /** By which a PC may be sent something again: that of the centre, which plays a day in minutes where it has a speed. */
  refill?: Pick<Clock, 'up'>;
  count(kind: 'train', result: string): void;
};

/** `flows` lets 10 measure at once by default, of whom each leaves one behind that is not over yet. */
const sessionsAtMost = 64;
const idleMs = 10_000;
const lifeMs = 180_000;
/** Of one PC, over all its sessions: one at once, and another soon. */
const bytesOfPc = { perSecond: trainSessionBytes / 300, burst: 2 * trainSessionBytes };
/** Of all together: what the line of a centre can spare. */
const bytesOfAll = { perSecond: 4_000_000, burst: 5 * trainSessionBytes };
const everybody = 'all';
/** Arrivals kept per session, for a stream whose reports are requested again at its end: a third of what a session may be sent. */
const upPacketsKept = 2_000;
const upTrainsKept = 64;
const frameBytes = trainWireBytes - trainPayloadBytes;

type Session = {
  address: string;
  cookie: Buffer;
  pc: string;
  sentBytes: number;
  openedUp: number;
  usedUp: number;
  /** When the packets of the last trains came, from the first packet of the session on: one clock for all of them. */
  up: Map<number, Map<number, TrainArrival>>;
  upTrain: number;
  /** Numbers of the trains that were sent to the PC; none is sent twice. */
  loaded: Set<number>;
};

type State = Required<TrainsOptions> & {
  sessions: Map<string, Session>;
  bytes: Buckets;
  allBytes: Buckets;
};

/**
 * Guarantee: to an address that has not sent back its cookie goes nothing but that cookie, which is shorter than what asked for it; to
 * anybody without a token nothing; and in one session never more than `trainSessionBytes`.
 */
export function createTrains({ prove, secret, clock, refill = clock, count }: TrainsOptions): Answerer {
  const buckets = { bytes: createBuckets(bytesOfPc), allBytes: createBuckets(bytesOfAll) };
  const state: State = { prove, secret, clock, refill, count, sessions: new Map(), ...buckets };
  return {
    takes: isTrainRequest,
    answer(packet, from, reply) {
      const request = readTrainRequest(packet);
      state.count('train', request === undefined ? 'malformed' : answer(state, request, { from, reply }));
    },
  };
}

type Around = { from: RemoteInfo; reply: (packet: Buffer) => void };
/** An address that has shown that it receives. */
type Proven = { session: Session; reply: Around['reply'] };

function answer(state: State, request: TrainRequest, around: Around): string {
  if (request.kind === 'hello') return welcome(state, request, around);
  const session = sessionOf(state, request, around);
  if (session === 'crowded' || session === 'spent') return request.kind === 'up' ? session : deny(session, request, around);
  if (typeof session === 'string') return session;
  session.usedUp = state.clock.up();
  if (request.kind === 'up') return note(session, request);
  const to = { session, reply: around.reply };
  return request.kind === 'ask' ? report(state, request, to) : load(state, request, to);
}

function welcome(state: State, { token, train, seq }: TrainRequest, { from, reply }: Around): string {
  const proven = state.prove(token);
  if (typeof proven === 'string') return proven;
  const body = cookieFor(state, token, addressOf(from));
  reply(writeTrainAnswer({ kind: 'welcome', train, seq, parts: 1, body }));
  return 'welcomed';
}

/** The session of a token, or a new one in its place: a PC that begins anew has another port. */
function sessionOf(state: State, { token, cookie }: TrainRequest, { from }: Around): Session | string {
  const { sessions, clock, bytes, refill } = state;
  const name = token.toString('latin1');
  const address = addressOf(from);
  const held = sessions.get(name);
  if (held !== undefined && isAlive(held, clock.up()) && held.address === address) {
    return timingSafeEqual(held.cookie, cookie) ? held : 'no cookie';
  }
  const proven = state.prove(token);
  if (typeof proven === 'string') return proven;
  if (!timingSafeEqual(cookieFor(state, token, address), cookie)) return 'no cookie';
  for (const [key, one] of sessions) if (!isAlive(one, clock.up())) sessions.delete(key);
  sessions.delete(name);
  if (sessions.size >= sessionsAtMost) return 'crowded';
  // Whoever could not be sent the whole way down is not to find that out when the way up is spent.
  if (bytes.waitMs(`${proven.pc}`, trainSessionBytes, refill.up()) > 0) return 'spent';
  const up = clock.up();
  const opened: Session = {
    address,
    cookie: Buffer.from(cookie),
    pc: `${proven.pc}`,
    sentBytes: 0,
    openedUp: up,
    usedUp: up,
    up: new Map(),
    upTrain: 0,
    loaded: new Set(),
  };
  sessions.set(name, opened);
  return opened;
}

/** Stamped with `usedUp`, which is now. */
function note(session: Session, { train, seq }: TrainRequest): string {
  const { up, openedUp, usedUp } = session;
  if (train > session.upTrain) begin(session, train);
  const arrivals = up.get(train);
  if (arrivals === undefined) return 'late';
  // A copy that the line made is no other packet, and would take its place.
  if (arrivals.has(seq)) return 'doubled';
  if (arrivals.size >= trainPacketsAtMost) return 'too many';
  arrivals.set(seq, { seq, us: (usedUp - openedUp) * 1_000 });
  return 'noted';
}

/** A train begins: of those before it as many are kept as may still be asked for. */
function begin(session: Session, train: number): void {
  session.upTrain = train;
  session.up.set(train, new Map());
  let packets = session.up.values().reduce((sum, { size }) => sum + size, 0);
  for (const [oldest, { size }] of session.up) {
    if (packets <= upPacketsKept && session.up.size <= upTrainsKept) break;
    session.up.delete(oldest);
    packets -= size;
  }
}

function report(state: State, { train }: TrainRequest, { session, reply }: Proven): string {
  const parts = writeTrainReport(train, [...(session.up.get(train)?.values() ?? [])]);
  const wireBytes = parts.reduce((sum, part) => sum + part.length + frameBytes, 0);
  const denial = spend(state, session, wireBytes);
  if (denial !== null) return deny(denial, { train }, { session, reply });
  for (const part of parts) reply(part);
  return 'reported';
}

/** Each train once: a request that was sent again because its train was slow brings no second one. */
function load(state: State, { train, seq: packets }: TrainRequest, { session, reply }: Proven): string {
  if (session.loaded.has(train) || packets < 1 || packets > trainPacketsAtMost) return 'refused';
  const denial = spend(state, session, packets * trainWireBytes);
  if (denial !== null) return deny(denial, { train }, { session, reply });
  session.loaded.add(train);
  const body = Buffer.alloc(0);
  for (let seq = 0; seq < packets; seq += 1) reply(writeTrainAnswer({ kind: 'load', train, seq, parts: packets, body }));
  return 'loaded';
}

/** Shorter than what asked for it, and only to an address that has shown that it receives; within what its session may be sent. */
function deny(
  why: TrainDenial,
  { train }: Pick<TrainRequest, 'train'>,
  { session, reply }: Pick<Around, 'reply'> & Partial<Proven>,
): TrainDenial {
  const packet = writeTrainDenial(train, why);
  const sentBytes = (session?.sentBytes ?? 0) + packet.length + frameBytes;
  if (sentBytes > trainSessionBytes) return why;
  if (session !== undefined) session.sentBytes = sentBytes;
  reply(packet);
  return why;
}

/** Why it may not be spent. */
function spend({ bytes, allBytes, clock, refill }: State, session: Session, wireBytes: number): TrainDenial | null {
  const [now, refilled] = [clock.up(), refill.up()];
  if (session.sentBytes + wireBytes > trainSessionBytes || bytes.waitMs(session.pc, wireBytes, refilled) > 0) return 'spent';
  if (allBytes.waitMs(everybody, wireBytes, now) > 0) return 'crowded';
  bytes.take(session.pc, wireBytes, refilled);
  allBytes.take(everybody, wireBytes, now);
  session.sentBytes += wireBytes;
  return null;
}

function isAlive({ openedUp, usedUp }: Session, nowUp: number): boolean {
  return nowUp - usedUp < idleMs && nowUp - openedUp < lifeMs;
}

function cookieFor({ secret }: State, token: Buffer, address: string): Buffer {
  return createHmac('sha256', secret).update(token).update(address).digest().subarray(0, trainCookieBytes);
}

function addressOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`;
}
