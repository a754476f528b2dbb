/**
 * Packets of the capacity test between the measuring PC and the reflector. A request carries the token of `flows` (reflector.ts), and the
 * cookie that proves its address. A response is shorter than its request, unless a proven address requested more.
 */
import { reflectorTokenBytes } from './reflector.ts';

/** Payload of a packet of a train in bytes, with the size of meeting traffic and small enough for any tunnel. */
export const trainPayloadBytes = 1_172;
/** Payload with UDP and IP headers, the size used for rates. */
export const trainIpBytes = trainPayloadBytes + 28;
/** Packet with the Ethernet frame, the size used for data budgets. */
export const trainWireBytes = trainIpBytes + 14;
/** Packets of the longest train. At 100 Mbit/s the train takes 30 ms. */
export const trainPacketsAtMost = 330;
/** Wire bytes sent in one session: enough to exhaust a 2 MB token bucket of a line whose burst rate is twice its sustained rate. */
export const trainSessionBytes = 6_000_000;

export const trainCookieBytes = 16;

/**
 * Requests and their responses. `hello` → `welcome`: the cookie. `up`: one packet of a train to the server. `ask` → `report`: the arrival
 * times. `down`: requests a train of `seq` packets, each a `load`. `ask` or `down` → `denied`: no packets, with the reason. An older agent
 * ignores it and waits for its timeout.
 */
export const trainRequests = { hello: 1, up: 2, ask: 3, down: 4 } as const;
/** Kinds of responses, by their number on the wire. */
const trainAnswers = { welcome: 17, report: 18, load: 19, denied: 20 } as const;
export type TrainRequestKind = keyof typeof trainRequests;

/** `seq`: number of the packet in its train, or number of requested packets. Trains of one direction are numbered from 1. */
export type TrainRequest = { kind: TrainRequestKind; train: number; seq: number; token: Buffer; cookie: Buffer };
/** `seq`: number of the packet in its train, or of the part. `parts`: number of parts. */
export type TrainAnswer = { kind: keyof typeof trainAnswers; train: number; seq: number; parts: number; body: Buffer };

/**
 * Why an address with a cookie gets no packets now: the quota of the PC (`spent`) or of all PCs (`crowded`) is used up. `seq` of the
 * response is the index in this list.
 */
const trainDenials = ['spent', 'crowded'] as const;
export type TrainDenial = (typeof trainDenials)[number];

/** First four bytes of a packet. A STAMP packet begins with a sequence number from 0, which never reaches this value. */
const magic = 0xc5534254;
const headBytes = 16;
const requestBytes = headBytes + reflectorTokenBytes + trainCookieBytes;
/** Value in place of the cookie when a PC has none yet. */
export const noCookie: Buffer = Buffer.alloc(trainCookieBytes);

const entryBytes = 6;
const entriesAPart = 190;

/** Returns true if the first bytes are those of a request. */
export function isTrainRequest(packet: Buffer): boolean {
  return packet.length >= requestBytes && packet.readUInt32BE(0) === magic;
}

/** Encodes a request. An `up` packet has the full length of a train packet. */
export function writeTrainRequest({ kind, train, seq, token, cookie }: TrainRequest): Buffer {
  const packet = writeHead({ kind: trainRequests[kind], train, seq, parts: 0 }, kind === 'up' ? trainPayloadBytes : requestBytes);
  token.copy(packet, headBytes);
  cookie.copy(packet, headBytes + reflectorTokenBytes);
  return packet;
}

/** Decodes a request; undefined for any other packet. */
export function readTrainRequest(packet: Buffer): TrainRequest | undefined {
  const kind = isTrainRequest(packet) ? kindOf(trainRequests, packet) : undefined;
  if (kind === undefined) return undefined;
  const token = packet.subarray(headBytes, headBytes + reflectorTokenBytes);
  const cookie = packet.subarray(headBytes + reflectorTokenBytes, requestBytes);
  return { kind, train: packet.readUInt16BE(6), seq: packet.readUInt16BE(8), token, cookie };
}

