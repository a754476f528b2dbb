/**
 * Tests that the access list of our configuration of mosquitto permits the same as our function. Also tests mosquitto's behaviour where it
 * cannot do what our broker does.
 */

import { agentFilters, downLeaves, flowsFilters, pcTopic, scopeTopic, upLeaves } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Action, checkAccess, type Principal } from '../../broker/admission/access.ts';
import { connect, type Peer } from '../contract/peers.ts';
import { type Mosquitto, mosquittoFound, startMosquitto } from './mosquitto-under-test.ts';
import { requirePart } from './parts.ts';

const pc = 'ladakh/leh/pc-1';
const neighbour = 'ladakh/leh/pc-11';
const far = 'kerala/kochi/pc-1';
const principals: [string, Principal][] = [
  [pc, { kind: 'pc', pc }],
  ['flows', { kind: 'flows' }],
  ['exporter', { kind: 'exporter' }],
];

/** Every permitted topic, and many forbidden ones that MQTT allows a client to send. */
const scopes = ['all', 'ladakh/all', 'ladakh/leh/all', 'kerala/all', 'kerala/kochi/all', 'ladakh/kargil/all'];
const topics = [
  ...[pc, neighbour, far].flatMap((one) => [...upLeaves, ...downLeaves].map((leaf) => pcTopic(one, leaf))),
  ...scopes.flatMap((scope) => [scopeTopic(scope, 'hello'), scopeTopic(scope, 'cmd'), `sabha/v1/${scope}/beat`]),
  ...['', '/', '/ack/', '/ack/more', '//ack', '/ACK', '/unknown', '/__proto__'].map((end) => `sabha/v1/${pc}${end}`),
  ...[
    '/',
    'no/such/topic',
    'sabha',
    'sabha/v1',
    'sabha/v2/ladakh/leh/pc-1/beat',
    `sabha/v1/ladakh/leh/PC-1/beat`,
    'sabha/v1/ladakh/leh/PC-1/cmd',
  ],
  ...[`/sabha/v1/${pc}/ack`, 'ladakh.leh.pc-1', 'sabha/v1/ladakh.leh.pc-1/state', 'sabha/v1/all/all/all/all/hello'],
];
/**
 * Topics where the access list permits more than our function, because its `+` also matches ids that no PC can have. Only our own `flows`
 * may publish on them. No client may publish where `flows` or the exporter could receive.
 */
const noPc = 'sabha/v1/ladakh/leh/PC-1';
const beats = [`${noPc}/beat`, ...['kerala/kochi', 'ladakh/kargil', 'ladakh/leh'].map((site) => `sabha/v1/${site}/all/beat`)];
const wider: Record<string, { publish: string[]; forward: string[] }> = {
  [pc]: { publish: [], forward: [] },
  flows: { publish: [`${noPc}/cmd`], forward: beats },
  exporter: { publish: [], forward: beats },
};

const running = requirePart('mosquitto', mosquittoFound());

