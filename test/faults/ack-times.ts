/** Measures how long events of honest PCs wait for their ack, in alternating turns with and without an attack. */
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, encode, pcTopic } from '@sabha/contracts';
import { connect, type Peer } from '../contract/peers.ts';
import type { Parts } from '../system/parts-under-test.ts';

export type AckTimes = { p50: number; p99: number; count: number; unanswered: number };
export type Honest = { measure(forMs: number): Promise<AckTimes>; end(): void };

const everyMs = 100;
const checks = [{ component: 'microphone', device: '', status: 'ok' as const, fault: null, reason: null }];
const digest = digestOf(checks);

/** Connects PCs that write an event ten times a second while they are measured. */
export async function honestPcs(parts: Parts, paths: readonly string[]): Promise<Honest> {
  const own = await Promise.all(paths.map((pc) => born(parts, pc)));
  return {
    async measure(forMs) {
      const times: number[] = [];
      const sent = own.map((one) => one.sent());
      for (const one of own) one.times = times;
      const until = performance.now() + forMs;
      while (performance.now() < until) {
        for (const one of own) one.say();
        await delay(everyMs);
      }
      const limit = performance.now() + 30_000;
      const open = () => own.reduce((sum, one) => sum + one.waiting(), 0);
      while (open() > 0 && performance.now() < limit) await delay(10);
      const sorted = times.toSorted((a, b) => a - b);
      const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
      const count = own.reduce((sum, one, n) => sum + one.sent() - (sent[n] ?? 0), 0);
      return { p50: at(0.5), p99: at(0.99), count, unanswered: open() };
    },
    end() {
      for (const { peer } of own) peer.client.end(true);
    },
  };
}

/** Combines several turns: the medians of their figures, and the sums of their counts. */
export function together(turns: readonly AckTimes[]): AckTimes {
  const middle = (of: (one: AckTimes) => number) => turns.map(of).toSorted((a, b) => a - b)[Math.floor(turns.length / 2)] ?? Number.NaN;
  const sum = (of: (one: AckTimes) => number) => turns.reduce((all, one) => all + of(one), 0);
  return {
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    count: sum(({ count }) => count),
    unanswered: sum(({ unanswered }) => unanswered),
  };
}

/** Formats median and 99th percentile. */
export function said({ p50, p99 }: AckTimes): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
}

async function born({ site, tokens }: Parts, pc: string) {
  const peer: Peer = await connect(site.ports.mqtt, pc, { password: tokens.get(pc) ?? '' });
  const spool = 'honest';
  const open = new Map<number, number>();
  const one = { peer, times: [] as number[], say, sent: () => seq, waiting: () => open.size };
  let seq = 0;
  peer.client.on('message', (_topic, payload) => {
    const ack = JSON.parse(payload.toString());
    if (ack.spool !== spool) return;
    for (const [number, at] of open) {
      if (number > ack.upTo) continue;
      one.times.push(performance.now() - at);
      open.delete(number);
    }
  });
  await peer.subscribe([pcTopic(pc, 'ack')]);
  const birth = { kind: 'birth' as const, boot: 'b', session: 1, at: Date.now(), digest, rev: 1, agent: '0.1.0', config: 0, inventory: '' };
  await peer.client.publishAsync(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: spool, first: 1, last: 0 } }), {
    qos: 1,
  });
  await peer.client.publishAsync(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks }), { qos: 1 });
  function say(): void {
    seq += 1;
    open.set(seq, performance.now());
    const event = { spool, seq, boot: 'b', at: Date.now(), grade: 'event' as const, kind: 'x', body: {} };
    peer.client.publish(pcTopic(pc, 'event'), encode('event', event), { qos: 1 }, () => {});
  }
  return one;
}
