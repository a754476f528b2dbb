/** What the socket's bytes cost on the wire, as an interface of the kernel counts them: Ethernet frames without checksum and preamble. */
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf, isLoopback } from '@sabha/contracts';

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

/** The same, of one from or to this address of a socket. */
export function udpWireBytesAt(address: string | undefined, payloadBytes: number): number {
  return udpWireBytes(payloadBytes, familyOf(address));
}

/** One question for a name and its answer, with all of their headers. */
export function questionWireBytes(family: Family): number {
  return udpWireBytes(60, family) + udpWireBytes(140, family);
}

/** What the system asks for a host, by whatever server: for each kind of address. */
export const hostWireBytes = 2 * questionWireBytes(6);

/** Counts that, of a host that has a name. What the system still knows it does not ask: then this is too much. */
export function countHost(host: string, used: Used): void {
  if (isIP(host) === 0 && !isLoopback(host)) used(hostWireBytes);
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
function besideOf(family: Family): { syn: number; open: number; close: number; refused: number; unanswered: number } {
  const frame = frameOf(family);
  const syn = frame + 8;
  return { syn, open: 2 * syn + frame, close: 3 * frame, refused: syn + frame, unanswered: 5 * syn };
}

/** An address of IPv4 may be written as one of IPv6. */
function familyOf(address = ''): Family {
  return address.includes(':') && !address.startsWith('::ffff:') ? 6 : 4;
}

/** Told of bytes on the wire as they go and come. */
export type Used = (wireBytes: number) => void;

/** Called for each message that came or is about to be written; `asks`: the other side answers it at once. */
export type OnMessage = (way: 'in' | 'out', asks: boolean) => void;

type Way = ReturnType<typeof unusedWay>;

/**
 * Counts a TCP socket from its start to its end, by its messages: each is a segment of its own, except those that are written in one turn and the
 * answers to them. What TCP sends again is not seen.
 * Guarantee: every byte of the socket is counted once; what it has after its last message is counted when it closes.
 */
export function meterTcp(socket: Socket, used: Used, now: () => number = () => performance.now()): { message: OnMessage } {
  const ways = { in: unusedWay(), out: unusedWay() };
  let isOpen = false;
  let family: Family = 4;
  let toldAt: number | undefined;
  /** True where there was something new. */
  const countWay = (way: 'in' | 'out', at: number): boolean => {
    const bytes = (way === 'in' ? socket.bytesRead : socket.bytesWritten) - ways[way].counted;
    if (bytes === 0) return false;
    ways[way].counted += bytes;
    used(tcpWireBytes(bytes, 1, family) - (carries(ways, way, at) ? frameOf(family) : 0));
    return true;
  };
  // A message is told before it is written: its bytes are found at the next one.
  const countOut = () => {
    countWay('out', toldAt ?? now());
    toldAt = undefined;
  };
  socket.once('lookup', (...[, , , host]) => countHost(host, used));
  let isTried = false;
  socket.on('connectionAttempt', (address) => {
    // The address before refused, or did not answer so far.
    if (isTried) used(besideOf(family).refused);
    isTried = true;
    family = familyOf(address);
  });
  socket.once('connect', () => {
    isOpen = true;
    family = familyOf(socket.remoteAddress);
    used(besideOf(family).open);
  });
  socket.once('close', () => {
    const { close, refused, unanswered } = besideOf(family);
    if (!isOpen) return used(codeOf(socket.errored ?? '') === 'ECONNREFUSED' ? refused : unanswered);
    countOut();
    countWay('in', now());
    used(close);
  });
  return {
    message(way, asks) {
      countOut();
      const isNew = countWay('in', now());
      if (way === 'out') toldAt = now();
      // A busy PC reads at once what came as two segments.
      else if (!isNew && asks) used(framesPerSegment * frameOf(family));
    },
  };
}

/**
 * `owedAt`: when there last was something whose acknowledgement may still go with an answer. `waits`: who receives it answered in time before,
 * and so waits with the acknowledgement; else that goes at once.
 */
function unusedWay() {
  return { counted: 0, owedAt: Number.NEGATIVE_INFINITY, waits: false };
}

/** True where what goes in this way carries the acknowledgement of what came in the other. */
function carries(ways: { in: Way; out: Way }, way: 'in' | 'out', at: number): boolean {
  const [own, other] = way === 'in' ? [ways.in, ways.out] : [ways.out, ways.in];
  const isPrompt = at - other.owedAt < promptMs;
  const isCarried = isPrompt && other.waits;
  if (Number.isFinite(other.owedAt)) other.waits = isPrompt;
  other.owedAt = Number.NEGATIVE_INFINITY;
  own.owedAt = at;
  return isCarried;
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
