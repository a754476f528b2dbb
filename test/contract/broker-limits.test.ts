/** Tests the limits of the embedded broker at their edge, without effect on other clients (S4, S7, S8, F13). */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { agentFilters, exporterFilters, flowsFilters, nameOf, pcTopic, realClock } from '@sabha/contracts';
import packets from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { type Limits, noRateLimits } from '../../broker/protection/limits.ts';
import { type OwnBroker, startOwnBroker } from './broker-under-test.ts';
import { type Bare, connect, connectBare, type Peer, stallOn } from './peers.ts';

const pc = 'ladakh/leh/pc-1';
const neighbour = 'ladakh/leh/pc-2';
const beat = pcTopic(pc, 'beat');
const patience = { timeout: 40_000, interval: 10 };

let broker: OwnBroker;
/** Time of the fixed test clock in seconds. */
let up = 0;

async function start(limits: Partial<Limits> = {}, clock = realClock()): Promise<void> {
  up = 0;
  broker = await startOwnBroker(limits, clock);
  await broker.admit([{ pc }, { pc: neighbour }]);
}
const handClock = { ...realClock(), up: () => up * 1_000 };
afterEach(() => broker.stop());

const refused = (action: string, reason: string) => broker.sample(`sabha_broker_refused_total{action="${action}",reason="${reason}"}`);
const dropped = (who: string, reason: string) => broker.sample(`sabha_broker_dropped_total{principal="${who}",reason="${reason}"}`);

describe('a subscriber that stops reading', () => {
  test('F13 flows is disconnected after the drain time and named and counted once, and the exporter loses nothing', {
    tags: ['long'],
  }, async () => {
    await start({ drainTimeoutMs: 300, ...noRateLimits });
    const exporter = await connect(broker.port, 'exporter');
    await exporter.subscribe([...exporterFilters]);
    const stalled = await stallOn(broker.port, 'flows', flowsFilters);
    const agent = await connect(broker.port, pc);
    await Promise.all(Array.from({ length: 800 }, (_, n) => agent.publish(beat, `${n} ${'x'.repeat(60_000)}`)));
    await exporter.hears(beat, `799 ${'x'.repeat(60_000)}`);
    expect(exporter.heard.map(({ text }) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 800 }, (_, n) => n));
    expect(broker.named('disconnected: it did not read its messages')).toEqual(['flows']);
    expect(await dropped('flows', 'stalled')).toBe(1);
    stalled.socket.destroy();
  });

  test('F13 a stalled PC delays no other client before it is disconnected', { tags: ['long'] }, async () => {
    await start({ drainTimeoutMs: 60_000 });
    const stalled = await stallOn(broker.port, pc, agentFilters(pc));
    const [flows, other] = [await connect(broker.port, 'flows'), await connect(broker.port, neighbour)];
    await other.subscribe(agentFilters(neighbour));
    for (let n = 0; n < 1_200; n += 1) flows.client.publish(pcTopic(pc, 'config'), 'x'.repeat(60_000), { qos: 1 });
    await flows.publish(pcTopic(neighbour, 'ack'), 'not late');
    await other.hears(pcTopic(neighbour, 'ack'), 'not late');
    expect(await broker.sample('sabha_broker_clients{principal="pc"}')).toBe(2);
    stalled.socket.destroy();
  });

  test('F13 a stalled PC is disconnected after the drain time, named and counted', async () => {
    await start({ drainTimeoutMs: 300 });
    const stalled = await stallOn(broker.port, pc, agentFilters(pc));
    const flows = await connect(broker.port, 'flows');
    for (let n = 0; n < 1_200; n += 1) flows.client.publish(pcTopic(pc, 'config'), 'x'.repeat(60_000), { qos: 1 });
    await expect.poll(() => dropped('pc', 'stalled'), patience).toBe(1);
    expect(broker.named('disconnected: it did not read its messages')).toEqual([nameOf(pc)]);
    stalled.socket.destroy();
  });
});

