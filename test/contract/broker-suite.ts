/** The contract of every broker engine. `describeBroker` runs the contract for one engine. */

import { agentFilters, downLeaves, exporterFilters, flowsFilters, pcTopic, scopeTopic, upLeaves } from '@sabha/contracts';
import type { IClientOptions } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerUnderTest, type StartBroker, tokenOf } from './broker-under-test.ts';
import { connect, connectBare, type Peer, stallOn } from './peers.ts';

const pc = 'ladakh/leh/pc-1';
const neighbour = 'ladakh/leh/pc-2';
const far = 'kerala/kochi/pc-1';
const revoked = 'ladakh/leh/pc-9';
const known = [{ pc }, { pc: neighbour }, { pc: far }, { pc: revoked, revoked: true }];

/** Guarantees that not every engine can give. broker/engines/README.md describes the behaviour of each engine instead. */
export type Promised = 'client id' | 'refused filter' | 'quiet retain' | 'will on presence only' | 'retained will';

/**
 * Runs the contract against one engine. `cannot` gives the reason why the engine does not keep a guarantee, and the test of that guarantee
 * is skipped with this reason.
 */
export function describeBroker(name: string, start: StartBroker, cannot: Partial<Record<Promised, string>> = {}): void {
  describe(name, () => {
    const site = openSite(start, cannot);
    describe('admission', () => admission(site));
    describe('topics', () => addressing(site));
    describe('denials', () => denials(site));
    describe('wills', () => wills(site));
    describe('traffic', () => traffic(site));
  });
  describe(`${name} with a stalled subscriber`, () => stalledSubscriber(start));
}

type Site = {
  port(): number;
  admit: BrokerUnderTest['admit'];
  join(who: string, options?: IClientOptions): Promise<Peer>;
  /** Connects `flows` with its subscriptions to all topics of PCs. */
  joinFlows(): Promise<Peer>;
  /** Registers a test, or a skipped one with the reason. */
  promise(what: Promised, title: string, run: () => Promise<void>): void;
};

function openSite(start: StartBroker, cannot: Partial<Record<Promised, string>>): Site {
  let broker: BrokerUnderTest;
  const peers: Peer[] = [];
  beforeAll(async () => {
    broker = await start();
    await broker.admit(known);
  });
  afterAll(async () => {
    for (const { client } of peers) client.end(true);
    await broker.stop();
  });
  const join = async (who: string, options?: IClientOptions) => {
    const peer = await connect(broker.port, who, options);
    peers.push(peer);
    return peer;
  };
  return {
    port: () => broker.port,
    admit: (pcs) => broker.admit(pcs),
    join,
    async joinFlows() {
      const flows = await join('flows');
      await flows.subscribe([...flowsFilters]);
      return flows;
    },
    promise(what, title, run) {
      const why = cannot[what];
      test.skipIf(why !== undefined)(why === undefined ? title : `${title} (not here: ${why})`, run);
    },
  };
}

function admission(site: Site): void {
  test.each(['flows', 'exporter', pc])('%s is admitted with its token', async (who) => {
    expect((await site.join(who)).client.connected).toBe(true);
  });

  test.each<[string, string, IClientOptions]>([
    ['a wrong token', pc, { password: tokenOf(neighbour) }],
    ['no token', pc, { password: '' }],
    ['an unknown PC', 'ladakh/leh/pc-7', {}],
    ['a revoked PC', revoked, {}],
    ['a made-up principal', 'admin', {}],
  ])('%s is refused', async (_what, who, options) => {
    await expect(connect(site.port(), who, options)).rejects.toThrow(/Connection refused/);
  });

  site.promise('client id', 'another client id than the user name is refused', async () => {
    await expect(connect(site.port(), pc, { clientId: 'ladakh.leh.pc-2' })).rejects.toThrow(/Connection refused/);
  });

  test('a PC that is revoked while connected is disconnected at once, and its will is not published', async () => {
    const flows = await site.joinFlows();
    const will = { topic: pcTopic(far, 'presence'), payload: Buffer.from('last words'), qos: 1 as const };
    const victim = await site.join(far, { will });
    await site.admit(known.map((one) => (one.pc === far ? { ...one, revoked: true } : one)));
    await victim.closed;
    await expect(connect(site.port(), far)).rejects.toThrow(/Connection refused/);
    await site.admit(known);
    await (await site.join(far)).publish(pcTopic(far, 'beat'), 'back');
    await flows.hears(pcTopic(far, 'beat'), 'back');
    expect(flows.heard).toEqual([{ topic: pcTopic(far, 'beat'), text: 'back' }]);
  });

  test('the newer of two clients with the same id takes over', async () => {
    const older = await site.join(pc);
    const newer = await site.join(pc);
    await older.closed;
    await newer.publish(pcTopic(pc, 'beat'), 'mine');
    expect(newer.client.connected).toBe(true);
  });
}

