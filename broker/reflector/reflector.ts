/** The reflector: one UDP socket at which PCs measure their way to the centre. Each packet goes to the first answerer that takes it. */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { isIP } from 'node:net';
import { codeOf, StartError } from '@sabha/contracts';

/** What `openReflector` needs. */
export type ReflectorOptions = {
  host: string;
  /** 0 takes a free one. */
  port: number;
  answerers: readonly Answerer[];
  /** A packet that nobody takes, or a fault of the socket. */
  count(kind: 'other', result: string): void;
};
/** A socket that is open. */
export type Reflector = { port: number; close(): void };

/** Bursts wait here while the broker is busy; the system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/** Resolves when it listens; rejects with a `StartError` where it cannot. Guarantee: what nobody takes is not answered. */
export async function openReflector({ host, port, answerers, count }: ReflectorOptions): Promise<Reflector> {
  // Both ends are addresses, never names: nothing is to be looked up, and an answer goes out in the turn in which its time was written.
  const lookup: SocketOptions['lookup'] = (address, _options, callback) => callback(null, address, isIP(address));
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', lookup });
  const reply = (packet: Buffer, { port, address }: RemoteInfo) =>
    socket.send(packet, port, address, (error) => error && count('other', 'not sent'));
  socket.on('message', (packet, from) => {
    const taker = answerers.find((one) => one.takes(packet));
    if (taker === undefined) count('other', 'malformed');
    else taker.answer(packet, from, (answer) => reply(answer, from));
  });
  await bind(socket, host, port);
  socket.on('error', () => count('other', 'socket'));
  widen(socket);
  return { port: socket.address().port, close: () => void socket.close() };
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', (error) => {
    const inUse = codeOf(error) === 'EADDRINUSE';
    const line = inUse ? `UDP port ${port} is in use by another program` : `cannot listen on UDP port ${port}: ${codeOf(error)}`;
    reject(new StartError(`${line} (${host}:${port})`));
  });
  socket.bind({ port, address: host }, resolve);
  return promise.then(() => void socket.removeAllListeners('error'));
}

function widen(socket: Socket): void {
  try {
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system's own size will do.
  }
}

/** A kind of packets. */
export type Answerer = {
  /** True where the packet has the shape of this kind; looks at no secret, since it is asked for every packet of every stranger. */
  takes(packet: Buffer): boolean;
  /** Guarantee of each: nothing is sent to anybody without a token, and nothing larger than what it answers to an address that has not proven that it receives. */
  answer(packet: Buffer, from: RemoteInfo, reply: (packet: Buffer) => void): void;
};
