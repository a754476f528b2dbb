/** Runs the agent against a real broker and checks the messages that `flows` receives. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode, type MessageName, type MessageOf, pcTopic, realClock } from '@sabha/contracts';
import { Aedes } from 'aedes';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../agent.ts';
import type { Probe } from '../checks/probe.ts';
import type { Platform } from '../platform/platform.ts';
import { createMqttTransport } from './mqtt.ts';
import { openSpoolDisk } from './spool/database.ts';
import { createConfigStore } from './store/config-store.ts';

const pc = 'up/lucknow/room-1';
const folder = mkdtempSync(join(tmpdir(), 'sabha-agent-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Broker = {
  aedes: Aedes;
  server: Server;
  port: number;
  sockets: Set<Socket>;
  next<N extends MessageName>(leaf: N): Promise<MessageOf<N>>;
};
let broker: Broker;

async function listen(): Promise<Broker> {
  const aedes = await Aedes.createBroker({ concurrency: 0 });
  aedes.authenticate = (_, name, password, done) => done(null, name === 'up.lucknow.room-1' && String(password) === 'right');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const got: { topic: string; payload: Buffer }[] = [];
  const waiting: (() => void)[] = [];
  aedes.on('publish', ({ topic, payload }) => {
    got.push({ topic, payload: Buffer.from(payload) });
    for (const wake of waiting.splice(0)) wake();
  });
  const next = async <N extends MessageName>(leaf: N): Promise<MessageOf<N>> => {
    for (;;) {
      const at = got.findIndex((one) => one.topic === `sabha/v1/${pc}/${leaf}`);
      if (at < 0) await new Promise<void>((resolve) => waiting.push(resolve));
      else {
        const read = decode(leaf, got.splice(at, 1)[0]?.payload ?? Buffer.from(''));
        if (!read.ok) throw new Error(read.detail);
        return read.value;
      }
    }
  };
  return { aedes, server, port: (server.address() as AddressInfo).port, sockets, next };
}

beforeEach(async () => {
  broker = await listen();
});
afterEach(async () => {
  for (const socket of broker.sockets) socket.destroy();
  await new Promise<void>((resolve) => broker.aedes.close(resolve));
  broker.server.close();
});

const platform = { bootId: () => 'boot-1', inventory: async () => ({ os: 'test' }), watchCameras: () => () => {} } as unknown as Platform;
const probe: Probe = {
  name: 'pc',
  everyMs: 1_000,
  timeoutMs: 500,
  run: async () => ({ checks: [{ component: 'pc', device: '', status: 'ok', fault: null, reason: null }], numbers: { up: 1 } }),
};

function agentAt(name: string, { token = 'right', used }: { token?: string; used?: (wireBytes: number) => void } = {}): Agent {
  return createAgent({
    pc,
    version: '0.1.0',
    token,
    centreKey: null,
    platform,
    probes: [probe],
    transport: createMqttTransport({ host: '127.0.0.1', port: broker.port, ...(used && { used }) }),
    disk: openSpoolDisk(join(folder, `${name}.db`)),
    configs: createConfigStore(join(folder, `${name}.json`)),
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    clock: realClock(),
    random: Math.random,
    log: { info: () => undefined, warn: () => undefined },
    restart: () => undefined,
  });
}

function ack(agent: Agent, session: number): void {
  const payload = encode('ack', { spool: agent.spool.id(), upTo: 0, at: Date.now(), session });
  broker.aedes.publish({ cmd: 'publish', topic: pcTopic(pc, 'ack'), payload, qos: 0, retain: false, dup: false }, () => undefined);
}

test('a real broker receives birth, state, beat and, after the ack, the backlog; a stop sends a bye and no last will', async () => {
  const agent = agentAt('stop');
  const startedAt = performance.now();
  agent.start();
  const birth = await broker.next('presence');
  const startMs = performance.now() - startedAt;
  expect(birth).toMatchObject({ kind: 'birth', boot: 'boot-1', agent: '0.1.0', spool: { id: agent.spool.id(), first: 1 } });
  expect(await broker.next('state')).toMatchObject({ session: birth.session, checks: [{ component: 'pc', status: 'ok' }] });
  expect(await broker.next('beat')).toMatchObject({ session: birth.session, n: { up: 1 } });
  ack(agent, birth.session);
  expect((await broker.next('backlog')).map(({ kind }) => kind)).toEqual(['spool-new', 'started', 'check']);
  const gone = once(broker.aedes, 'clientDisconnect');
  const stoppedAt = performance.now();
  await agent.stop('stopped');
  expect(performance.now() - stoppedAt).toBeLessThan(2_000 + 20 * startMs);
  expect(await broker.next('event')).toMatchObject({ kind: 'stopped' });
  expect(await broker.next('presence')).toMatchObject({ kind: 'bye', reason: 'stopped', session: birth.session });
  await gone;
  const later = await Promise.race([broker.next('presence'), new Promise((resolve) => setImmediate(resolve, 'nothing'))]);
  expect(later).toBe('nothing');
});

test('the broker publishes the last will of a session when its connection breaks, and the next session has a higher number', {
  tags: ['long'],
}, async () => {
  const agent = agentAt('will');
  agent.start();
  const first = await broker.next('presence');
  for (const socket of broker.sockets) socket.destroy();
  expect(await broker.next('presence')).toEqual({ kind: 'lost', boot: 'boot-1', session: first.session });
  const second = await broker.next('presence');
  expect(second.kind).toBe('birth');
  expect(second.session).toBeGreaterThan(first.session);
  await agent.stop('stopped');
});

test('connect reports a wrong token as a refused identity, and a closed port as a failed connection', async () => {
  const handlers = { message: () => undefined, closed: () => undefined };
  const will = { topic: pcTopic(pc, 'presence'), payload: Buffer.from('{}') };
  const options = { name: 'up.lucknow.room-1', password: 'wrong', keepaliveMs: 90_000, will };
  const at = (port: number) => createMqttTransport({ host: '127.0.0.1', port }).connect(options, handlers);
  expect(await at(broker.port)).toMatchObject({ ok: false, refused: true });
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  expect(await at(port)).toMatchObject({ ok: false, refused: false, reason: expect.stringContaining('ECONNREFUSED') });
});
