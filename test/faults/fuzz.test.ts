/**
 * Opens hostile connections to a broker process, some with valid credentials, while an honest PC works. SABHA_FAULTS=full opens 60,000 of
 * them, otherwise 2,000. SABHA_SEED repeats their bytes.
 */
import { connect as connectSocket } from 'node:net';
import { flowsFilters, pcTopic } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenOf } from '../contract/broker-under-test.ts';
import { connect } from '../contract/peers.ts';
import { randomFrom } from '../random.ts';
import { type BrokerAlone, startBrokerAlone } from './broker-alone.ts';
import { hostileBytes } from './hostile.ts';

const total = process.env['SABHA_FAULTS'] === 'full' ? 60_000 : 2_000;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
const atOnce = 100;
/** Time in ms to wait for a response, and after a response for the next one. A truncated packet gets no response. */
const silentMs = 200;
const afterAnswerMs = 15;
/** Limit of the broker's memory. V8 keeps most of its memory after the first half of the connections, so the second half adds little. */
const memoryLimitMiB = 350;
const growthLimitMiB = 80;

const honest = 'ladakh/leh/pc-0';
const insiders = Array.from({ length: 100 }, (_, n) => `ladakh/leh/insider-${n}`).map((pc) => ({ pc, token: tokenOf(pc) }));
let broker: BrokerAlone;

beforeAll(async () => {
  // The rate limit is off: it would disconnect clients before the parser sees their packets.
  broker = await startBrokerAlone({ pcs: [honest, ...insiders.map(({ pc }) => pc)], env: { SABHA_PACE: 'off' } });
});
afterAll(() => broker?.stop());

test(`S4 S7 ${total} hostile connections end no process and cost little memory, and an honest PC loses nothing (SABHA_SEED=${seed})`, async () => {
  const random = randomFrom(seed);
  const [flows, agent] = [await connect(broker.port, 'flows'), await connect(broker.port, honest)];
  await flows.subscribe([...flowsFilters]);
  let [started, answered, beats] = [0, 0, 0];
  let halfwayMiB = 0;
  const attack = async () => {
    while (started < total) {
      started += 1;
      if (started === total / 2) halfwayMiB = broker.rssMiB();
      if (started % 20 === 0) void agent.publish(pcTopic(honest, 'beat'), `${beats++}`);
      if (await attackOnce(hostileBytes(random, insiders))) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, attack));
  await agent.publish(pcTopic(honest, 'beat'), 'end');
  await flows.hears(pcTopic(honest, 'beat'), 'end');

  const heard = flows.heard.filter(({ topic }) => topic === pcTopic(honest, 'beat')).map(({ text }) => text);
  expect(heard).toEqual([...Array.from({ length: beats }, (_, n) => `${n}`), 'end']);
  expect(broker.program.isRunning()).toBe(true);
  expect([broker.program.errors, broker.program.lines.filter(({ level = 0 }) => level >= 50)]).toEqual([[], []]);
  console.info(
    `seed ${seed}: ${answered} of ${total} answered, ${halfwayMiB.toFixed(0)} MiB halfway, ${broker.rssMiB().toFixed(0)} at the end`,
  );
  expect(answered).toBeGreaterThan(total / 10);
  // These refusals prove that the broker authenticated clients with credentials and parsed their packets.
  for (const reason of ['retain', 'unknown_topic', 'foreign_topic']) {
    expect(await broker.sample(`sabha_broker_refused_total{action="publish",reason="${reason}"}`), reason).toBeGreaterThan(0);
  }
  expect(broker.peakRssMiB()).toBeLessThan(memoryLimitMiB);
  expect(broker.rssMiB() - halfwayMiB).toBeLessThan(growthLimitMiB);
});

/** Resolves with true if the broker responded or closed the connection. */
function attackOnce(bytes: Buffer): Promise<boolean> {
  return new Promise((done, failed) => {
    let isAnswered = false;
    const leave = () => socket.destroy();
    const answer = () => {
      if (!isAnswered) setTimeout(leave, afterAnswerMs);
      isAnswered = true;
    };
    const socket = connectSocket(broker.port, '127.0.0.1', () => {
      socket.write(bytes);
      setTimeout(leave, silentMs);
    });
    socket.on('data', answer);
    socket.on('end', answer);
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? answer() : failed(error),
    );
    socket.on('close', () => done(isAnswered));
  });
}
