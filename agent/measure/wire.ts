/** What the socket's bytes cost on the wire, as an interface of the kernel counts them: Ethernet frames without checksum and preamble. */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf } from '#contracts';

const ethernetBytes = 14;
const ipBytes = 20;
const ip6Bytes = 40;
const udpHeaderBytes = 8;
/** With the time stamps that every system of today sends. */
const tcpHeaderBytes = 32;
const tcpFrameBytes = ethernetBytes + ipBytes + tcpHeaderBytes;
const segmentBytes = 1_448;
/** A segment that opens a connection carries 8 B of options more. */
const synBytes = tcpFrameBytes + 8;
const openBytes = 2 * synBytes + tcpFrameBytes;
const closeBytes = 3 * tcpFrameBytes;
/** Nobody answers: the first try and four more in 30 s. */
const unansweredBytes = 5 * synBytes;
const refusedBytes = synBytes + tcpFrameBytes;
/** Each segment, and a bare acknowledgement for every second one: an answer carries its own, and in a stream two are acknowledged at once. */
const framesPerSegment = 1.5;

export function udpWireBytes(payloadBytes: number, family: 4 | 6 = 4): number {
  return payloadBytes + ethernetBytes + (family === 4 ? ipBytes : ip6Bytes) + udpHeaderBytes;
}

/** `bytes` + 66 × 1.5 × segments; a message is at least one segment, and 1,448 B fill one. */
export function tcpWireBytes(bytes: number, messages: number): number {
  return bytes + tcpFrameBytes * framesPerSegment * Math.max(messages, Math.ceil(bytes / segmentBytes));
}

export type Used = (wireBytes: number) => void;

/**
 * Counts a TCP socket from its start to its end; `message` says that one more message went or came, which is a segment of its own.
 * Guarantee: every byte of the socket is counted once; what it has after its last message is counted when it closes.
 */
export function meterTcp(socket: Socket, used: Used): { message(): void } {
  let counted = 0;
  let opened = false;
  const count = (messages: number) => {
    const bytes = socket.bytesRead + socket.bytesWritten - counted;
    counted += bytes;
    if (bytes > 0) used(tcpWireBytes(bytes, messages));
  };
  socket.once('connect', () => {
    opened = true;
    used(openBytes);
  });
  socket.once('close', () => {
    if (!opened) return used(codeOf(socket.errored ?? '') === 'ECONNREFUSED' ? refusedBytes : unansweredBytes);
    count(0);
    used(closeBytes);
  });
  return { message: () => count(1) };
}

/** TLS over a TCP socket of its own, which is what can be counted: the TLS socket itself only knows what it carries. */
export function meteredTls(options: ConnectionOptions, used: Used): { socket: TLSSocket; message(): void } {
  const raw = connectTcp({ host: options.host ?? 'localhost', port: options.port ?? 0 });
  const { message } = meterTcp(raw, used);
  // The TLS socket tells of the same error.
  raw.on('error', () => undefined);
  return { socket: connectTls({ ...options, socket: raw }), message };
}
