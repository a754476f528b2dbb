/**
 * The clients of the bench `storm` in a separate process. They connect over TLS as agents do, are all dropped at once, and return with an agent's backoff.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { agentFilters, backoffMs, encode, nameOf, type PcPath, pcTopic } from '@sabha/contracts';
import packets, { type Packet } from 'mqtt-packet';
import { median } from './model.ts';

/** Content of the file named as argument. All clients share one key, because the bench does not measure key generation. */
export type StormSetup = { port: number; root: string; key: string; clients: { pc: PcPath; cert: string }[] };
export type StormResult = { lastSeconds: number; medianSeconds: number; failed: number };
export type LiveResult = { p50Ms: number; p99Ms: number };
/**
 * Requests to the clients. `beat` and `quiet` go to a separate process whose clients are not dropped, so that their latencies include no
 * handshakes.
 */
export type Order = 'connect' | 'storm' | 'beat' | 'quiet';

/** The backoff of an agent on fibre (agent/uplink/uplink.ts, contracts/links.ts). */
const waits = { firstMs: 4_000, maxMs: 60_000, random: Math.random };
const connectTimeoutMs = 30_000;
/** Limit of a storm in milliseconds. A storm takes a tenth of it, and half of it on a busy machine. */
const stormLimitMs = 600_000;
const together = 50;

type Client = { pc: PcPath; cert: string; socket: TLSSocket | undefined; onAck: () => void };

const setup: StormSetup = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const clients = setup.clients.map((one): Client => ({ ...one, socket: undefined, onAck: () => {} }));
const live = { beating: false, done: Promise.resolve<number[][]>([]) };

const orders: Record<Order, () => Promise<object>> = { connect: connectAll, storm, beat: beatAll, quiet };
process.on('message', ({ order }: { order: Order }) => void orders[order]().then((answer) => process.send?.(answer)));
process.once('disconnect', () => process.exit(0));

/** Connects all clients, a few at a time. Throws if one is refused. */
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
  const startedAt = performance.now();
  for (const { socket } of clients) socket?.destroy();
  const back = await Promise.all(clients.map((client) => comeBack(client, startedAt)));
  const seconds = back.flatMap((one) => one.seconds ?? []);
  return { lastSeconds: Math.max(...seconds), medianSeconds: median(seconds), failed: back.length - seconds.length };
}

async function beatAll(): Promise<object> {
  live.beating = true;
  live.done = Promise.all(clients.map((client, at) => beat(client, at)));
  return {};
}

async function quiet(): Promise<LiveResult> {
  live.beating = false;
  const acks = (await live.done).flat().toSorted((a, b) => a - b);
  return { p50Ms: median(acks), p99Ms: acks[Math.ceil(acks.length * 0.99) - 1] ?? Number.NaN };
}

/** Retries until the client is connected, or the storm has lasted too long. */
async function comeBack(client: Client, startedAt: number): Promise<{ seconds: number | undefined }> {
  for (let failures = 0; performance.now() - startedAt < stormLimitMs; failures += 1) {
    await delay(backoffMs(failures, waits));
    if (await attempt(client)) return { seconds: (performance.now() - startedAt) / 1_000 };
  }
  return { seconds: undefined };
}

/** Runs TLS, CONNECT and the subscriptions of an agent. Resolves with true when they are granted. */
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
    else if (packet.cmd === 'puback') client.onAck();
  });
  socket.once('secureConnect', () => socket.write(Buffer.concat([hello(client.pc), subscriptions(client.pc)])));
  socket.on('data', (bytes: Buffer) => parser.parse(bytes)).on('error', () => {});
  socket.once('close', () => {
    client.onAck();
    done(false);
  });
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

/** Sends a beat each second on a client that stays connected. Returns the time of each ack in milliseconds. */
async function beat(client: Client, at: number): Promise<number[]> {
  const { pc, socket } = client;
  const payload = encode('beat', { digest: '0123456789abcdef', session: 1, at: 1, n: { up: 1 } });
  const packet = packets.generate({ cmd: 'publish', topic: pcTopic(pc, 'beat'), payload, qos: 1, messageId: 2, dup: false, retain: false });
  const took: number[] = [];
  await delay((1_000 * at) / clients.length);
  while (live.beating) {
    const sentAt = performance.now();
    const acknowledged = new Promise<void>((resolve) => {
      client.onAck = resolve;
    });
    socket?.write(packet);
    await acknowledged;
    took.push(socket?.destroyed ? Number.POSITIVE_INFINITY : performance.now() - sentAt);
    await delay(1_000);
  }
  return took;
}
