/** Converts socket bytes to wire bytes as a network interface counts them: Ethernet frames without checksum and preamble. */
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf, isLoopback } from '@sabha/contracts';

const ethernetBytes = 14;
const ipBytes = 20;
const ip6Bytes = 40;
const udpHeaderBytes = 8;
/** Includes the timestamp option, which every current operating system sends. */
const tcpHeaderBytes = 32;
const packetBytes = 1_500;
const connectTimeoutMs = 30_000;
/** One segment and its acknowledgement. The acknowledgement has its own frame unless data carries it. */
const framesPerSegment = 2;
/** Delayed ACK: a receiver waits up to this long to send its acknowledgement together with data. */
const promptMs = 40;

type Family = 4 | 6;

export function udpWireBytes(payloadBytes: number, family: Family = 4): number {
  return payloadBytes + ethernetBytes + headerBytes(family) + udpHeaderBytes;
}

/** Returns the wire bytes of a datagram to or from this IP address. */
export function udpWireBytesAt(address: string | undefined, payloadBytes: number): number {
  return udpWireBytes(payloadBytes, familyOf(address));
}

export function questionWireBytes(family: Family): number {
  return udpWireBytes(60, family) + udpWireBytes(140, family);
}

/** Wire bytes of the DNS lookup of a host name: one query per address family. */
export const hostWireBytes = 2 * questionWireBytes(6);

/** Counts a DNS lookup if the host is a name. The count is too high if the operating system has the name in its cache. */
export function countHost(host: string, used: CountBytes): void {
  if (isIP(host) === 0 && !isLoopback(host)) used(hostWireBytes);
}

/**
 * Returns the wire bytes: `bytes` + 66 × 2 × segments (IPv6: 86 × 2). A message has at least one segment; a segment holds 1,448 B (IPv6:
 * 1,428 B).
 */
export function tcpWireBytes(bytes: number, messages: number, family: Family = 4): number {
  const segmentBytes = packetBytes - headerBytes(family) - tcpHeaderBytes;
  return bytes + frameOf(family) * framesPerSegment * Math.max(messages, Math.ceil(bytes / segmentBytes));
}

function headerBytes(family: Family): number {
  return family === 4 ? ipBytes : ip6Bytes;
}

function frameOf(family: Family): number {
  return ethernetBytes + headerBytes(family) + tcpHeaderBytes;
}

/**
 * Returns the wire bytes of opening and closing a connection. A SYN has 8 more bytes of options. Without a response, the operating system
 * sends five SYNs within 30 s.
 */
function connectionOverhead(family: Family): { syn: number; open: number; close: number; refused: number; unanswered: number } {
  const frame = frameOf(family);
  const syn = frame + 8;
  return { syn, open: 2 * syn + frame, close: 3 * frame, refused: syn + frame, unanswered: 5 * syn };
}

/** Returns the address family. An IPv4-mapped IPv6 address (`::ffff:`) counts as IPv4. */
function familyOf(address = ''): Family {
  return address.includes(':') && !address.startsWith('::ffff:') ? 6 : 4;
}

export type CountBytes = (wireBytes: number) => void;

/** Called for each message that was received or is about to be written. `asks`: the other side responds to this message at once. */
export type OnMessage = (way: 'in' | 'out', asks: boolean) => void;

type DirectionState = ReturnType<typeof newDirection>;

/**
 * Counts the wire bytes of a TCP socket; its owner calls `message` for each message. Each message counts as one segment, except messages
 * that are written in one turn of the event loop. Retransmissions are invisible and not counted.
 * Guarantee: every byte of the socket is counted once. Bytes after the last message are counted on close.
 */
