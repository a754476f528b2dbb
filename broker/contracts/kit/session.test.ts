/** Tests the session of a server part with a real client and an aedes broker. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connect } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { realClock } from './clock.ts';
import { createRetryDelays, openPartSession, type PartSession } from './session.ts';

type Broker = { port: number; aedes: Aedes; cut(): void; close(): Promise<void> };
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function broker(port = 0, authorizeSubscribe?: (filter: string) => boolean): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  if (authorizeSubscribe) aedes.authorizeSubscribe = (_client, sub, done) => done(null, authorizeSubscribe(sub.topic) ? sub : null);
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
    await new Promise<void>((resolve) => aedes.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, aedes, cut, close };
}

function session(port: number, { speed = 20, onMessage = (_topic: string) => {} } = {}) {
  const heard: string[] = [];
  const lost: string[] = [];
  let subscribed = 0;
  const own: PartSession = openPartSession({
    connect,
    host: '127.0.0.1',
    port,
    name: 'exporter',
    token: 'secret',
    filters: ['a/+', 'b/#'],
    qos: 1,
    clock: realClock(speed),
    random: () => 0,
    onMessage: (topic, payload) => {
      heard.push(`${topic} ${payload}`);
      onMessage(topic);
    },
    onSubscribed: () => {
      subscribed += 1;
    },
    onLost: (reason) => lost.push(reason),
  });
  open.push(() => own.close());
  return { own, heard, lost, subscribed: () => subscribed };
}

test('a session subscribes all its filters under its own name, receives, publishes and disconnects cleanly', async () => {
  const { port, aedes, close } = await broker();
  open.push(close);
  const connected = once(aedes, 'client');
  const one = session(port);
  expect(((await connected)[0] as { id: string }).id).toBe('exporter');
  await expect.poll(one.subscribed).toBe(1);
  aedes.publish({ cmd: 'publish', qos: 1, topic: 'a/x', payload: 'hello', retain: false, dup: false }, () => {});
  await expect.poll(() => one.heard).toEqual(['a/x hello']);
  const said = once(aedes, 'publish');
  const published = new Promise<string>((resolve) => {
    aedes.on('publish', ({ topic, payload }) => topic === 'c' && resolve(String(payload)));
  });
  one.own.send('c', Buffer.from('word'), 1);
  await said;
  expect(await published).toBe('word');
  const gone = once(aedes, 'clientDisconnect');
  await one.own.close();
  await gone;
  expect(one.lost).toEqual([]);
});

test('a broken session is reported once, reconnects and subscribes again', async () => {
  const { port, cut, close } = await broker();
  open.push(close);
  const one = session(port);
  await expect.poll(one.subscribed).toBe(1);
  cut();
  await expect.poll(one.subscribed).toBe(2);
  expect(one.lost).toHaveLength(1);
});

test("two processes with the same name take over each other's session at growing intervals, and the takeover is reported", () => {
  let now = 0;
  const retries = createRetryDelays(
    () => now,
    () => 1,
  );
  const lost = () => {
    retries.up();
    const { waitMs, isTakeoverSuspected } = retries.lost();
    now += waitMs;
    return [waitMs, isTakeoverSuspected];
  };
  expect([lost(), lost(), lost(), lost(), lost()]).toEqual([
    [1_100, false],
    [1_100, false],
    [1_100, true],
    [2_100, true],
    [4_100, true],
  ]);
  // A loss through an unreachable broker is no takeover, and a minute without losses ends the suspicion.
  now += 60_000;
  retries.up();
  expect([1, 2, 3, 4].map(() => retries.lost().isTakeoverSuspected)).toEqual([false, false, false, false]);
});

test('R18a (canary) the keepalive is shorter on an accelerated clock, so that a stalled broker is noticed', async () => {
  const { port, aedes } = await broker();
  const keepalives: (number | undefined)[] = [];
  aedes.preConnect = (_client, packet, done) => {
    keepalives.push(packet.keepalive);
    done(null, true);
  };
  for (const speed of [1, 5, 10, 100]) {
    const one = session(port, { speed });
    await expect.poll(one.subscribed).toBe(1);
    await one.own.close();
  }
  expect(keepalives).toEqual([30, 6, 3, 1]);
});
