/**
 * Server side of the capacity test: records the arrivals of trains, and sends trains. Larger amounts of data go only to an address that is
 * proven by a cookie and has a valid token of `flows`.
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

export type TrainsOptions = {
  /** Returns the content of a token, or why it is refused. */
  prove(token: Buffer): { pc: number } | string;
  /** Random secret of this process, from which cookies are made. */
  secret: Buffer;
  clock: Pick<Clock, 'up'>;
  /** Clock of the byte quota of a PC. In a demo it is accelerated. */
  refill?: Pick<Clock, 'up'>;
  count(kind: 'train', result: string): void;
};

/** Maximum number of sessions. `flows` runs 10 measurements at once by default, and each may leave one expiring session. */
const sessionsAtMost = 64;
const idleMs = 10_000;
const lifeMs = 180_000;
/** Byte quota of one PC over all its sessions: one session at once, and another one soon. */
const bytesOfPc = { perSecond: trainSessionBytes / 300, burst: 2 * trainSessionBytes };
/** Byte quota of all PCs together: what the line of a server can spare. */
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
  /** Arrivals of the last trains, on one clock that starts with the first packet of the session. */
  up: Map<number, Map<number, TrainArrival>>;
  upTrain: number;
  /** Numbers of the trains sent to the PC. None is sent twice. */
  loaded: Set<number>;
};

type State = Required<TrainsOptions> & {
  sessions: Map<string, Session>;
  bytes: Buckets;
  allBytes: Buckets;
};

/**
 * Guarantee: an unproven address receives only a cookie, shorter than its request. Nothing is sent without a valid token, and at most
 * `trainSessionBytes` in one session.
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

/** Returns the session of a token. A PC that restarts has another port, so its new session replaces the old one. */
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
  // A PC whose quota does not cover the downlink test is refused at once, before it spends its uplink test.
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

/** The time stamp is `usedUp`, which is now. */
function note(session: Session, { train, seq }: TrainRequest): string {
  const { up, openedUp, usedUp } = session;
  if (train > session.upTrain) begin(session, train);
  const arrivals = up.get(train);
  if (arrivals === undefined) return 'late';
  // A duplicate made by the line must not count as another packet.
  if (arrivals.has(seq)) return 'doubled';
  if (arrivals.size >= trainPacketsAtMost) return 'too many';
  arrivals.set(seq, { seq, us: (usedUp - openedUp) * 1_000 });
  return 'noted';
}

/** Begins a train. Earlier trains beyond the limits are deleted. */
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

/** Sends each train once: a repeated request brings no second train. */
function load(state: State, { train, seq: packets }: TrainRequest, { session, reply }: Proven): string {
  if (session.loaded.has(train) || packets < 1 || packets > trainPacketsAtMost) return 'refused';
  const denial = spend(state, session, packets * trainWireBytes);
  if (denial !== null) return deny(denial, { train }, { session, reply });
  session.loaded.add(train);
  const body = Buffer.alloc(0);
  for (let seq = 0; seq < packets; seq += 1) reply(writeTrainAnswer({ kind: 'load', train, seq, parts: packets, body }));
  return 'loaded';
}

/** Sends a denial: shorter than the request, only to a proven address, and within the session limit. */
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

/** Spends bytes of the quotas. Returns the reason if they do not suffice. */
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