function addressing(site: Site): void {
  test('flows receives every leaf of a PC, and the exporter only its beats', async () => {
    const flows = await site.joinFlows();
    const exporter = await site.join('exporter');
    expect(await exporter.subscribe([...exporterFilters])).toEqual([1]);
    const agent = await site.join(pc);
    for (const leaf of upLeaves) await agent.publish(pcTopic(pc, leaf), leaf);
    await agent.publish(pcTopic(pc, 'beat'), 'end');
    await Promise.all([flows, exporter].map((peer) => peer.hears(pcTopic(pc, 'beat'), 'end')));
    expect(flows.heard.map(({ text }) => text)).toEqual([...upLeaves, 'end']);
    expect(exporter.heard.map(({ text }) => text)).toEqual(['beat', 'end']);
  });

  test('a PC receives its own ack, cmd and config and nothing of its neighbour', async () => {
    const [flows, one, two] = [await site.joinFlows(), await site.join(pc), await site.join(neighbour)];
    expect(await one.subscribe(agentFilters(pc))).toEqual(agentFilters(pc).map(() => 1));
    expect(await two.subscribe(agentFilters(neighbour))).toEqual(agentFilters(neighbour).map(() => 1));
    for (const leaf of downLeaves) await flows.publish(pcTopic(pc, leaf), leaf);
    for (const who of [pc, neighbour]) await flows.publish(pcTopic(who, 'cmd'), 'end');
    await Promise.all([one.hears(pcTopic(pc, 'cmd'), 'end'), two.hears(pcTopic(neighbour, 'cmd'), 'end')]);
    expect(one.heard.map(({ text }) => text)).toEqual([...downLeaves, 'end']);
    expect(two.heard.map(({ text }) => text)).toEqual(['end']);
  });

  test('R17 a hello is delivered to exactly the PCs of its scope', async () => {
    const flows = await site.joinFlows();
    const agents = await Promise.all([pc, neighbour, far].map((who) => site.join(who)));
    for (const [n, who] of [pc, neighbour, far].entries()) await agents[n]?.subscribe(agentFilters(who));
    for (const scope of ['all', 'ladakh/all', 'ladakh/leh/all', 'kerala/kochi/all', 'ladakh/kargil/all']) {
      await flows.publish(scopeTopic(scope, 'hello'), scope);
    }
    await flows.publish(scopeTopic('all', 'cmd'), 'end');
    await Promise.all(agents.map((agent) => agent.hears(scopeTopic('all', 'cmd'), 'end')));
    const leh = ['all', 'ladakh/all', 'ladakh/leh/all', 'end'];
    expect(agents.map((agent) => agent.heard.map(({ text }) => text))).toEqual([leh, leh, ['all', 'kerala/kochi/all', 'end']]);
  });
}

