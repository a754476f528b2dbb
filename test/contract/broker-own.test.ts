/** Tests what the embedded broker guarantees beyond the contract: exact limits, counted refusals, a clean start and stop. */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { flowsFilters, nameOf, pcTopic, realClock } from '@sabha/contracts';
import packets, { type IConnectPacket } from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBroker } from '../../broker/broker.ts';
import { brokerFiles, type OwnBroker, startOwnBroker, tokenOf } from './broker-under-test.ts';
import { connect, connectBare, type Peer } from './peers.ts';

const pc = 'ladakh/leh/pc-1';
const beat = pcTopic(pc, 'beat');
const patience = { timeout: 40_000, interval: 10 };

describe('a running broker', () => {
  let broker: OwnBroker;
  beforeEach(async () => {
    broker = await startOwnBroker();
    await broker.admit([{ pc }]);
  });
  afterEach(() => broker.stop());

  const refused = (action: string, reason: string) => broker.sample(`sabha_broker_refused_total{action="${action}",reason="${reason}"}`);

  test('a CONNECT over 4 KB ends the connection and is counted; a smaller one is accepted', async () => {
    const large = await connectBare(broker.port);
    large.send(connectPacket({ will: willOf(4_096) }));
    await large.closed;
    expect(await refused('frame', 'oversized')).toBe(1);
    const small = await connectBare(broker.port);
    const answer = new Promise<Buffer>((done) => small.socket.once('data', done));
    small.send(connectPacket({ will: willOf(3_800) }));
    expect([...(await answer)]).toEqual([0x20, 2, 0, 0]);
    small.socket.destroy();
  });

  test('a frame over 66 KB ends the connection; a payload over 64 KB in a smaller frame is dropped', async () => {
    const flows = await connectFlows();
    const agent = await connect(broker.port, pc);
    await agent.publish(beat, 'x'.repeat(65_537));
    await agent.publish(beat, 'next');
    await flows.hears(beat, 'next');
    expect(flows.heard).toHaveLength(1);
    expect(await refused('publish', 'oversized')).toBe(1);
    agent.client.publish(beat, 'x'.repeat(66 * 1_024));
    await agent.closed;
    expect(await refused('frame', 'oversized')).toBe(1);
  });

  test('bytes that are not MQTT end the connection and are counted', async () => {
    const bare = await connectBare(broker.port);
    bare.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await bare.closed;
    expect(await refused('frame', 'malformed')).toBe(1);
  });

  test.each([
    ['keepalive 0', 'keepalive', { keepalive: 0 }],
    ['a keepalive over 300 s', 'keepalive', { keepalive: 301 }],
    ['a lasting session', 'unclean_session', { clean: false }],
    ['an empty client id', 'client_id', { clientId: '' }],
    ['MQTT 5', 'version', { protocolVersion: 5 as const }],
    ['a wrong token', 'wrong_token', { password: 'guess' }],
  ])('%s is refused and counted', async (_what, reason, options) => {
    await expect(connect(broker.port, pc, options)).rejects.toThrow();
    await expect.poll(() => refused('connect', reason), patience).toBe(1);
  });

  test('each refusal is counted by action and reason, and each message by its leaf', async () => {
    const agent = await connect(broker.port, pc, { will: willOf(10, 'ladakh/leh/pc-2') });
    await agent.subscribe(['#', pcTopic(pc, 'ack')]);
    await agent.publish('no/such/topic', '');
    await agent.publish(beat, '', { retain: true });
    await agent.publish(beat, '', { qos: 2 });
    await agent.publish(beat, '');
    await agent.publish(pcTopic('ladakh/leh/pc-2', 'beat'), '');
    const denials = [
      ['will', 'foreign_topic'],
      ['subscribe', 'filter'],
      ['publish', 'unknown_topic'],
      ['publish', 'retain'],
      ['publish', 'qos'],
      ['publish', 'foreign_topic'],
    ] as const;
    for (const [action, reason] of denials) expect(await refused(action, reason), `${action} ${reason}`).toBe(1);
    expect(await broker.sample('sabha_broker_messages_total{leaf="beat"}')).toBe(1);
    expect(broker.lines).toContain('refused: publish, unknown_topic');
    agent.client.end(true);
  });

  test('a publish of QoS 2 is acknowledged completely and delivered to no client', async () => {
    const flows = await connectFlows();
    const agent = await connect(broker.port, pc);
    for (let n = 0; n < 30; n += 1) await agent.publish(beat, 'twice', { qos: 2 });
    await agent.publish(beat, 'once');
    await flows.hears(beat, 'once');
    expect(flows.heard).toHaveLength(1);
  });

  test('clients are counted by principal while they are connected', async () => {
    const clients = (kind: string) => broker.sample(`sabha_broker_clients{principal="${kind}"}`);
    const flows = await connectFlows();
    const agent = await connect(broker.port, pc);
    expect(await Promise.all(['pc', 'flows', 'exporter'].map(clients))).toEqual([1, 1, 0]);
    agent.cut();
    await flows.client.endAsync();
    await expect.poll(() => Promise.all(['pc', 'flows'].map(clients)), patience).toEqual([0, 0]);
  });

  test('a broker that stops closes all connections, also half-open ones, and publishes no will', async () => {
    const startedAt = performance.now();
    // The PC connects first: the broker closes clients in the order of their connection, so `flows` would still receive a wrongly published
    // will.
    const agent = await connect(broker.port, pc, { will: willOf(10) });
    const flows = await connectFlows();
    const halfOpen = await connectBare(broker.port);
    const extra = await startOwnBroker(); // The hook `afterEach` stops this second broker.
    const startMs = performance.now() - startedAt;
    const before = performance.now();
    await broker.stop();
    await Promise.all([flows.closed, agent.closed, halfOpen.closed]);
    expect(performance.now() - before).toBeLessThan(1_000 + 20 * startMs);
    expect(flows.heard).toEqual([]);
    broker = extra;
  });

  async function connectFlows(): Promise<Peer> {
    const flows = await connect(broker.port, 'flows');
    await flows.subscribe([...flowsFilters]);
    return flows;
  }
});

