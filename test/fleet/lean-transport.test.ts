/** The lean transport beside the agent's own, at a real broker: what the link relies on is the same. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { realClock } from '@sabha/contracts';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Connected, type Connection, createMqttTransport, type Transport } from '../../agent/uplink/mqtt.ts';
import { testClock } from '../../flows/notify/people/people.test-helper.ts';
import { createLeanTransport } from './lean-transport.ts';
import { createLine } from './line.ts';

type Broker = { aedes: Aedes; server: Server; port: number; sockets: Set<Socket>; got: string[]; waitFor(line: string): Promise<void> };

let broker: Broker;
beforeEach(async () => {
  const aedes = await Aedes.createBroker({ concurrency: 0 });
  aedes.authenticate = (_client, _name, password, done) => done(null, String(password) === 'right');
  aedes.authorizeSubscribe = (_client, subscription, done) => done(null, subscription.topic === 'forbidden' ? null : subscription);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const got: string[] = [];
  const wakes = new Set<() => void>();
  aedes.on('publish', ({ topic, payload }) => {
    if (!topic.startsWith('$')) got.push(`${topic} ${payload}`);
    for (const wake of wakes) wake();
  });
  const waitFor = async (line: string) => {
    while (!got.includes(line)) await new Promise<void>((resolve) => wakes.add(resolve));
  };
  broker = { aedes, server, sockets, got, waitFor, port: (server.address() as AddressInfo).port };
});
afterEach(async () => {
  for (const socket of broker.sockets) socket.destroy();
  await new Promise<void>((resolve) => broker.aedes.close(resolve));
  broker.server.close();
});

const options = { name: 'pc-1', password: 'right', keepaliveMs: 60_000, will: { topic: 'will', payload: Buffer.from('lost') } };
const lean = (speed = 1) => {
  const line = createLine({ clock: realClock(speed) });
  return { line, transport: createLeanTransport({ host: '127.0.0.1', port: broker.port, clock: realClock(speed), speed, line }) };
};

type Session = { connection: Connection; messages: string[]; closed: Promise<string> };
async function open(transport: Transport, given: Partial<typeof options> = {}): Promise<Session> {
  const messages: string[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const message = (topic: string, payload: Buffer) => void messages.push(`${topic} ${payload}`);
  const answer: Connected = await transport.connect({ ...options, ...given }, { message, closed: resolve });
  if (!answer.ok) throw new Error(answer.reason);
  return { connection: answer.connection, messages, closed };
}

describe.each([
  ['the lean transport', () => lean().transport as Transport],
  ["the agent's own transport", () => createMqttTransport({ host: '127.0.0.1', port: broker.port })],
])('%s', (_name, make) => {
  test('takes and brings messages, each publish answered', async () => {
    const { connection, messages } = await open(make());
    expect(await connection.subscribe(['down/a', 'down/b'])).toBe(true);
    expect(await connection.publish('up', Buffer.from('1'), { qos: 1 })).toBe(true);
    expect(await connection.publish('up', Buffer.from('0'), { qos: 0 })).toBe(true);
    const sent = (qos: 0 | 1) =>
      new Promise<void>((resolve) => {
        const packet = { cmd: 'publish' as const, topic: 'down/a', payload: Buffer.from(`q${qos}`), qos, dup: false, retain: false };
        broker.aedes.publish(packet, () => resolve());
      });
    await sent(0);
    await sent(1);
    await broker.waitFor('up 0');
    expect(await connection.publish('up', Buffer.from('end'), { qos: 1 })).toBe(true);
    expect(broker.got).toEqual(expect.arrayContaining(['up 1', 'up 0', 'up end']));
    expect(messages).toEqual(['down/a q0', 'down/a q1']);
    await connection.end();
  });

  test('says where a topic is not granted, and where the identity is refused', async () => {
    const { connection } = await open(make());
    expect(await connection.subscribe(['down', 'forbidden'])).toBe(false);
    const wrong = await make().connect({ ...options, name: 'pc-2', password: 'wrong' }, { message() {}, closed() {} });
    expect(wrong).toMatchObject({ ok: false, refused: true });
    await connection.end();
  });

  test('a goodbye keeps the will back; nothing is answered after it', async () => {
    const { connection } = await open(make());
    const gone = once(broker.aedes, 'clientDisconnect');
    await connection.end();
    await gone;
    expect(await connection.publish('up', Buffer.from('late'), { qos: 1 })).toBe(false);
    expect(broker.got).toEqual([]);
  });

  test('a connection that the broker ends is told once, and what was not confirmed is false', async () => {
    const { connection, closed } = await open(make());
    const asked = Promise.withResolvers<void>();
    broker.aedes.authorizePublish = () => asked.resolve();
    const answer = connection.publish('up', Buffer.from('1'), { qos: 1 });
    await asked.promise;
    for (const socket of broker.sockets) socket.destroy();
    expect(await answer).toBe(false);
    expect(await closed).not.toBe('');
  });

  test('a broker that is not there is no refusal', async () => {
    broker.server.close();
    for (const socket of broker.sockets) socket.destroy();
    await once(broker.server, 'close');
    expect(await make().connect(options, { message() {}, closed() {} })).toMatchObject({ ok: false, refused: false });
  });
});

test('an agent that dies leaves its will, and is told nothing more', async () => {
  const { transport } = lean();
  const { closed } = await open(transport);
  transport.drop();
  await broker.waitFor('will lost');
  expect(await Promise.race([closed, 'nothing'])).toBe('nothing');
});

test('a PC without power tells nobody: the broker finds out by its keepalive', { tags: ['long'] }, async () => {
  const { transport } = lean(20);
  await open(transport, { keepaliveMs: 20_000 });
  const startedAt = performance.now();
  transport.vanish();
  await broker.waitFor('will lost');
  expect(performance.now() - startedAt).toBeGreaterThan(1_000);
});

test('on a line that is cut the agent gives up after its keepalive, and comes back when the line heals', { tags: ['long'] }, async () => {
  const { transport, line } = lean(20);
  const { connection, closed } = await open(transport, { keepaliveMs: 20_000 });
  line.cut();
  const answer = connection.publish('up', Buffer.from('held'), { qos: 1 });
  expect(await closed).toBe('keepalive timeout');
  expect(await answer).toBe(false);
  const again = await transport.connect(options, { message() {}, closed() {} });
  expect(again).toEqual({ ok: false, refused: false, reason: 'no route to the centre' });
  line.heal();
  expect((await open(transport)).connection).toBeDefined();
});

test('a short cut loses nothing and ends nothing', async () => {
  const { transport, line } = lean();
  const { connection } = await open(transport);
  line.cut();
  const answer = connection.publish('up', Buffer.from('held'), { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(broker.got).toEqual([]);
  line.heal();
  expect(await answer).toBe(true);
  expect(broker.got).toEqual(['up held']);
});

test('a quiet connection is kept alive by pings', async () => {
  const clock = testClock();
  const at = { host: '127.0.0.1', port: broker.port, clock, speed: 1, line: createLine({ clock: realClock() }) };
  const { connection } = await open(createLeanTransport(at), { keepaliveMs: 60_000 });
  for (let pings = 0; pings < 3; pings += 1) {
    const ping = once(broker.aedes, 'ping');
    await clock.pass(42_000);
    await ping;
    // What is answered here comes behind the answer to the ping: the transport has heard that one.
    expect(await connection.publish('up', Buffer.from('there'), { qos: 1 })).toBe(true);
    await clock.pass(42_000);
  }
});
