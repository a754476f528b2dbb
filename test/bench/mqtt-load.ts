/** MQTT clients over bare TCP. Packets are encoded once and written unchanged, so that the load generator needs little processor time. */
import { once } from 'node:events';
import { connect } from 'node:net';
import packets, { type IConnectPacket, type Packet } from 'mqtt-packet';

export type RawClient = {
  /** Resolves at once, or when the socket buffer has space again. */
  write(bytes: Buffer): Promise<void>;
  onPacket(listener: (packet: Packet) => void): void;
  end(): void;
};

/** Connects. Resolves after CONNACK; rejects if the broker refuses. */
export async function connectRaw({ port, clientId, password }: { port: number; clientId: string; password?: string }): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const parser = packets.parser();
  let listener: (packet: Packet) => void = () => {};
  const connected = Promise.withResolvers<void>();
  parser.on('packet', (packet: Packet) => {
    if (packet.cmd !== 'connack') return listener(packet);
    if (packet.returnCode === 0) connected.resolve();
    else connected.reject(new Error(`${clientId}: refused with ${packet.returnCode}`));
  });
  socket.on('data', (bytes: Buffer) => parser.parse(bytes));
  socket.on('error', (error) => connected.reject(error));
  socket.on('close', () => connected.reject(new Error(`${clientId}: closed`)));
  const secret = password === undefined ? {} : { username: clientId, password: Buffer.from(password) };
  const hello: IConnectPacket = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 300,
    clientId,
    ...secret,
  };
  socket.write(packets.generate(hello));
  await connected.promise;
  return {
    async write(bytes) {
      if (!socket.write(bytes) && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    },
    onPacket: (heard) => {
      listener = heard;
    },
    end: () => socket.destroy(),
  };
}

export function publishPacket(topic: string, payload: Buffer, messageId?: number): Buffer {
  const quality = messageId === undefined ? { qos: 0 as const } : { qos: 1 as const, messageId };
  return packets.generate({ cmd: 'publish', topic, payload, dup: false, retain: false, ...quality });
}

export function subscribePacket(topic: string): Buffer {
  return packets.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
}
