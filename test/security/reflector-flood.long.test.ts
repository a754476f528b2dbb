// @module-tag long
/**
 * Floods the reflector of a real broker process with packets of unknown senders. The reflector may use only limited processor time for
 * them.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { realClock } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { windowOf } from '../../agent/link/analysis/quality.ts';
import { stampRound } from '../../agent/link/measure/stamp.ts';
import { udpTo } from '../../agent/link/net/udp.ts';
import { cpuSeconds } from '../bench/process-figures.ts';
import { type ReflectorProcess, startReflectorProcess } from '../reflector-process.ts';
import { strangerAt, unansweredBy } from './strangers.ts';

const perSecond = 10_000;
const windowMs = 3_000;
let reflector: ReflectorProcess;

beforeAll(async () => {
  reflector = await startReflectorProcess();
});
afterAll(() => reflector.stop());

const kinds = unansweredBy(() => reflector);

test('S7 under a flood of 10,000 invalid packets a second only a valid PC gets replies, and the CPU time stays bounded', async () => {
  const idle = await cpuOf(async () => delay(windowMs));
  const idleMqttMs = await greetMqtt();
  const before = await reflector.counts();
  let measured: ReturnType<typeof windowOf>;
  let mqttMs = 0;
  let sent = 0;
  const spentBefore = process.cpuUsage();
  const flooded = await cpuOf(async () => {
    const flooding = flood();
    [measured, mqttMs] = await Promise.all([measure(), delay(500).then(greetMqtt)]);
    sent = await flooding;
  });
  const spent = process.cpuUsage(spentBefore);
  const after = await reflector.counts();
  const of = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  const seen = of('stamp stranger') + of('stamp unproven') + of('other malformed');
  // Most of the flood reached the process, and the limit for unknown tokens was effective.
  expect(sent).toBeGreaterThan((perSecond * windowMs) / 1_000 / 2);
  expect(seen).toBeGreaterThan(sent * 0.5);
  expect(of('stamp stranger')).toBeLessThan((2_000 * (windowMs + 2_000)) / 1_000 + 2_000);
  expect(of('stamp answered')).toBe(measured?.up.sent === undefined ? 0 : measured.up.sent - measured.up.lost);
  expect(measured?.down.sent).toBeGreaterThan(20);
  expect(mqttMs).toBeLessThan(1_000 + 20 * idleMqttMs);
  expect(flooded - idle).toBeLessThan((4 * (spent.user + spent.system)) / 1e6);
});

/** Sends from forty addresses in turn; a third of the packets is malformed. Resolves with the number of packets. */
async function flood(): Promise<number> {
  const strangers = await Promise.all(Array.from({ length: 40 }, (_, at) => strangerAt(`127.0.0.${at + 2}`, reflector)));
  const makes = [kinds['a made-up token'], kinds['a token by another key'], kinds['a packet of 1,400 bytes']];
  const packets = Array.from({ length: 3_000 }, (_, at) => makes[at % makes.length]?.() ?? Buffer.alloc(0));
  const startedAt = performance.now();
  let sent = 0;
  for (let passedMs = 0; passedMs < windowMs; passedMs = performance.now() - startedAt) {
    for (; sent < (passedMs / 1_000) * perSecond; sent += 1) strangers[sent % 40]?.socket.send(packets[sent % packets.length] as Buffer);
    await delay(1);
  }
  expect(strangers.flatMap(({ answers }) => answers)).toEqual([]);
  for (const { socket } of strangers) socket.close();
  return sent;
}

/** Measures the link during the flood, as a PC whose token the reflector knew before the flood. */
async function measure(): Promise<ReturnType<typeof windowOf>> {
  const grant = { port: reflector.port, token: reflector.tokenOf('up/lucknow/hall'), endsUp: Number.POSITIVE_INFINITY };
  const round = await stampRound({ clock: realClock(), open: udpTo('127.0.0.1'), grant, session: 3, probes: 20, paceMs: 50 });
  return typeof round === 'string' ? undefined : windowOf(round);
}

/** Returns the time in ms until the broker closes a connection that sent invalid data. */
async function greetMqtt(): Promise<number> {
  const startedAt = performance.now();
  const socket = connect(reflector.mqttPort, '127.0.0.1').on('error', () => {});
  socket.end('nonsense');
  await once(socket.resume(), 'close');
  return performance.now() - startedAt;
}

async function cpuOf(task: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds(reflector.pid);
  await task();
  return cpuSeconds(reflector.pid) - before;
}