/** Encodes a response. A load is padded to the length of a train packet. */
export function writeTrainAnswer({ kind, train, seq, parts, body }: TrainAnswer): Buffer {
  const packet = writeHead({ kind: trainAnswers[kind], train, seq, parts }, kind === 'load' ? trainPayloadBytes : headBytes + body.length);
  body.copy(packet, headBytes);
  return packet;
}

export function writeTrainDenial(train: number, why: TrainDenial): Buffer {
  return writeTrainAnswer({ kind: 'denied', train, seq: trainDenials.indexOf(why), parts: 1, body: Buffer.alloc(0) });
}

/** Returns the reason of a denial; undefined for an unknown reason. */
export function readTrainDenial({ seq }: Pick<TrainAnswer, 'seq'>): TrainDenial | undefined {
  return trainDenials[seq];
}

/** Decodes a response; undefined for any other packet. */
export function readTrainAnswer(packet: Buffer): TrainAnswer | undefined {
  const kind = packet.length >= headBytes && packet.readUInt32BE(0) === magic ? kindOf(trainAnswers, packet) : undefined;
  if (kind === undefined) return undefined;
  const [train, seq, parts] = [packet.readUInt16BE(6), packet.readUInt16BE(8), packet.readUInt16BE(10)];
  return { kind, train, seq, parts, body: packet.subarray(headBytes) };
}

/** Arrival of a packet, in microseconds since the first packet of its train. */
export type TrainArrival = { seq: number; us: number };

/** Encodes a report in parts. A report without arrivals has one empty part. */
export function writeTrainReport(train: number, arrivals: readonly TrainArrival[]): Buffer[] {
  const parts = Math.max(1, Math.ceil(arrivals.length / entriesAPart));
  return Array.from({ length: parts }, (_, seq) => {
    const some = arrivals.slice(seq * entriesAPart, (seq + 1) * entriesAPart);
    const body = Buffer.alloc(some.length * entryBytes);
    for (const [at, one] of some.entries()) {
      body.writeUInt16BE(one.seq, at * entryBytes);
      body.writeUInt32BE(Math.min(0xffffffff, Math.max(0, Math.round(one.us))), at * entryBytes + 2);
    }
    return writeTrainAnswer({ kind: 'report', train, seq, parts, body });
  });
}

export function readTrainReport({ body }: Pick<TrainAnswer, 'body'>): TrainArrival[] {
  return Array.from({ length: Math.floor(body.length / entryBytes) }, (_, at) => ({
    seq: body.readUInt16BE(at * entryBytes),
    us: body.readUInt32BE(at * entryBytes + 2),
  }));
}

function writeHead({ kind, train, seq, parts }: { kind: number; train: number; seq: number; parts: number }, bytes: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet.writeUInt32BE(magic, 0);
  packet.writeUInt8(kind, 4);
  packet.writeUInt16BE(train, 6);
  packet.writeUInt16BE(seq, 8);
  packet.writeUInt16BE(parts, 10);
  return packet;
}

function kindOf<K extends string>(kinds: Record<K, number>, packet: Buffer): K | undefined {
  return (Object.keys(kinds) as K[]).find((kind) => kinds[kind] === packet[4]);
}

/** Measures a link over TCP by a short transfer, a fallback when UDP is blocked. */

/** Bytes of a transfer in each direction. */
export const transferBytes = 256_000;
/** API path of the transfer, at the server where the PC enrolled. Access needs the token of the reflector. */
export const transferPath = '/link-test';
/** Bytes of a transfer in both directions with headers, acknowledgements and handshake, the size used for data budgets. */
export const transferWireBytes = Math.ceil(2 * transferBytes * 1.08) + 20_000;

export type Progress = { ms: number; bytes: number };

const shortestMs = 20;

/**
 * Returns the rate of the second half in bits/s, because TCP starts slowly. The rate is a lower bound of the capacity; null if the transfer
 * was too short.
 */
export function transferRate(progress: readonly Progress[]): number | null {
  const last = progress.at(-1);
  const half = progress.find(({ bytes }) => last !== undefined && bytes >= last.bytes / 2);
  if (last === undefined || half === undefined || last.ms - half.ms < shortestMs) return null;
  return ((last.bytes - half.bytes) * 8_000) / (last.ms - half.ms);
}
