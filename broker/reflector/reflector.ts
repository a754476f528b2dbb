/** The reflector: a UDP socket for the link measurements of PCs. Each packet goes to the first handler that accepts it. */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { isIP } from 'node:net';
import { codeOf, StartError } from '@sabha/contracts';

export type ReflectorOptions = {
  host: string;
  /** 0 selects a free port. */
  port: number;
  handlers: readonly PacketHandler[];
  /** Counts a packet that no handler accepts, or an error of the socket. */
  count(kind: 'other', result: string): void;
};
export type Reflector = { port: number; close(): void };

/** Socket buffer for bursts while the broker is busy. The system may grant less. */
const bufferBytes = 4 * 1024 * 1024;

/**
 * Resolves when the socket listens; rejects with a `StartError` if it cannot. Guarantee: a packet that no handler accepts gets no response.
 */
export async function openReflector({ host, port, handlers, count }: ReflectorOptions): Promise<Reflector> {
  // A lookup of an IP address is not needed. Without it a reply leaves in the same turn of the event loop in which its time stamp is
  // written.
  const lookup: SocketOptions['lookup'] = (address, _options, callback) => callback(null, address, isIP(address));
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', lookup });
  const reply = (packet: Buffer, { port, address }: RemoteInfo) =>
    socket.send(packet, port, address, (error) => error && count('other', 'not sent'));
  socket.on('message', (packet, from) => {
    const packetHandler = handlers.find((one) => one.matches(packet));
    if (packetHandler === undefined) count('other', 'malformed');
    else packetHandler.handlePacket(packet, from, (answer) => reply(answer, from));
  });
  await bind(socket, host, port);
  socket.on('error', () => count('other', 'socket'));
  enlargeBuffers(socket);
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

function enlargeBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(bufferBytes);
    socket.setSendBufferSize(bufferBytes);
  } catch {
    // The system refused the buffer size. Its default size is sufficient.
  }
}

/** Handler of one kind of packet. */
export type PacketHandler = {
  /**
   * Returns true if the packet has the format of this kind. It runs for every packet of unknown senders, so it must be cheap and use no
   * secret.
   */
  matches(packet: Buffer): boolean;
  /**
   * Guarantee of each handler: it sends nothing without a valid token, and nothing larger than the request to an address that is not
   * proven.
   */
  handlePacket(packet: Buffer, from: RemoteInfo, reply: (packet: Buffer) => void): void;
};
