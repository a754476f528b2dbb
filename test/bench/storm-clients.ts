/** The clients of the storm in a process of their own: they connect over TLS as agents do, are dropped all at once, and come back by an agent's backoff. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import packets, { type Packet } from 'mqtt-packet';
import { agentFilters, encode, nameOf, type PcPath, pcTopic } from '#contracts';
import { backoffMs } from '../../agent/backoff.ts';
import { median } from './model.ts';

/** What stands in the file that is named as argument. All share one key: a bench measures the broker, not the making of keys. */
export type StormSetup = {
  port: number;
  root: string;
  key: string;
  clients: { pc: PcPath; cert: string }[] /** Never dropped. */;
  live: number;
};
export type StormResult = { lastSeconds: number; medianSeconds: number; failed: number; liveP50Ms: number; liveP99Ms: number };

/** As an agent has them (agent/link.ts, contracts/links.ts, fibre). */
const waits = { firstMs: 4_000, maxMs: 60_000, random: Math.random };
const connectTimeoutMs = 30_000;
const stormLimitMs = 120_000;
const together = 50;

type Client = { pc: PcPath; cert: string; socket: TLSSocket | undefined };

const setup: StormSetup = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const clients = setup.clients.map((one): Client => ({ ...one, socket: undefined }));
const [live, others] = [clients.slice(0, setup.live), clients.slice(setup.live)];

process.on('message', (asked: { storm: boolean }) => {
  void (asked.storm ? storm() : connectAll()).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit(0));

/** In order and a few at a time; throws where one is refused. */
async function connectAll(): Promise<{ connected: number }> {
  const waiting = [...clients];
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (!(await attempt(next))) throw new Error(`${next.pc} was refused`);
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  return { connected: clients.length };
}

async function storm(): Promise<StormResult> {
  const running = { is: true };
  const beating = Promise.all(live.map((client, at) => beat(client, at, running)));
  const startedAt = performance.now();
  for (const { socket } of others) socket?.destroy();
  const back = await Promise.all(others.map((client) => comeBack(client, startedAt)));
  running.is = false;
  const acks = (await beating).flat().toSorted((a, b) => a - b);
  const seconds = back.flatMap((one) => one.seconds ?? []);
  return {
    lastSeconds: Math.max(...seconds),
    medianSeconds: median(seconds),
    failed: back.length - seconds.length,
    liveP50Ms: median(acks),
    liveP99Ms: acks[Math.ceil(acks.length * 0.99) - 1] ?? Number.NaN,
  };
}

/** Tries until it is in, or until the storm has lasted too long. */
async function comeBack(client: Client, startedAt: number): Promise<{ seconds: number | undefined }> {
  for (let failures = 0; performance.now() - startedAt < stormLimitMs; failures += 1) {
    await delay(backoffMs(failures, waits));
    if (await attempt(client)) return { seconds: (performance.now() - startedAt) / 1_000 };
  }
  return { seconds: undefined };
}

/** TLS, CONNECT and the subscriptions of an agent; true once they are granted. */
function attempt(client: Client): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const { port, root: ca, key } = setup;
  const socket = connect({ host: '127.0.0.1', port, ca, key, cert: client.cert, servername: 'localhost', minVersion: 'TLSv1.3' });
  const timer = setTimeout(() => socket.destroy(), connectTimeoutMs);
  const parser = packets.parser();
  const done = (isIn: boolean) => {
    clearTimeout(timer);
    client.socket = isIn ? socket : undefined;
    resolve(isIn);
  };
  parser.on('packet', (packet: Packet) => {
    if (packet.cmd === 'suback') done(true);
    else if (packet.cmd === 'puback') socket.emit('acknowledged');
  });
  socket.once('secureConnect', () => socket.write(Buffer.concat([hello(client.pc), subscriptions(client.pc)])));
  socket.on('data', (bytes: Buffer) => parser.parse(bytes)).on('error', () => {});
  socket.once('close', () => done(false));
  return promise;
}

function hello(pc: PcPath): Buffer {
  const name = nameOf(pc);
  const who = { clientId: name, username: name, clean: true, keepalive: 300 };
  return packets.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, ...who });
}

function subscriptions(pc: PcPath): Buffer {
  return packets.generate({ cmd: 'subscribe', messageId: 1, subscriptions: agentFilters(pc).map((topic) => ({ topic, qos: 1 as const })) });
}

/** One that was not dropped says a beat each second; how long each acknowledgement took, milliseconds. */
async function beat({ pc, socket }: Client, at: number, running: { is: boolean }): Promise<number[]> {
  const payload = encode('beat', { digest: '0123456789abcdef', session: 1, at: 1, n: { up: 1 } });
  const packet = packets.generate({ cmd: 'publish', topic: pcTopic(pc, 'beat'), payload, qos: 1, messageId: 2, dup: false, retain: false });
  const took: number[] = [];
  await delay((1_000 * at) / setup.live);
  while (running.is) {
    const sentAt = performance.now();
    const acknowledged = new Promise((resolve) => socket?.once('acknowledged', resolve).once('close', resolve));
    socket?.write(packet);
    await acknowledged;
    took.push(socket?.destroyed ? Number.POSITIVE_INFINITY : performance.now() - sentAt);
    await delay(1_000);
  }
  return took;
}