describe('a PC that sends too fast', () => {
  test('S8 is read at its rate limit, named in the log, and loses nothing; its neighbour and flows are not slowed', async () => {
    await start({}, handClock);
    const flows = await connectFlows();
    const flood = await connectBare(broker.port, pc);
    // Each message has 1 KB, because aedes reads 64 KB at a time and handles all of it before the next read.
    for (let n = 0; n < 1_000; n += 1) flood.send(beatOf(`${n}`.padEnd(1_024)));
    const other = await connect(broker.port, neighbour);
    for (let n = 0; n < 150; n += 1) await other.publish(pcTopic(neighbour, 'beat'), `${n}`);
    const count = (who: string) => flows.heard.filter(({ topic }) => topic === pcTopic(who, 'beat')).length;
    await expect.poll(() => [count(pc), count(neighbour)], patience).toEqual([200, 150]);
    expect(broker.named('slowed down: it sends too fast')).toEqual([nameOf(pc)]);
    expect(await broker.sample('sabha_broker_slowed_total')).toBeGreaterThan(0);
    up += 1;
    await expect.poll(() => count(pc), patience).toBe(220);
    for (; count(pc) < 1_000; up += 1) await turn();
    const numbers = flows.heard.filter(({ topic }) => topic === beat).map(({ text }) => Number(text));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    for (let n = 0; n < 2_000; n += 1) flows.client.publish(pcTopic(neighbour, 'ack'), '', { qos: 0 });
    await flows.publish(pcTopic(neighbour, 'cmd'), '');
    expect(await dropped('flows', 'flood')).toBe(0);
    flood.socket.destroy();
  });

  test.each([
    ['messages', () => beatOf('')],
    ['pings', () => ({ cmd: 'pingreq' as const })],
    [
      'filters',
      () => ({
        cmd: 'subscribe' as const,
        messageId: 1,
        subscriptions: Array.from({ length: 30 }, (_, n) => ({ topic: `${n}`, qos: 0 as const })),
      }),
    ],
  ])('S8 with far too many %s at once is disconnected, named and counted', async (_what, packet) => {
    await start({}, handClock);
    const flood = await connectBare(broker.port, pc);
    flood.socket.cork();
    for (let n = 0; n < 1_000; n += 1) flood.send(packet());
    flood.socket.uncork();
    await flood.closed;
    expect(await dropped('pc', 'flood')).toBe(1);
    expect(broker.named('disconnected: it sent too much at once')).toEqual([nameOf(pc)]);
  });

  test('S8 that acknowledges thousands of commands is not treated as a flood', { tags: ['long'] }, async () => {
    await start({}, handClock);
    const [flows, agent] = [await connect(broker.port, 'flows'), await connect(broker.port, pc)];
    await agent.subscribe(agentFilters(pc));
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => flows.publish(pcTopic(pc, 'cmd'), `${n}`)));
    await agent.hears(pcTopic(pc, 'cmd'), '4999');
    await agent.publish(beat, '');
    expect(await broker.sample('sabha_broker_slowed_total')).toBe(0);
  });
});

describe('unauthenticated connections', () => {
  test('S7 that send nothing or one byte are closed at the connect timeout and counted, and an admitted PC stays connected', async () => {
    await start({ connectTimeoutMs: 200 });
    const [flows, agent] = [await connectFlows(), await connect(broker.port, pc)];
    const strangers = await crowd(100);
    for (const { socket } of strangers.slice(0, 50)) socket.write(Buffer.from([0x10]));
    await agent.publish(beat, 'meanwhile');
    await flows.hears(beat, 'meanwhile');
    await Promise.all(strangers.map(({ closed }) => closed));
    expect(await refused('connect', 'timeout')).toBe(100);
    expect([flows.client.connected, agent.client.connected]).toEqual([true, true]);
  });

  test('S7 above the limit are closed, oldest first; admitted clients stay, and a known PC can still connect', async () => {
    await start({ strangers: 20 });
    const flows = await connectFlows();
    const strangers = await crowd(50);
    await Promise.all(strangers.slice(0, 30).map(({ closed }) => closed));
    expect(await refused('connect', 'crowd')).toBe(30);
    const agent = await connect(broker.port, pc);
    await agent.publish(beat, 'in');
    await flows.hears(beat, 'in');
    await strangers[30]?.closed;
    expect(strangers.slice(31).filter(({ socket }) => socket.closed)).toEqual([]);
    for (const { socket } of strangers) socket.destroy();
  });

  test('S7 from one address are rate limited without effect on another address, and a refused one uses no quota', async () => {
    await start({ connects: { perSecond: 1, burst: 3 }, exemptLoopback: false }, handClock);
    const inside = await crowd(3);
    for (const { closed } of await crowd(2)) await closed;
    expect(await refused('connect', 'rate')).toBe(2);
    expect(broker.named('refused: connect, rate')).toEqual(['127.0.0.1']);
    const other = await connectBare(broker.port, pc, '127.0.0.2');
    up += 1;
    const later = await connectBare(broker.port, neighbour);
    expect([...inside, other, later].filter(({ socket }) => socket.closed)).toEqual([]);
    for (const { socket } of [...inside, other, later]) socket.destroy();
  });

  test.each([
    ['S1 a wrong token', 5, 'wrong_token', connectOf(nameOf(pc), { password: 'guess' })],
    ['S1 no token', 5, 'no_identity', connectOf(nameOf(pc), { password: '' })],
    [
      'MQTT-3.1.3-8 a lasting session without an id',
      2,
      'unclean_session',
      Buffer.from([0x10, 12, 0, 4, 77, 81, 84, 84, 4, 0, 0, 60, 0, 0]),
    ],
  ])('%s is refused with return code %i, closed and counted', async (_what, code, reason, packet) => {
    await start();
    const bare = await connectBare(broker.port);
    bare.socket.write(packet);
    const [answer] = await once(bare.socket, 'data');
    expect([...answer]).toEqual([0x20, 2, 0, code]);
    await bare.closed;
    expect(await refused('connect', reason)).toBe(1);
  });

  function crowd(count: number): Promise<Bare[]> {
    return Promise.all(Array.from({ length: count }, () => connectBare(broker.port)));
  }
});

async function connectFlows(): Promise<Peer> {
  const flows = await connect(broker.port, 'flows');
  await flows.subscribe([...flowsFilters]);
  return flows;
}

function beatOf(payload: string) {
  return { cmd: 'publish' as const, topic: beat, payload, qos: 0 as const, dup: false, retain: false };
}

function connectOf(name: string, { password }: { password: string }): Buffer {
  return packets.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: name,
    username: name,
    password: Buffer.from(password),
  });
}