function denials(site: Site): void {
  site.promise(
    'refused filter',
    'each filter of a subscription is judged for itself: the own ones are granted, the others get 128',
    async () => {
      const agent = await site.join(pc);
      const filters = [
        pcTopic(pc, 'ack'),
        '#',
        pcTopic(neighbour, 'ack'),
        'sabha/v1/+/+/+/beat',
        '$SYS/#',
        `$share/g/${pcTopic(pc, 'ack')}`,
      ];
      expect(await agent.subscribe([...filters, pcTopic(pc, 'cmd')])).toEqual([1, 128, 128, 128, 128, 128, 1]);
    },
  );

  test.each([
    ['a topic of its neighbour', pc, pcTopic(neighbour, 'state')],
    ['its own ack', pc, pcTopic(pc, 'ack')],
    ['a hello', pc, scopeTopic('all', 'hello')],
    ['an unknown topic', pc, 'no/such/topic'],
    ['the state of a PC', 'flows', pcTopic(pc, 'state')],
    ['anything', 'exporter', pcTopic(pc, 'cmd')],
  ])('a denied publish (%s, by %s) is delivered to no client and keeps the sender connected', async (_what, who, topic) => {
    const [flows, agent] = [await site.joinFlows(), await site.join(neighbour)];
    await agent.subscribe(agentFilters(neighbour));
    const sender = who === 'flows' ? flows : await site.join(who);
    await sender.publish(topic, 'denied', { qos: 0 });
    await sender.publish(topic, 'denied');
    await fence(sender, who, { flows, agent });
    expect([...flows.heard, ...agent.heard].filter(({ text }) => text === 'denied')).toEqual([]);
    expect(sender.client.connected).toBe(true);
  });

  site.promise('quiet retain', 'a retained publish is refused, delivered to nobody and kept for nobody, and its sender stays', async () => {
    const [flows, agent] = [await site.joinFlows(), await site.join(pc)];
    await agent.publish(pcTopic(pc, 'state'), 'kept?', { retain: true });
    await agent.publish(pcTopic(pc, 'state'), 'plain');
    await flows.hears(pcTopic(pc, 'state'), 'plain');
    const later = await site.joinFlows();
    await agent.publish(pcTopic(pc, 'state'), 'end');
    await later.hears(pcTopic(pc, 'state'), 'end');
    expect(later.heard.map(({ text }) => text)).toEqual(['end']);
    expect(flows.heard.filter(({ text }) => text === 'kept?')).toEqual([]);
  });
}

function wills(site: Site): void {
  const willOf = (topic: string, more = {}) => ({ will: { topic, payload: Buffer.from('{"kind":"lost"}'), qos: 1 as const, ...more } });

  test('R16 the will of a PC is published unchanged when its connection is lost', async () => {
    const flows = await site.joinFlows();
    (await site.join(pc, willOf(pcTopic(pc, 'presence')))).cut();
    expect((await flows.hears(pcTopic(pc, 'presence'))).text).toBe('{"kind":"lost"}');
  });

  test('no will is published after a clean DISCONNECT', async () => {
    const flows = await site.joinFlows();
    await (await site.join(pc, willOf(pcTopic(pc, 'presence')))).client.endAsync();
    await fence(await site.join(pc), pc, { flows });
    expect(flows.heard.filter(({ topic }) => topic === pcTopic(pc, 'presence'))).toEqual([]);
  });

  const neverHeard = (options: IClientOptions) => async () => {
    const flows = await site.joinFlows();
    const agent = await site.join(pc, options);
    await agent.publish(pcTopic(pc, 'beat'), 'works');
    agent.cut();
    await fence(await site.join(pc), pc, { flows });
    expect(flows.heard.map(({ text }) => text)).toEqual(['works', 'fence']);
  };
  const title = (what: string) => `a will ${what} is never heard, and its PC can work`;
  test(title('for its neighbour'), neverHeard(willOf(pcTopic(neighbour, 'presence'))));
  site.promise('will on presence only', title('on its state'), neverHeard(willOf(pcTopic(pc, 'state'))));
  site.promise('retained will', title('that is retained'), neverHeard(willOf(pcTopic(pc, 'presence'), { retain: true })));
}

function traffic(site: Site): void {
  test('QoS 1 messages of a client arrive complete and in order, also between those of QoS 0', async () => {
    const [flows, agent] = [await site.joinFlows(), await site.join(pc)];
    const sent = Array.from({ length: 1_000 }, (_, n) =>
      agent.publish(pcTopic(pc, n % 3 ? 'event' : 'beat'), `${n}`, { qos: n % 3 ? 1 : 0 }),
    );
    await Promise.all(sent);
    await fence(agent, pc, { flows });
    const events = flows.heard.filter(({ topic }) => topic === pcTopic(pc, 'event')).map(({ text }) => Number(text));
    expect(events).toEqual(Array.from({ length: 1_000 }, (_, n) => n).filter((n) => n % 3));
    expect(flows.heard.filter(({ topic }) => topic === pcTopic(pc, 'beat'))).toHaveLength(335);
  });

  test.each([
    ['200 MB before CONNACK', undefined, 0x10, 200_000_000],
    ['70 KB after it', pc, 0x30, 70_000],
    ['200 MB after it', pc, 0x30, 200_000_000],
  ])('a frame that announces %s ends the connection before its body arrives', async (_what, who, header, length) => {
    const bare = await connectBare(site.port(), who);
    bare.socket.write(Buffer.from([header, ...variableLength(length)]));
    await bare.closed;
  });

  test('a payload of the maximum size is delivered', async () => {
    const [flows, agent] = [await site.joinFlows(), await site.join(pc)];
    await agent.publish(pcTopic(pc, 'inventory'), 'x'.repeat(65_536));
    expect((await flows.hears(pcTopic(pc, 'inventory'))).text).toHaveLength(65_536);
  });
}

