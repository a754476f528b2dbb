/** A UDP socket to the centre and to nobody else: it is connected, so that the system drops what any other address sends. */
import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { codeOf } from '#contracts';
import type { OnSlip } from '../store/slips.ts';

/** An open socket to one address. */
export type Udp = {
  /** What cannot be sent is lost, as on any link. */
  send(packet: Buffer): void;
  close(): void;
  /** The address of the network card by which it goes. */
  localAddress: string;
};

/** The system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/** Resolves with the socket, or with the reason why there is none. Never rejects. */
export type OpenUdp = (port: number, onPacket: (packet: Buffer) => void) => Promise<Udp | string>;

/** UDP has no second try at the other family, and a centre that has both answers on IPv4. */
const findHost = (host: string) => lookup(host, { order: 'ipv4first' });

/** To the ports of a host, where its name is not found at its last address. Guarantee: it listens to no port of its own choice, and to nobody but that host. */
export function udpTo(host: string, find: typeof findHost = findHost): OpenUdp {
  let last: LookupAddress | undefined;
  return async (port, onPacket) => {
    const found = await find(host).catch((error) => last ?? codeOf(error));
    if (typeof found === 'string') return found;
    last = found;
    const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
    // A refusal comes as an error of a later call: the probe is lost, and nothing else has happened.
    socket.on('error', () => undefined);
    socket.on('message', onPacket);
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

function udpOf(socket: Socket): Udp {
  try {
    // A train comes faster than it is read.
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system's own size will do.
  }
  return { send: (packet) => socket.send(packet, ignore), close: () => void socket.close(), localAddress: socket.address().address };
}

function ignore(): void {}
