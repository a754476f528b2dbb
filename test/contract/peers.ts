/** Clients for the contract suite: mqtt.js, and a bare socket for packets that mqtt.js never sends. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { nameOf } from '@sabha/contracts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import packets, { type IConnectPacket, type Packet } from 'mqtt-packet';
import { tokenOf } from './broker-under-test.ts';

export type Heard = { topic: string; text: string };
export type Peer = {
  client: MqttClient;
  heard: Heard[];
  /** Resolves with the first message on this topic and with this text, whether it was received before or is received later. */
  hears(topic: string, text?: string): Promise<Heard>;
  publish(topic: string, text: string, options?: { qos?: 0 | 1 | 2; retain?: boolean }): Promise<void>;
  /** Resolves with the return codes of the SUBACK. The code 128 means refused. */
  subscribe(filters: string[], qos?: 0 | 1): Promise<number[]>;
  closed: Promise<undefined>;
  cut(): void;
};

/** Connects as a principal: `flows`, `exporter` or the path of a PC. Rejects if the broker refuses. */
export async function connect(port: number, who: string, options: IClientOptions = {}): Promise<Peer> {
  const client = mqtt.connect({ ...identity(who), host: '127.0.0.1', port, reconnectPeriod: 0, ...options });
  const heard: Heard[] = [];
  client.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }));
  const closed = new Promise<undefined>((done) => client.once('close', () => done(undefined)));
  await new Promise<void>((done, failed) => {
    client.once('connect', () => done());
    client.once('error', (error) => failed(error));
    client.once('close', () => failed(new Error('closed before CONNACK')));
  });
  client.on('error', () => {});
  return {
    client,
    heard,
    closed,
    async hears(topic, text) {
      for (;;) {
        const found = heard.find((one) => one.topic === topic && (text === undefined || one.text === text));
        if (found) return found;
        await new Promise<void>((done) => client.once('message', () => done()));
      }
    },
    async publish(topic, text, { qos = 1, retain = false } = {}) {
      await client.publishAsync(topic, text, { qos, retain });
    },
    subscribe(filters, qos = 1) {
      const answer = new Promise<number[]>((done) => {
        client.on('packetreceive', function hear(packet) {
          if (packet.cmd !== 'suback') return;
          client.off('packetreceive', hear);
          done(packet.granted.map(Number));
        });
      });
      client.subscribe(filters, { qos }, () => {});
      return answer;
    },
    cut: () => client.stream.destroy(),
  };
}

export type Bare = { socket: Socket; send(packet: Packet): void; closed: Promise<undefined> };

/** Opens a bare socket. With `who` it sends a CONNECT and resolves after any CONNACK. `from`: local address. */
export async function connectBare(port: number, who?: string, from = '127.0.0.1', password = tokenOf(who ?? '')): Promise<Bare> {
  const socket = connectSocket({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {});
  const closed = new Promise<undefined>((done) => socket.once('close', () => done(undefined)));
  await once(socket, 'connect');
  const send = (packet: Packet) => void socket.write(packets.generate(packet));
  if (who) {
    send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      keepalive: 60,
      ...identity(who),
      password: Buffer.from(password),
    } as IConnectPacket);
    await once(socket, 'data');
  }
  return { socket, send, closed };
}

/** Opens a subscriber that stops reading after its SUBACK. */
export async function stallOn(port: number, who: string, filters: readonly string[]): Promise<Bare> {
  const bare = await connectBare(port, who);
  bare.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 1 as const })) });
  await once(bare.socket, 'data');
  bare.socket.pause();
  return bare;
}

function identity(who: string) {
  const name = who.includes('/') ? nameOf(who) : who;
  return { clientId: name, username: name, password: tokenOf(who), clean: true };
}
