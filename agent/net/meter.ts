/** What the socket's bytes cost on the wire, as an interface of the kernel counts them: Ethernet frames without checksum and preamble. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf } from '#contracts';

const ethernetBytes = 14;
const ipBytes = 20;
const ip6Bytes = 40;
const udpHeaderBytes = 8;
/** With the time stamps that every system of today sends. */
const tcpHeaderBytes = 32;
const packetBytes = 1_500;
const connectTimeoutMs = 30_000;
/** A segment and its acknowledgement, where no answer carries it. */
const framesPerSegment = 2;
/** So long a system waits for something to send with its acknowledgement. */
const promptMs = 40;

/** Of IP. */
type Family = 4 | 6;

/** Bytes on the wire of a datagram that carries so many. */
export function udpWireBytes(payloadBytes: number, family: Family = 4): number {
  return payloadBytes + ethernetBytes + headerBytes(family) + udpHeaderBytes;
}

/** `bytes` + 66 × 2 × segments, over IPv6 86 × 2; a message is at least one segment, and 1,448 B fill one, over IPv6 1,428. */
export function tcpWireBytes(bytes: number, messages: number, family: Family = 4): number {
  const segmentBytes = packetBytes - headerBytes(family) - tcpHeaderBytes;
  return bytes + frameOf(family) * framesPerSegment * Math.max(messages, Math.ceil(bytes / segmentBytes));
}

function headerBytes(family: Family): number {
  return family === 4 ? ipBytes : ip6Bytes;
}

/** A segment of TCP that carries nothing. */
function frameOf(family: Family): number {
  return ethernetBytes + headerBytes(family) + tcpHeaderBytes;
}

/** What a connection costs beside what it carries. A segment that opens it has 8 B of options more; where nobody answers there are the first try and four more in 30 s. */
function besideOf(family: Family): { open: number; close: number; refused: number; unanswered: number } {
  const frame = frameOf(family);
  const syn = frame + 8;
  return { open: 2 * syn + frame, close: 3 * frame, refused: syn + frame, unanswered: 5 * syn };
}

/** An address of IPv4 may be written as one of IPv6. */
function familyOf(address = ''): Family {
  return address.includes(':') && !address.startsWith('::ffff:') ? 6 : 4;
}

/** Told of bytes on the wire as they go and come. */
export type Used = (wireBytes: number) => void;

/** Told of each message: it came, or is about to be written. */
export type OnMessage = (way: 'in' | 'out') => void;

/**
 * Counts a TCP socket from its start to its end, by its messages: each is a segment of its own, save for those that are written in one turn.
 * Guarantee: every byte of the socket is counted once; what it has after its last message is counted when it closes.
 */
export function meterTcp(socket: Socket, used: Used, now: () => number = () => performance.now()): { message: OnMessage } {
  const never = Number.NEGATIVE_INFINITY;
  /** `owedAt`: when there last was something whose acknowledgement may still go with an answer. */
  const ways = { in: { counted: 0, owedAt: never }, out: { counted: 0, owedAt: never } };
  let opened = false;
  let family: Family = 4;
  let toldAt: number | undefined;
  const countWay = (way: 'in' | 'out', at: number) => {
    const [own, other] = way === 'in' ? [ways.in, ways.out] : [ways.out, ways.in];
    const bytes = (way === 'in' ? socket.bytesRead : socket.bytesWritten) - own.counted;
    if (bytes === 0) return;
    own.counted += bytes;
    used(tcpWireBytes(bytes, 1, family) - (at - other.owedAt < promptMs ? frameOf(family) : 0));
    other.owedAt = never;
    own.owedAt = at;
  };
  // What was written is found when the next message is told, and belongs before it.
  const count = () => {
    countWay('out', toldAt ?? now());
    countWay('in', now());
    toldAt = undefined;
  };
  socket.on('connectionAttempt', (address) => {
    family = familyOf(address);
  });
  socket.once('connect', () => {
    opened = true;
    family = familyOf(socket.remoteAddress);
    used(besideOf(family).open);
  });
  socket.once('close', () => {
    const { close, refused, unanswered } = besideOf(family);
    if (!opened) return used(codeOf(socket.errored ?? '') === 'ECONNREFUSED' ? refused : unanswered);
    count();
    used(close);
  });
  return {
    message(way) {
      count();
      if (way === 'out') toldAt = now();
    },
  };
}

/**
 * TLS over a TCP socket of its own, which is what can be counted: the TLS socket itself only knows what it carries. It begins when the TCP
 * stands, since until then the socket may still try one address after the other. Rejects where it never stands.
 */
export async function meteredTls(
  options: ConnectionOptions,
  used: Used,
  signal?: AbortSignal,
): Promise<{ socket: TLSSocket; message: OnMessage }> {
  const raw = connectTcp({ host: options.host ?? 'localhost', port: options.port ?? 0, ...(signal && { signal }) });
  const { message } = meterTcp(raw, used);
  raw.setTimeout(connectTimeoutMs, () => raw.destroy(new Error(`no answer in ${connectTimeoutMs / 1_000} s`)));
  await once(raw, 'connect');
  raw.setTimeout(0);
  const socket = connectTls({ ...options, socket: raw });
  // Or the TLS socket would only tell that it was closed, and not why.
  raw.on('error', (error) => socket.destroy(error));
  return { socket, message };
}

/** For a request over HTTPS, which takes its socket by a callback. */
export function meteredTlsFor(options: ConnectionOptions, used: Used) {
  return (_: object, done: (error: Error | null, socket: TLSSocket) => void): undefined => {
    meteredTls(options, used).then(
      ({ socket }) => done(null, socket),
      (error: Error) => done(error, undefined as unknown as TLSSocket),
    );
  };
}