describe.runIf(running)('mosquitto', () => {
  let broker: Mosquitto;
  const peers: Peer[] = [];
  const join = async (...args: [string, object?]) => {
    const peer = await connect(broker.port, ...args);
    peers.push(peer);
    return peer;
  };
  const joinFlows = async () => {
    const flows = await join('flows');
    await flows.subscribe([...flowsFilters]);
    return flows;
  };

  beforeAll(async () => {
    broker = await startMosquitto();
    await broker.admit([pc, neighbour, far].map((one) => ({ pc: one })));
    await broker.admitWitness('witness');
  });
  afterAll(async () => {
    for (const { client } of peers) client.end(true);
    await broker?.stop();
  });

  describe.each(principals)('%s', (who, principal) => {
    const allowed = (action: Action) => topics.filter((topic) => checkAccess(principal, action, { topic, qos: 1, retain: false }).allow);

    test('may publish exactly the topics that our function permits', async () => {
      const [witness, peer] = [await join('witness'), await join(who)];
      await witness.subscribe(['#']);
      for (const topic of topics) await peer.publish(topic, who);
      await witness.publish('end', who);
      await witness.hears('end');
      const heard = witness.heard.map(({ topic }) => topic).filter((topic) => topic !== 'end');
      expect(heard.toSorted()).toEqual([...allowed('publish'), ...(wider[who]?.publish ?? [])].toSorted());
    });

    test('receives exactly the topics that our function forwards, although the client subscribes to everything', async () => {
      const [witness, peer] = [await join('witness'), await join(who)];
      expect(await peer.subscribe(['#', '+/#', '$SYS/#', `sabha/v1/${pc}/+`, 'sabha/v1/+/+/+/cmd'])).toEqual([1, 1, 1, 1, 1]);
      for (const topic of topics) await witness.publish(topic, who);
      const last = allowed('forward').at(-1) ?? '';
      await witness.publish(last, 'end');
      await peer.hears(last, 'end');
      expect([...new Set(peer.heard.map(({ topic }) => topic))].toSorted()).toEqual(
        [...allowed('forward'), ...(wider[who]?.forward ?? [])].toSorted(),
      );
    });

    test('may set a last will exactly on the topics on which the client may publish', async () => {
      const witness = await join('witness');
      await witness.subscribe(['#']);
      for (const topic of topics) {
        const peer = await join(who, { will: { topic, payload: Buffer.from('will'), qos: 1 } });
        peer.cut();
        await peer.closed;
      }
      await (await join(who)).client.endAsync();
      await expect
        .poll(() => witness.heard.map(({ topic }) => topic).toSorted(), { timeout: 5_000 })
        .toEqual([...allowed('publish'), ...(wider[who]?.publish ?? [])].toSorted());
    });
  });

  test('a client id other than the user name has no effect, and no client displaces another user', async () => {
    const [flows, agent] = [await joinFlows(), await join(pc, { clientId: 'flows' })];
    await agent.publish(pcTopic(pc, 'beat'), 'mine');
    await flows.hears(pcTopic(pc, 'beat'), 'mine');
    const newer = await join(pc, { clientId: 'exporter' });
    await agent.closed;
    expect([flows.client.connected, newer.client.connected]).toEqual([true, true]);
  });

  test('a shared subscription takes no message away from the ordinary subscriber of the topic', async () => {
    const [flows, thief] = [await joinFlows(), await join(pc)];
    await thief.subscribe(['$share/g/sabha/v1/+/+/+/beat', `$share/g/${pcTopic(neighbour, 'cmd')}`]);
    const agent = await join(neighbour);
    await agent.subscribe(agentFilters(neighbour));
    await agent.publish(pcTopic(neighbour, 'beat'), 'x');
    await flows.hears(pcTopic(neighbour, 'beat'), 'x');
    await flows.publish(pcTopic(neighbour, 'cmd'), 'y');
    await agent.hears(pcTopic(neighbour, 'cmd'), 'y');
    expect(thief.heard).toEqual([]);
  });

  test('a retained publish ends the connection, is delivered to nobody and is not stored', async () => {
    const [flows, agent] = [await joinFlows(), await join(pc)];
    agent.client.publish(pcTopic(pc, 'state'), 'kept?', { qos: 1, retain: true });
    await agent.closed;
    const later = await joinFlows();
    await (await join(pc)).publish(pcTopic(pc, 'beat'), 'end');
    await later.hears(pcTopic(pc, 'beat'), 'end');
    expect([...flows.heard, ...later.heard].map(({ text }) => text)).toEqual(['end']);
  });

  test('a retained will, a keepalive above 300 s and a keepalive of 0 are refused', async () => {
    const will = { topic: pcTopic(pc, 'presence'), payload: Buffer.from('x'), qos: 1 as const, retain: true };
    for (const options of [{ will }, { keepalive: 301 }, { keepalive: 0 }]) {
      await expect(connect(broker.port, pc, options), JSON.stringify(options)).rejects.toThrow();
    }
  });

  test('a payload above 64 KB is dropped, and the sender stays connected', async () => {
    const [flows, agent] = [await joinFlows(), await join(pc)];
    await agent.publish(pcTopic(pc, 'beat'), 'x'.repeat(65_537));
    await agent.publish(pcTopic(pc, 'beat'), 'next');
    await flows.hears(pcTopic(pc, 'beat'), 'next');
    expect(flows.heard).toHaveLength(1);
  });

  test('a persistent session, MQTT 5 and QoS 2 are admitted, because mosquitto cannot refuse them', async () => {
    for (const options of [{ clean: false }, { protocolVersion: 5 as const }]) {
      expect((await join(pc, options)).client.connected).toBe(true);
    }
    const [flows, agent] = [await joinFlows(), await join(pc)];
    await agent.publish(pcTopic(pc, 'beat'), 'once', { qos: 2 });
    await flows.hears(pcTopic(pc, 'beat'), 'once');
  });
});
