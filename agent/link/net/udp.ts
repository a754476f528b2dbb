/** Connected UDP socket to the server: the operating system drops packets from any other address. */
import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { codeOf } from '@sabha/contracts';
import type { OnInternalError } from '../../uplink/store/log.ts';
import { type CountBytes, countHost } from './meter.ts';

export type Udp = ReturnType<typeof udpOf>;

/** Requested buffer size; the system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/** Resolves with the socket, or with the reason for none. Never rejects. */
export type OpenUdp = (port: number, onPacket: (packet: Buffer) => void) => Promise<Udp | string>;

/** Lifetime of an address that responds, before the next DNS lookup, because each query costs data. */
export const addressLifeMs = 3_600_000;

/**
 * Opens sockets to a host. If its name cannot be resolved, the last address is used.
 * Guarantee: it uses no fixed local port and receives only from that host.
 */
export function udpTo(host: string, used: CountBytes = ignore): OpenUdp {
  let last: LookupAddress | undefined;
  let [foundAt, isHeard] = [0, false];
  const look = async () => {
    if (last !== undefined && isHeard && performance.now() - foundAt < addressLifeMs) return last;
    countHost(host, used);
    foundAt = performance.now();
    // UDP has no fallback to the other family, and a server with both families responds on IPv4.
    return lookup(host, { order: 'ipv4first' });
  };
  return async (port, onPacket) => {
    const found = await look().catch((error) => last ?? codeOf(error));
    if (typeof found === 'string') return found;
    [last, isHeard] = [found, false];
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    // An ICMP refusal appears as an error of a later call: the probe is lost, and nothing else is wrong.
    socket.on('error', () => undefined);
    socket.on('message', (packet) => {
      isHeard = true;
      onPacket(packet);
    });
    const { promise, resolve } = Promise.withResolvers<Udp | string>();
    const opened = (error?: Error) => {
      if (error === undefined || error === null) return resolve(udpOf(socket));
      socket.close();
      resolve(codeOf(error));
    };
    socket.connect(port, found.address, opened as () => void);
    return promise;
  };
}

/**
 * Wraps `open`.
 * Guarantee: it never throws or rejects. Errors are reported; they count as a lost packet or as the reason for no socket.
 */
export function withErrorReport(open: OpenUdp, onInternalError: OnInternalError): OpenUdp {
  const trying = (task: () => void) => {
    try {
      task();
    } catch (error) {
      onInternalError('a UDP socket', error);
    }
  };
  return async (port, onPacket) => {
    const opened = await Promise.try(open, port, onPacket).catch((error) => {
      onInternalError('a UDP socket', error);
      return codeOf(error);
    });
    if (typeof opened === 'string') return opened;
    return { ...opened, send: (packet) => trying(() => opened.send(packet)), close: () => trying(opened.close) };
  };
}

function udpOf(socket: Socket) {
  try {
    // A train arrives faster than it is read.
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The default size suffices.
  }
  return {
    /** A failed send counts as a lost packet. */
    send: (packet: Buffer): void => socket.send(packet, ignore),
    close: (): void => void socket.close(),
    /** Local address of the route. */
    localAddress: socket.address().address,
  };
}

function ignore(): void {}
