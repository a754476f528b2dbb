/** A UDP socket to the centre and to nobody else: it is connected, so that the system drops what any other address sends. */
import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { codeOf } from '@sabha/contracts';
import type { OnSlip } from '../../uplink/store/log.ts';
import { countHost, type Used } from './meter.ts';

/** An open socket to one address. */
export type Udp = ReturnType<typeof udpOf>;

/** The system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/** Resolves with the socket, or with the reason why there is none. Never rejects. */
export type OpenUdp = (port: number, onPacket: (packet: Buffer) => void) => Promise<Udp | string>;

/** An address that answers is good for so long before the name is asked for again: each question is paid for. */
export const addressLifeMs = 3_600_000;

/** To the ports of a host, where its name is not found at its last address. Guarantee: it listens to no port of its own choice, and to nobody but that host. */
export function udpTo(host: string, used: Used = ignore): OpenUdp {
  let last: LookupAddress | undefined;
  let [foundAt, isHeard] = [0, false];
  const look = async () => {
    if (last !== undefined && isHeard && performance.now() - foundAt < addressLifeMs) return last;
    countHost(host, used);
    foundAt = performance.now();
    // UDP has no second try at the other family, and a centre that has both answers on IPv4.
    return lookup(host, { order: 'ipv4first' });
  };
  return async (port, onPacket) => {
    const found = await look().catch((error) => last ?? codeOf(error));
    if (typeof found === 'string') return found;
    [last, isHeard] = [found, false];
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    // A refusal comes as an error of a later call: the probe is lost, and nothing else has happened.
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

/** The same way. Guarantee: it never throws or rejects; what does is told, and is a packet lost, or a reason why there is no socket. */
export function sturdy(open: OpenUdp, onSlip: OnSlip): OpenUdp {
  const trying = (task: () => void) => {
    try {
      task();
    } catch (error) {
      onSlip('a UDP socket', error);
    }
  };
  return async (port, onPacket) => {
    const opened = await Promise.try(open, port, onPacket).catch((error) => {
      onSlip('a UDP socket', error);
      return codeOf(error);
    });
    if (typeof opened === 'string') return opened;
    return { ...opened, send: (packet) => trying(() => opened.send(packet)), close: () => trying(opened.close) };
  };
}

function udpOf(socket: Socket) {
  try {
    // A train comes faster than it is read.
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system's own size will do.
  }
  return {
    /** What cannot be sent is lost, as on any link. */
    send: (packet: Buffer): void => socket.send(packet, ignore),
    close: (): void => void socket.close(),
    /** The address of the network card by which it goes. */
    localAddress: socket.address().address,
  };
}

function ignore(): void {}