describe('a broker without a registry', () => {
  test('admits flows and no PC, and logs the reason', async () => {
    const broker = await startOwnBroker();
    await expect(connect(broker.port, pc)).rejects.toThrow('Not authorized');
    expect((await connect(broker.port, 'flows')).client.connected).toBe(true);
    expect(broker.lines[0]).toBe('registry snapshot cannot be used: there is none');
    await broker.stop();
  });
});

describe('a broker that cannot start throws one line', () => {
  let files: ReturnType<typeof brokerFiles>;
  beforeEach(() => {
    files = brokerFiles();
  });
  afterEach(() => rmSync(files.folder, { recursive: true }));

  const say = () => {};
  const start = (change: object = {}) =>
    createBroker({
      ...files.options,
      host: '127.0.0.1',
      port: 0,
      clock: realClock(),
      log: { info: say, warn: say, error: say },
      ...change,
    });

  test.each(['0.0.0.0', '::', '192.168.1.10', 'example.org', '127.0.0.1.example.org'])('on host %s', async (host) => {
    await expect(start({ host })).rejects.toThrow(`host ${host} is not loopback: plain MQTT never leaves this machine`);
  });

  test('on a port in use', async () => {
    const other = createServer();
    const port = await new Promise<number>((done) => {
      other.listen(0, '127.0.0.1', () => done((other.address() as { port: number }).port));
    });
    await expect(start({ port })).rejects.toThrow(`port ${port} is in use by another program (127.0.0.1:${port})`);
    other.close();
  });
});

function willOf(length: number, of = pc) {
  return { topic: pcTopic(of, 'presence'), payload: Buffer.alloc(length, 'x'), qos: 1 as const, retain: false };
}

function connectPacket(more: Partial<IConnectPacket>): IConnectPacket {
  const clientId = nameOf(pc);
  const base = { cmd: 'connect' as const, protocolId: 'MQTT' as const, protocolVersion: 4 as const, clean: true, keepalive: 60 };
  const packet = { ...base, clientId, username: clientId, password: Buffer.from(tokenOf(pc)), ...more };
  packets.generate(packet); // A packet that cannot be encoded throws here, not in the broker.
  return packet;
}
