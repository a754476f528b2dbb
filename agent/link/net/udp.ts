/** Opens a connected UDP socket to the server. The operating system drops packets from any other address. */
import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { codeOf } from '@sabha/contracts';
import type { OnInternalError } from '../../uplink/store/log.ts';
import { type CountBytes, countHost } from './meter.ts';

export type Udp = ReturnType<typeof udpOf>;

/** Requested size of the socket buffers; the operating system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/** Resolves with the open socket, or with the reason as text if no socket opens. Never rejects. */
export type OpenUdp = (port: number, onPacket: (packet: Buffer) => void) => Promise<Udp | string>;

/** Reuse time of a resolved address that still responds. Each new DNS query costs data. */
export const addressLifeMs = 3_600_000;

/**
 * Returns a function that opens sockets to this host. If the name cannot be resolved, it uses the last known address.
 * Guarantee: the socket has no fixed local port and receives only from that host.
 */
export function udpTo(host: string, used: CountBytes = ignore): OpenUdp {
  let last: LookupAddress | undefined;
  let [foundAt, isHeard] = [0, false];
  const look = async () => {
    if (last !== undefined && isHeard && performance.now() - foundAt < addressLifeMs) return last;
    countHost(host, used);
    foundAt = performance.now();
    // Prefers IPv4: UDP does not fall back to the other family, and a server with both families responds on IPv4.
    return lookup(host, { order: 'ipv4first' });
  };
  return async (port, onPacket) => {
    const found = await look().catch((error) => last ?? codeOf(error));
    if (typeof found === 'string') return found;
    [last, isHeard] = [found, false];
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    // An ICMP refusal appears here as an error of a later call. It means only that one probe is lost.
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
 * Wraps `open` and reports its exceptions.
 * Guarantee: the returned function never throws or rejects. An exception counts as a lost packet, or as the reason for no socket.
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
    // A packet train arrives faster than this process reads it.
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The default buffer size suffices.
  }
  return {
    /** A failed send counts as a lost packet. */
    send: (packet: Buffer): void => socket.send(packet, ignore),
    close: (): void => void socket.close(),
    /** Address of this PC on the route to the host. */
    localAddress: socket.address().address,
  };
}

function ignore(): void {}
