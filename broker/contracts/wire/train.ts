/**
 * Packets of the capacity test, between the PC that measures and the reflector. Requests carry who asks: the token that `flows` gave
 * (reflector.ts), and the cookie by which its address is known to receive. Answers are shorter, save for what a proven address asked for.
 */
import { reflectorTokenBytes } from './reflector.ts';

/** One packet of a train: a load as a meeting sends it, small enough for each tunnel. */
export const trainPayloadBytes = 1_172;
/** With UDP and IP: what rates count. */
export const trainIpBytes = trainPayloadBytes + 28;
/** With the Ethernet frame too: what a data budget counts. */
export const trainWireBytes = trainIpBytes + 14;
/** The longest train: at 100 Mbit/s it takes 30 ms. */
export const trainPacketsAtMost = 330;
/** What a session may be sent, wire bytes: enough to empty a bucket of 2 MB that lends twice the rate that lasts. */
export const trainSessionBytes = 6_000_000;

/** Length of a cookie, bytes. */
export const trainCookieBytes = 16;

/**
 * hello → welcome: the cookie. up: one packet of a train to the centre. ask → report: when each of them came. down: asks for a train of
 * `seq` packets, each of which is a load. ask or down → denied: none comes, and why; who does not know the word waits, as before there was one.
 */
export const trainRequests = { hello: 1, up: 2, ask: 3, down: 4 } as const;
/** The kinds of answers: number on the wire. */
const trainAnswers = { welcome: 17, report: 18, load: 19, denied: 20 } as const;
export type TrainRequestKind = keyof typeof trainRequests;

/** `seq`: number of the packet in its train, or how many packets are asked for. Trains of one direction are numbered upwards from 1. */
export type TrainRequest = { kind: TrainRequestKind; train: number; seq: number; token: Buffer; cookie: Buffer };
/** `seq`: number of the packet in its train, or of the part; `parts`: of how many. */
export type TrainAnswer = { kind: keyof typeof trainAnswers; train: number; seq: number; parts: number; body: Buffer };

/** Why a proven address is sent nothing now: it was sent as much as one PC may be, or all together were. The place in the list stands in `seq`. */
const trainDenials = ['spent', 'crowded'] as const;
export type TrainDenial = (typeof trainDenials)[number];

/** No packet of STAMP begins so: its first four bytes are a sequence number from 0. */
const magic = 0xc5534254;
const headBytes = 16;
const requestBytes = headBytes + reflectorTokenBytes + trainCookieBytes;
/** What a PC shows that has none yet. */
export const noCookie: Buffer = Buffer.alloc(trainCookieBytes);

const entryBytes = 6;
const entriesAPart = 190;

/** True where a packet is a request of this kind by its first bytes. */
export function isTrainRequest(packet: Buffer): boolean {
  return packet.length >= requestBytes && packet.readUInt32BE(0) === magic;
}

/** `up` packets are as long as each packet of a train. */
export function writeTrainRequest({ kind, train, seq, token, cookie }: TrainRequest): Buffer {
  const packet = writeHead({ kind: trainRequests[kind], train, seq, parts: 0 }, kind === 'up' ? trainPayloadBytes : requestBytes);
  token.copy(packet, headBytes);
  cookie.copy(packet, headBytes + reflectorTokenBytes);
  return packet;
}

/** Undefined for whatever is no request. */
export function readTrainRequest(packet: Buffer): TrainRequest | undefined {
  const kind = isTrainRequest(packet) ? kindOf(trainRequests, packet) : undefined;
  if (kind === undefined) return undefined;
  const token = packet.subarray(headBytes, headBytes + reflectorTokenBytes);
  const cookie = packet.subarray(headBytes + reflectorTokenBytes, requestBytes);
  return { kind, train: packet.readUInt16BE(6), seq: packet.readUInt16BE(8), token, cookie };
}

/** A load is filled up to the length of each packet of a train. */
export function writeTrainAnswer({ kind, train, seq, parts, body }: TrainAnswer): Buffer {
  const packet = writeHead({ kind: trainAnswers[kind], train, seq, parts }, kind === 'load' ? trainPayloadBytes : headBytes + body.length);
  body.copy(packet, headBytes);
  return packet;
}

/** Why nothing comes. */
export function writeTrainDenial(train: number, why: TrainDenial): Buffer {
  return writeTrainAnswer({ kind: 'denied', train, seq: trainDenials.indexOf(why), parts: 1, body: Buffer.alloc(0) });
}

/** Undefined for a reason that is not known here. */
export function readTrainDenial({ seq }: Pick<TrainAnswer, 'seq'>): TrainDenial | undefined {
  return trainDenials[seq];
}

/** Undefined for whatever is no answer. */
export function readTrainAnswer(packet: Buffer): TrainAnswer | undefined {
  const kind = packet.length >= headBytes && packet.readUInt32BE(0) === magic ? kindOf(trainAnswers, packet) : undefined;
  if (kind === undefined) return undefined;
  const [train, seq, parts] = [packet.readUInt16BE(6), packet.readUInt16BE(8), packet.readUInt16BE(10)];
  return { kind, train, seq, parts, body: packet.subarray(headBytes) };
}

/** When a packet came, microseconds since the first of its train. */
export type TrainArrival = { seq: number; us: number };

/** The parts of a report; one without entries where nothing came. */
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

/** The arrivals in one part of a report. */
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

/** What a link carries by TCP, told by a short transfer: where UDP does not get through, better than nothing. */

/** In each direction. */
export const transferBytes = 256_000;
/** Where a PC sends them to, and gets them from; at the door where it enrolled. The right to: the reflector's token. */
export const transferPath = '/link-test';
/** With headers, acknowledgements and the handshake: what a data budget counts for both directions. */
export const transferWireBytes = Math.ceil(2 * transferBytes * 1.08) + 20_000;

/** How much had come by then. */
export type Progress = { ms: number; bytes: number };

const shortestMs = 20;

/**
 * The rate of the second half, bits/s: TCP begins slowly. It tells what the link carries at least; null where it was over too soon to tell.
 */
export function transferRate(progress: readonly Progress[]): number | null {
  const last = progress.at(-1);
  const half = progress.find(({ bytes }) => last !== undefined && bytes >= last.bytes / 2);
  if (last === undefined || half === undefined || last.ms - half.ms < shortestMs) return null;
  return ((last.bytes - half.bytes) * 8_000) / (last.ms - half.ms);
}