function stalledSubscriber(start: StartBroker): void {
  const many = Array.from({ length: 200 }, (_, n) => `ladakh/leh/pc-${n}`);
  const drainTimeoutMs = 1_000;
  let broker: BrokerUnderTest;

  beforeAll(async () => {
    broker = await start({ drainTimeoutMs });
    await broker.admit(many.map((one) => ({ pc: one })));
  });
  afterAll(() => broker.stop());

  test('other subscribers wait at most the drain time and lose nothing', async () => {
    const flows = await connect(broker.port, 'flows');
    await flows.subscribe([...flowsFilters]);
    const stalled = await stallOn(broker.port, 'exporter', exporterFilters);
    const agent = await connect(broker.port, pc);
    const askedAt = performance.now();
    // Does not use `fence`: the fence after the load would find this message and return at once.
    await agent.publish(pcTopic(pc, 'beat'), 'way');
    await flows.hears(pcTopic(pc, 'beat'), 'way');
    const wayMs = performance.now() - askedAt;
    const gaps = longestGap(flows);
    const acks = Array.from({ length: 400 }, (_, n) => agent.publish(pcTopic(pc, 'beat'), `${n} ${'x'.repeat(60_000)}`));
    await Promise.all(acks);
    await fence(agent, pc, { flows });
    expect(flows.heard.slice(1, 401).map(({ text }) => Number.parseInt(text, 10))).toEqual([...acks.keys()]);
    expect(gaps.longestMs()).toBeLessThan(drainTimeoutMs + 2_000 + 100 * wayMs);
    stalled.socket.destroy();
    for (const peer of [flows, agent]) peer.client.end(true);
  });

  test('messages of 200 PCs are all acknowledged while the subscriber stalls and is disconnected', async () => {
    const stalled = await stallOn(broker.port, 'flows', flowsFilters);
    const agents = await Promise.all(many.map((one) => connectBare(broker.port, one)));
    let acked = 0;
    const done = new Promise<void>((all) => {
      for (const { socket } of agents) {
        socket.on('data', (data) => {
          acked += data.length / 4; // The client receives only PUBACKs, of 4 bytes each.
          if (acked === many.length * 20) all();
          if (acked > many.length * 10) stalled.socket.destroy();
        });
      }
    });
    for (let messageId = 1; messageId <= 20; messageId += 1) {
      for (const [n, agent] of agents.entries()) {
        const topic = pcTopic(many[n] ?? '', 'event');
        agent.send({ cmd: 'publish', topic, payload: Buffer.alloc(4_000), qos: 1, messageId, dup: false, retain: false });
      }
    }
    await done;
    const flows = await connect(broker.port, 'flows');
    expect(flows.client.connected).toBe(true);
    flows.client.end(true);
    for (const { socket } of agents) socket.destroy();
  });
}

/**
 * Resolves when all earlier messages of the sender are delivered. A later message proves that, because messages of a sender keep their
 * order.
 */
async function fence(sender: Peer, who: string, { flows, agent }: { flows: Peer; agent?: Peer }): Promise<void> {
  if (who !== 'flows' && who !== 'exporter') {
    await sender.publish(pcTopic(who, 'beat'), 'fence');
    await flows.hears(pcTopic(who, 'beat'), 'fence');
  }
  if (agent) {
    await flows.publish(pcTopic(neighbour, 'cmd'), 'fence');
    await agent.hears(pcTopic(neighbour, 'cmd'), 'fence');
  }
}

function longestGap(peer: Peer) {
  let last = performance.now();
  let longest = 0;
  peer.client.on('message', () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  });
  return { longestMs: () => longest };
}

function variableLength(length: number): number[] {
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 128)) bytes.push((left % 128) + (left >= 128 ? 128 : 0));
  return bytes;
}
