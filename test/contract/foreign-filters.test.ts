/** Tests S4: a PC subscribes to 10,000 foreign filters and receives no message of another PC. */

import { agentFilters, downLeaves, pcTopic, upLeaves } from '@sabha/contracts';
import packets from 'mqtt-packet';
import { expect, test } from 'vitest';
import { noRateLimits } from '../../broker/protection/limits.ts';
import { reportFigure } from '../figures.ts';
import { type Random, randomFrom } from '../random.ts';
import { startOwnBroker } from './broker-under-test.ts';
import { connect, connectBare } from './peers.ts';

const filters = 10_000;
const atOnce = 20;
const seed = Number(process.env['SABHA_SEED'] ?? 4);
const curious = 'ladakh/leh/pc-1';
const others = ['ladakh/leh/pc-2', 'ladakh/nubra/pc-1', 'bihar/patna/pc-1', 'ladakh/leh/pc-10'];

test(`S4 ${filters} fuzzed filters over many sessions receive no foreign message (SABHA_SEED=${seed})`, async ({ onTestFinished }) => {
  const broker = await startOwnBroker(noRateLimits);
  onTestFinished(() => broker.stop());
  await broker.admit([curious, ...others].map((pc) => ({ pc })));
  const random = randomFrom(seed);
  const flows = await connect(broker.port, 'flows');
  const peers = await Promise.all(others.map(async (pc) => ({ pc, peer: await connect(broker.port, pc) })));
  const heard: string[] = [];
  let [asked, granted, said, sessions] = [0, 0, 0, 0];
  while (asked < filters) {
    const spy = await spyOn(broker.port, heard);
    sessions += 1;
    // The broker ends the session at an invalid filter; the outer loop then opens another session.
    for (let round = 0; round < 50 && !spy.isClosed(); round += 1, asked += atOnce) {
      granted += await spy.subscribe(Array.from({ length: atOnce }, () => filterOf(random)));
    }
    for (const { pc, peer } of peers) {
      for (const leaf of upLeaves) await peer.publish(pcTopic(pc, leaf), 'secret');
      for (const leaf of downLeaves) await flows.publish(pcTopic(pc, leaf), 'secret');
      said += upLeaves.length + downLeaves.length;
    }
    spy.end();
  }
  const last = await spyOn(broker.port, heard);
  await last.subscribe(agentFilters(curious));
  await flows.publish(pcTopic(curious, 'ack'), 'its own');
  await expect.poll(() => heard).toContain(pcTopic(curious, 'ack'));
  last.end();
  expect([...new Set(heard)]).toEqual([pcTopic(curious, 'ack')]);
  expect(granted).toBeLessThan(filters / 10);
  reportFigure('S4', `${asked} fuzzed filters in ${sessions} sessions, ${granted} granted, 0 of ${said} foreign messages heard`);
});

const levels = ['sabha', 'v1', 'v2', 'ladakh', 'leh', 'nubra', 'bihar', 'patna', 'pc-1', 'pc-2', 'all', '+', '', '$SYS', '$share', 'g'];
const leaves = [...upLeaves, ...downLeaves, 'hello', '+', '#'];

/** Returns a random filter, a changed topic of another PC, or a filter with a known trick. */
function filterOf(random: Random): string {
  const kind = random.next();
  if (kind < 0.003) return random.pick(['', 'sabha/#/x', 'sabha/v1/la+/x', 'a/'.repeat(150)]);
  if (kind < 0.4)
    return pcTopic(random.pick(others), random.pick([...upLeaves, ...downLeaves]))
      .split('/')
      .map((level) => (random.next() < 0.3 ? '+' : level))
      .join('/');
  if (kind < 0.5) return `$share/${random.pick(['g', '', '+'])}/${pcTopic(random.pick(others), 'state')}`;
  if (kind < 0.6) return random.pick(['#', '/#', '+/#', 'sabha/#', 'sabha/v1/#', 'sabha/v1/ladakh/#', 'sabha/v1/+/+/+/beat', '$SYS/#']);
  const middle = Array.from({ length: 1 + random.below(7) }, () => random.pick(levels));
  return [...middle, random.pick(leaves)].join('/');
}

/**
 * Opens a session of the test PC on a bare socket, because mqtt.js refuses such filters. Adds the topic of each received message to
 * `heard`.
 */
async function spyOn(port: number, heard: string[]) {
  const { socket, send, closed } = await connectBare(port, curious);
  const answers: ((granted: number) => void)[] = [];
  const parser = packets.parser();
  parser.on('packet', (packet) => {
    if (packet.cmd === 'publish') heard.push(packet.topic);
    if (packet.cmd === 'suback') answers.shift()?.(packet.granted.filter((qos) => qos !== 128).length);
  });
  socket.on('data', (bytes) => void parser.parse(Buffer.from(bytes)));
  return {
    isClosed: () => socket.destroyed,
    /** Resolves with the number of granted filters; 0 if the broker ended the session. */
    async subscribe(asked: readonly string[]): Promise<number> {
      const answer = new Promise<number>((done) => void answers.push(done));
      send({ cmd: 'subscribe', messageId: 1, subscriptions: asked.map((topic) => ({ topic, qos: 1 as const })) });
      return Promise.race([answer, closed.then(() => 0)]);
    },
    end: () => socket.destroy(),
  };
}
