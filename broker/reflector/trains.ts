/**
 * Server side of the capacity test: records the arrivals of packet trains, and sends packet trains. It sends larger amounts of data only to
 * an address that is proven by a cookie and has a valid token of `flows`.
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
import type { PacketHandler } from './reflector.ts';

export type TrainHandlerOptions = {
  /** Returns the content of a token, or why it is refused. */
  checkToken(token: Buffer): { pc: number } | string;
  /** Random secret of this process, from which cookies are made. */
  secret: Buffer;
  clock: Pick<Clock, 'up'>;
  /** Clock of the byte quota of a PC. In a demo it is accelerated. */
  quotaClock?: Pick<Clock, 'up'>;
  count(kind: 'train', result: string): void;
};

/** Maximum number of sessions. `flows` runs 10 measurements at once by default, and each may leave one session that has not expired. */
const sessionsAtMost = 64;
const idleMs = 10_000;
const lifeMs = 180_000;
/** Byte quota of one PC over all its sessions: two sessions at once, and one more every five minutes. */
const bytesOfPc = { perSecond: trainSessionBytes / 300, burst: 2 * trainSessionBytes };
/** Byte quota of all PCs together, for which the line of a server has capacity. */
const bytesOfAll = { perSecond: 4_000_000, burst: 5 * trainSessionBytes };
const everybody = 'all';
/**
 * Packet arrivals kept per session. At the end of a stream the PC requests missing reports of its trains again, so earlier trains are
 * kept too. As wire bytes this is 2.4 MB of the 6 MB that a session may be sent.
 */
const upPacketsKept = 2_000;
const upTrainsKept = 64;
const frameBytes = trainWireBytes - trainPayloadBytes;

type TrainSession = {
  address: string;
  cookie: Buffer;
  pc: string;
  sentBytes: number;
  openedUp: number;
  usedUp: number;
  /** Arrivals of the last trains, on one clock that starts with the first packet of the session. */
  up: Map<number, Map<number, TrainArrival>>;
  upTrain: number;
  /** Numbers of the trains sent to the PC. No train is sent twice. */
  loaded: Set<number>;
};

type TrainState = Required<TrainHandlerOptions> & { sessions: Map<string, TrainSession>; bytes: Buckets; allBytes: Buckets };

/**
 * Guarantee: an unproven address receives only a cookie, shorter than its request. Nothing is sent without a valid token, and at most
 * `trainSessionBytes` in one session.
 */
export function createTrainHandler({ checkToken, secret, clock, quotaClock = clock, count }: TrainHandlerOptions): PacketHandler {
  const buckets = { bytes: createBuckets(bytesOfPc), allBytes: createBuckets(bytesOfAll) };
  const state: TrainState = { checkToken, secret, clock, quotaClock, count, sessions: new Map(), ...buckets };
  return {
    matches: isTrainRequest,
    handlePacket(packet, from, reply) {
      const request = readTrainRequest(packet);
      state.count('train', request === undefined ? 'malformed' : answer(state, request, { from, reply }));
    },
  };
}

type PacketContext = { from: RemoteInfo; reply: (packet: Buffer) => void };
type ProvenContext = { session: TrainSession; reply: PacketContext['reply'] };

function answer(state: TrainState, request: TrainRequest, context: PacketContext): string {
  if (request.kind === 'hello') return sendCookie(state, request, context);
  const session = sessionOf(state, request, context);
  if (session === 'crowded' || session === 'spent') return request.kind === 'up' ? session : sendDenial(session, request, context);
  if (typeof session === 'string') return session;
  session.usedUp = state.clock.up();
  if (request.kind === 'up') return recordArrival(session, request);
  const to = { session, reply: context.reply };
  return request.kind === 'ask' ? sendReport(state, request, to) : sendTrain(state, request, to);
}

function sendCookie(state: TrainState, { token, train, seq }: TrainRequest, { from, reply }: PacketContext): string {
  const proven = state.checkToken(token);
  if (typeof proven === 'string') return proven;
  const body = cookieFor(state, token, addressOf(from));
  reply(writeTrainAnswer({ kind: 'welcome', train, seq, parts: 1, body }));
  return 'welcomed';
}

