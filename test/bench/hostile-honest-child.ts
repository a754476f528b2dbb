/** The honest PCs of the hostile bench, in a process of their own: they beat, write events, and now and then one runs out of battery. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Packet } from 'mqtt-packet';
import { type Check, digestOf, encode, nameOf, pcTopic } from '#contracts';
import { connectRaw, publishPacket, type RawClient, subscribePacket } from './mqtt-load.ts';

export type HonestSetup = { port: number; tokens: [string, string][] };
export type HonestPhase = { seconds: number };
/** Alerts by the PC that raised them, and when. */
export type HonestResult = { ackMs: number[]; unacknowledged: number; alerts: [pc: string, at: number][] };

const eventsPerSecond = 20;
const beatEveryMs = 60_000;
const alertEveryMs = 2_000;
const ackLimitMs = 60_000;

type Honest = {
  pc: string;
  client: RawClient;
  checks: Check[];
  rev: number;
  seq: number;
  acked: number;
  messageId: number;
  sentAt: Map<number, number>;
};

const well: Check[] = ['microphone', 'camera', 'speaker', 'power', 'clock'].map((component) => ({
  component,
  device: '',
  status: 'ok' as const,
  fault: null,
  reason: null,
}));
const spool = 'honest';
const pcs: Honest[] = [];
let ackMs: number[] = [];
let nextAlert = 0;

process.on('message', (message: HonestSetup | HonestPhase) => {
  const done = 'tokens' in message ? setUp(message) : run(message);
  void done.then((answer) => process.send?.(answer ?? 'done'));
});
process.once('disconnect', () => process.exit(0));

async function setUp({ port, tokens }: HonestSetup): Promise<void> {
  for (const [pc, password] of tokens) {
    const client = await connectRaw({ port, clientId: nameOf(pc), password });
    const one: Honest = { pc, client, checks: well, rev: 0, seq: 0, acked: 0, messageId: 0, sentAt: new Map() };
    client.onPacket((packet) => hear(one, packet));
    await client.write(subscribePacket(pcTopic(pc, 'ack')));
    const digest = digestOf(well);
    const said = {
      kind: 'birth' as const,
      boot: 'b',
      session: 1,
      at: Date.now(),
      digest,
      rev: 1,
      agent: '0.1.0',
      config: 0,
      inventory: '',
    };
    await send(one, 'presence', encode('presence', { ...said, spool: { id: spool, first: 1, last: 0 } }));
    await sayState(one, well);
    pcs.push(one);
  }
}

async function run({ seconds }: HonestPhase): Promise<HonestResult> {
  ackMs = [];
  const alerts: HonestResult['alerts'] = [];
  const startedAt = performance.now();
  for (let events = 0, beats = 0; ; ) {
    const ms = performance.now() - startedAt;
    if (ms >= seconds * 1_000) break;
    for (; events < (ms / 1_000) * eventsPerSecond; events += 1) await writeEvent(pcs[(events * 7) % pcs.length] as Honest);
    for (; beats < (ms / beatEveryMs) * pcs.length; beats += 1) await beat(pcs[beats % pcs.length] as Honest);
    if (alerts.length * alertEveryMs < ms) {
      const one = pcs[nextAlert++ % pcs.length] as Honest;
      alerts.push([one.pc, Date.now()]);
      await sayState(
        one,
        well.map((check) => (check.component === 'power' ? { ...check, status: 'fault', fault: 'power.battery_low' } : check)),
      );
    }
    await delay(10);
  }
  const deadline = performance.now() + ackLimitMs;
  const behind = () => pcs.reduce((sum, { seq, acked }) => sum + seq - acked, 0);
  while (behind() > 0 && performance.now() < deadline) await delay(50);
  return { ackMs, unacknowledged: behind(), alerts };
}

async function writeEvent(one: Honest): Promise<void> {
  one.seq += 1;
  one.sentAt.set(one.seq, performance.now());
  const body = { component: 'microphone', device: 'usb-046d', status: 'ok', ms: 12 };
  await send(
    one,
    'event',
    encode('event', { spool, seq: one.seq, boot: 'b', at: Date.now(), grade: 'event', kind: 'check.changed', body }),
  );
}

function beat(one: Honest): Promise<void> {
  const numbers = { up: 86_400, load: 0.25, mem: 0.5 };
  return send(one, 'beat', encode('beat', { digest: digestOf(one.checks), session: 1, at: Date.now(), n: numbers }));
}

async function sayState(one: Honest, checks: Check[]): Promise<void> {
  one.checks = checks;
  one.rev += 1;
  await send(one, 'state', encode('state', { digest: digestOf(checks), session: 1, rev: one.rev, checks }));
}

function hear(one: Honest, message: Packet): void {
  if (message.cmd !== 'publish') return;
  const ack = JSON.parse(message.payload.toString());
  const now = performance.now();
  for (const [seq, at] of one.sentAt) {
    if (ack.spool !== spool || seq > ack.upTo) break;
    ackMs.push(now - at);
    one.sentAt.delete(seq);
    one.acked = seq;
  }
}

function send(one: Honest, leaf: 'presence' | 'state' | 'beat' | 'event', payload: Buffer): Promise<void> {
  one.messageId = (one.messageId % 65_535) + 1;
  return one.client.write(publishPacket(pcTopic(one.pc, leaf), payload, one.messageId));
}