export function meterTcp(socket: Socket, used: CountBytes, now: () => number = () => performance.now()): { message: OnMessage } {
  const ways = { in: newDirection(), out: newDirection() };
  let isOpen = false;
  let family: Family = 4;
  let pendingWriteAt: number | undefined;
  const countWay = (way: 'in' | 'out', at: number): boolean => {
    const bytes = (way === 'in' ? socket.bytesRead : socket.bytesWritten) - ways[way].counted;
    if (bytes === 0) return false;
    ways[way].counted += bytes;
    used(tcpWireBytes(bytes, 1, family) - (carriesAck(ways, way, at) ? frameOf(family) : 0));
    return true;
  };
  // `message` runs before the write, so the next call counts the written bytes.
  const countOut = () => {
    countWay('out', pendingWriteAt ?? now());
    pendingWriteAt = undefined;
  };
  socket.once('lookup', (...[, , , host]) => countHost(host, used));
  let isTried = false;
  socket.on('connectionAttempt', (address) => {
    // The previous address of the host refused the connection, or has not responded.
    if (isTried) used(connectionOverhead(family).refused);
    isTried = true;
    family = familyOf(address);
  });
  socket.once('connect', () => {
    isOpen = true;
    family = familyOf(socket.remoteAddress);
    used(connectionOverhead(family).open);
  });
  socket.once('close', () => {
    const { close, refused, unanswered } = connectionOverhead(family);
    if (!isOpen) return used(codeOf(socket.errored ?? '') === 'ECONNREFUSED' ? refused : unanswered);
    countOut();
    countWay('in', now());
    used(close);
  });
  return {
    message(way, asks) {
      countOut();
      const isNew = countWay('in', now());
      if (way === 'out') pendingWriteAt = now();
      // Two segments arrived in one read, so this message adds a frame and its acknowledgement, but no bytes.
      else if (!isNew && asks) used(framesPerSegment * frameOf(family));
    },
  };
}

/**
 * `owedAt`: time of the last data that still needs an acknowledgement. `waits`: the last response came in time to carry the
 * acknowledgement. The receiver then delays the next one; otherwise it acknowledges at once.
 */
function newDirection() {
  return { counted: 0, owedAt: Number.NEGATIVE_INFINITY, waits: false };
}

/** Returns true if this data also carries the acknowledgement of the data received before. */
function carriesAck(ways: { in: DirectionState; out: DirectionState }, way: 'in' | 'out', at: number): boolean {
  const [own, other] = way === 'in' ? [ways.in, ways.out] : [ways.out, ways.in];
  const isPrompt = at - other.owedAt < promptMs;
  const isCarried = isPrompt && other.waits;
  if (Number.isFinite(other.owedAt)) other.waits = isPrompt;
  other.owedAt = Number.NEGATIVE_INFINITY;
  own.owedAt = at;
  return isCarried;
}

/**
 * Opens TLS over its own TCP socket, which `meterTcp` counts: the TLS socket knows only its payload. TLS begins after the TCP connect,
 * because the socket may try several addresses first. Rejects if the connect fails.
 */
export async function meteredTls(
  options: ConnectionOptions,
  used: CountBytes,
  signal?: AbortSignal,
): Promise<{ socket: TLSSocket; message: OnMessage }> {
  const raw = connectTcp({ host: options.host ?? 'localhost', port: options.port ?? 0, ...(signal && { signal }) });
  const { message } = meterTcp(raw, used);
  raw.setTimeout(connectTimeoutMs, () => raw.destroy(new Error(`no answer in ${connectTimeoutMs / 1_000} s`)));
  await once(raw, 'connect');
  raw.setTimeout(0);
  const socket = connectTls({ ...options, socket: raw });
  // Passes the cause to the TLS socket, which would otherwise report only that it was closed.
  raw.on('error', (error) => socket.destroy(error));
  return { socket, message };
}

/** Adapts `meteredTls` to `createConnection` of an HTTPS request, which takes a callback. */
export function meteredTlsFor(options: ConnectionOptions, used: CountBytes) {
  return (_: object, done: (error: Error | null, socket: TLSSocket) => void): undefined => {
    meteredTls(options, used).then(
      ({ socket }) => done(null, socket),
      (error: Error) => done(error, undefined as unknown as TLSSocket),
    );
  };
}
