/** The load of the bench `ingest` in a separate process: PCs on bare sockets, which send events, backlogs or beats on request. */

import { digestOf, encode, nameOf, pcTopic } from '@sabha/contracts';
import type { Packet } from 'mqtt-packet';
import { connectRaw, publishPacket, type RawClient, subscribePacket } from './mqtt-load.ts';

export type LoadSetup = { port: number; tokens: [string, string][] };
/** `perSecond` 0: as fast as acks arrive. `together`: number of packets of one PC in one write. */
export type Phase = { leaf: 'event' | 'backlog' | 'beat'; perSecond: number; messages: number; together: number; untilAcked: boolean };
export type PhaseResult = { seconds: number; ackMs: number[]; unacknowledged: number };

const eventsPerBacklog = 200;
const ackLimitMs = 120_000;

type LoadPc = { pc: string; client: RawClient; seq: number; acked: number; messageId: number; sentAt: Map<number, number> };

const checks = ['microphone', 'camera', 'speaker', 'pc', 'clock'].map((component) => ({
  component,
  device: '',
  status: 'ok' as const,
  fault: null,
  reason: null,
}));
const digest = digestOf(checks);
const numbers = { up: 86_400, load: 0.25, mem: 0.5, disk: 0.75, temp: 61.5, rtt: 0.642, off: -0.031, rss: 61_000_000, q: 3 };
/** Each run has a new spool. */
const spool = `spool-${process.pid}`;
let ackMs: number[] = [];
let pcs: LoadPc[] = [];
let wake: () => void = () => {};

process.on('message', (message: LoadSetup | Phase) => {
  const done = 'tokens' in message ? setUp(message) : run(message);
  void done.then((answer) => process.send?.(answer ?? 'done'));
});
process.once('disconnect', () => process.exit(0));

async function setUp({ port, tokens }: LoadSetup): Promise<void> {
  pcs = await Promise.all(
    tokens.map(async ([pc, password]) => {
      const client = await connectRaw({ port, clientId: nameOf(pc), password });
      const one: LoadPc = { pc, client, seq: 0, acked: 0, messageId: 0, sentAt: new Map() };
      client.onPacket((packet) => hear(one, packet));
      await client.write(subscribePacket(pcTopic(pc, 'ack')));
      const at = Date.now();
      const birth = {
        kind: 'birth' as const,
        boot: 'bench',
        session: process.pid,
        at,
        digest,
        rev: 1,
        agent: '0.1.0',
        config: 0,
        inventory: '',
      };
      await client.write(packet(one, 'presence', encode('presence', { ...birth, spool: { id: spool, first: 1, last: 0 } })));
      await client.write(packet(one, 'state', encode('state', { digest, session: process.pid, rev: 1, checks })));
      return one;
    }),
  );
}

async function run({ leaf, perSecond, messages, together, untilAcked }: Phase): Promise<PhaseResult> {
  ackMs = [];
  const startedAt = performance.now();
  const rate = perSecond || Number.POSITIVE_INFINITY;
  for (let sent = 0, turn = 0; sent < messages; ) {
    const due = Math.min(messages, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
    for (; sent < due; sent += together, turn++) {
      const one = pcs[turn % pcs.length] as LoadPc;
      // Waits for the ack of the last message before the next one, as an agent does.
      while (perSecond === 0 && leaf !== 'beat' && one.seq > one.acked) await oneAcked();
      await one.client.write(Buffer.concat(Array.from({ length: together }, () => messageOf(one, leaf))));
    }
    await new Promise((rest) => setTimeout(rest, 2));
  }
  const deadline = performance.now() + ackLimitMs;
  const behind = () => pcs.reduce((sum, { seq, acked }) => sum + seq - acked, 0);
  while (untilAcked && behind() > 0 && performance.now() < deadline) await oneAcked();
  return { seconds: (performance.now() - startedAt) / 1_000, ackMs: spread(ackMs), unacknowledged: behind() };
}

function messageOf(one: LoadPc, leaf: Phase['leaf']): Buffer {
  const at = Date.now();
  if (leaf === 'beat') return packet(one, leaf, encode('beat', { digest, session: process.pid, at, n: numbers }));
  const made = Array.from({ length: leaf === 'event' ? 1 : eventsPerBacklog }, () => eventOf(++one.seq, at));
  one.sentAt.set(one.seq, performance.now());
  return packet(one, leaf, leaf === 'event' ? encode('event', made[0] as (typeof made)[0]) : encode('backlog', made));
}

function eventOf(seq: number, at: number) {
  const body = { component: 'microphone', device: 'usb-046d', status: 'ok', ms: 12 };
  return { spool, seq, boot: 'bench', at, grade: 'event' as const, kind: 'check.changed', body };
}

function hear(one: LoadPc, message: Packet): void {
  if (message.cmd !== 'publish') return;
  const ack = JSON.parse(message.payload.toString());
  if (ack.spool !== spool || ack.upTo <= one.acked) return;
  const now = performance.now();
  for (const [seq, at] of one.sentAt) {
    if (seq > ack.upTo) break;
    ackMs.push(now - at);
    one.sentAt.delete(seq);
  }
  one.acked = ack.upTo;
  wake();
}

/** Resolves at the next ack, or after 0.1 s. */
function oneAcked(): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, 100);
    wake = () => {
      clearTimeout(timer);
      done();
    };
  });
}

function packet(one: LoadPc, leaf: 'presence' | 'state' | Phase['leaf'], payload: Buffer): Buffer {
  one.messageId = (one.messageId % 65_535) + 1;
  return publishPacket(pcTopic(one.pc, leaf), payload, one.messageId);
}

/** Returns the percentiles 0 to 100 of a list. */
function spread(values: number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? [] : Array.from({ length: 101 }, (_, at) => sorted[Math.round((at / 100) * (sorted.length - 1))] as number);
}