/** Returns the session of a token. A PC that restarts has another port, so its new session replaces the old one. */
function sessionOf(state: TrainState, { token, cookie }: TrainRequest, { from }: PacketContext): TrainSession | string {
  const { sessions, clock, bytes, quotaClock } = state;
  const name = token.toString('latin1');
  const address = addressOf(from);
  const held = sessions.get(name);
  if (held !== undefined && isAlive(held, clock.up()) && held.address === address) {
    return timingSafeEqual(held.cookie, cookie) ? held : 'no cookie';
  }
  const proven = state.checkToken(token);
  if (typeof proven === 'string') return proven;
  if (!timingSafeEqual(cookieFor(state, token, address), cookie)) return 'no cookie';
  for (const [key, one] of sessions) if (!isAlive(one, clock.up())) sessions.delete(key);
  sessions.delete(name);
  if (sessions.size >= sessionsAtMost) return 'crowded';
  // A PC whose quota does not cover the download is refused at once, before it spends bytes on its upload.
  if (bytes.waitMs(`${proven.pc}`, trainSessionBytes, quotaClock.up()) > 0) return 'spent';
  const up = clock.up();
  const opened: TrainSession = {
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

/** Records the arrival of a packet at the time `usedUp`, which the caller has set to now. */
function recordArrival(session: TrainSession, { train, seq }: TrainRequest): string {
  const { up, openedUp, usedUp } = session;
  if (train > session.upTrain) beginTrain(session, train);
  const arrivals = up.get(train);
  if (arrivals === undefined) return 'late';
  // A packet that the line duplicates must not count as another packet.
  if (arrivals.has(seq)) return 'doubled';
  if (arrivals.size >= trainPacketsAtMost) return 'too many';
  arrivals.set(seq, { seq, us: (usedUp - openedUp) * 1_000 });
  return 'noted';
}

/** Begins a train. Earlier trains beyond the limits are deleted. */
function beginTrain(session: TrainSession, train: number): void {
  session.upTrain = train;
  session.up.set(train, new Map());
  let packets = session.up.values().reduce((sum, { size }) => sum + size, 0);
  for (const [oldest, { size }] of session.up) {
    if (packets <= upPacketsKept && session.up.size <= upTrainsKept) break;
    session.up.delete(oldest);
    packets -= size;
  }
}

function sendReport(state: TrainState, { train }: TrainRequest, { session, reply }: ProvenContext): string {
  const parts = writeTrainReport(train, [...(session.up.get(train)?.values() ?? [])]);
  const wireBytes = parts.reduce((sum, part) => sum + part.length + frameBytes, 0);
  const denial = spendQuota(state, session, wireBytes);
  if (denial !== null) return sendDenial(denial, { train }, { session, reply });
  for (const part of parts) reply(part);
  return 'reported';
}

/** Sends each train once: a repeated request brings no second train. */
function sendTrain(state: TrainState, { train, seq: packets }: TrainRequest, { session, reply }: ProvenContext): string {
  if (session.loaded.has(train) || packets < 1 || packets > trainPacketsAtMost) return 'refused';
  const denial = spendQuota(state, session, packets * trainWireBytes);
  if (denial !== null) return sendDenial(denial, { train }, { session, reply });
  session.loaded.add(train);
  const body = Buffer.alloc(0);
  for (let seq = 0; seq < packets; seq += 1) reply(writeTrainAnswer({ kind: 'load', train, seq, parts: packets, body }));
  return 'loaded';
}

/** Sends a denial: shorter than the request, only to a proven address, and within the session limit. */
function sendDenial(
  why: TrainDenial,
  { train }: Pick<TrainRequest, 'train'>,
  { session, reply }: Pick<PacketContext, 'reply'> & Partial<ProvenContext>,
): TrainDenial {
  const packet = writeTrainDenial(train, why);
  const sentBytes = (session?.sentBytes ?? 0) + packet.length + frameBytes;
  if (sentBytes > trainSessionBytes) return why;
  if (session !== undefined) session.sentBytes = sentBytes;
  reply(packet);
  return why;
}

/** Subtracts bytes from the quotas. Returns the reason if they do not suffice. */
function spendQuota({ bytes, allBytes, clock, quotaClock }: TrainState, session: TrainSession, wireBytes: number): TrainDenial | null {
  const [now, refilled] = [clock.up(), quotaClock.up()];
  if (session.sentBytes + wireBytes > trainSessionBytes || bytes.waitMs(session.pc, wireBytes, refilled) > 0) return 'spent';
  if (allBytes.waitMs(everybody, wireBytes, now) > 0) return 'crowded';
  bytes.take(session.pc, wireBytes, refilled);
  allBytes.take(everybody, wireBytes, now);
  session.sentBytes += wireBytes;
  return null;
}

function isAlive({ openedUp, usedUp }: TrainSession, nowUp: number): boolean {
  return nowUp - usedUp < idleMs && nowUp - openedUp < lifeMs;
}

function cookieFor({ secret }: TrainState, token: Buffer, address: string): Buffer {
  return createHmac('sha256', secret).update(token).update(address).digest().subarray(0, trainCookieBytes);
}

function addressOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`;
}
