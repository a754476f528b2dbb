/**
 * Measures the path from a PC's socket to the disk of the ledger in real processes. A tutorial flow and a bare script get the same load, in
 * turns at one broker.
 * - The duration of a commit depends on the disk and on other load. So its baseline is the bare script: the same messages, stored in one
 * transaction after another on the same disk and processors.
 * - The difference is the work of Sabha: engine, states, rows, indexes.
 * - The time of `fdatasync` alone would be no baseline, because most of a commit is processor work.
 */
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { startChild } from './child.ts';
import type { LoadSetup } from './ingest-load.ts';
import { eventsPerSecond, type Load, measure, type Size, type Turn } from './ingest-measure.ts';
import { type Reader, type ReaderKind, readers, startReader } from './ingest-readers.ts';
import { type Bench, median, type Row, row, versionOf } from './model.ts';

const pcCount = 200;
const whole: Size = { rounds: 3, beatSeconds: 10, eventSeconds: 20, chain: 40_000, burst: 300_000 };
const small: Size = { rounds: 1, beatSeconds: 3, eventSeconds: 5, chain: 20_000, burst: 30_000 };
const [ours, classic, bare] = readers;

export const ingestBench: Bench = {
  name: 'ingest',
  about: 'events to the ledger and beats with an unchanged digest, beside a classic Node-RED flow and a bare script that keeps the events',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    const parts = await createParts({ pcs: Array.from({ length: pcCount }, (_, at) => `vc-${at}`) });
    const taken: Record<ReaderKind, Turn[]> = { [ours]: [], [classic]: [], [bare]: [] };
    try {
      await parts.start('broker', { SABHA_PACE: 'off' });
      for (let round = 0; round < size.rounds; round++) {
        for (const kind of readers) {
          const turn = await withReader(parts, kind, (reader, load) => measure(reader, load, size));
          taken[kind].push(turn);
          say(`${kind}: ${told(turn)}`);
        }
      }
      const versions = { mqtt: versionOf('mqtt'), aedes: versionOf('aedes'), 'node-red': versionOf('node-red') };
      return { versions, rows: rowsOf(size, taken) };
    } finally {
      parts.site.remove();
    }
  },
};

function told(turn: Turn): string {
  return Object.entries(turn)
    .map(([name, value]) => `${name} ${value.toFixed(1)}`)
    .join(', ');
}

function rowsOf({ rounds, eventSeconds, burst }: Size, taken: Record<ReaderKind, Turn[]>): Row[] {
  const all = (kind: ReaderKind, key: keyof Turn) => taken[kind].flatMap((turn) => turn[key] ?? []);
  const beside = (name: ReaderKind, key: keyof Turn) => ({
    ours: median(all(ours, key)),
    peer: { name, value: median(all(name, key)) },
  });
  const ms = { unit: 'ms', better: 'less' } as const;
  const rate = { unit: 'per second', better: 'more' } as const;
  const cpuRate = { unit: 'per CPU-second', better: 'more' } as const;
  const memory = { unit: 'MiB', better: 'less' } as const;
  const growth = (key: 'growthMiB' | 'burstGrowthMiB') => ({ ...memory, ours: median(all(ours, key)) });
  const lost = all(ours, 'unacknowledged').reduce((sum, count) => sum + count);
  const atLeast = (ratio: number) => ({ target: { ratio } });
  const offered = `events kept and acknowledged of ${eventsPerSecond} a second, ${rounds} x ${eventSeconds} s`;
  const chain = "commit of a batch, each PC's next event after the last ack, p99";
  const through = 'beats through broker and reader';
  return [
    row({ metric: offered, ...rate, ...beside(bare, 'eventsPerSecond'), ...atLeast(0.5) }),
    row({ metric: 'event sent to acknowledged, median', ...ms, ...beside(bare, 'ackMs') }),
    row({ metric: 'event sent to acknowledged, p99', ...ms, ...beside(bare, 'ackP99Ms') }),
    row({ metric: 'events read, kept and acknowledged', ...cpuRate, ...beside(bare, 'eventsPerCpuSecond'), ...atLeast(0.25) }),
    row({ metric: 'events read (ours: and kept)', ...cpuRate, ...beside(classic, 'eventsPerCpuSecond') }),
    row({ metric: chain, ...ms, ...beside(bare, 'commitP99Ms'), ...atLeast(0.15) }),
    row({ metric: `burst of ${burst} events in backlogs`, ...rate, ...beside(bare, 'backlogPerSecond'), ...atLeast(0.25) }),
    row({ metric: 'commits of that burst, an event', unit: 'µs', better: 'less', ...beside(bare, 'backlogCommitUs'), ...atLeast(0.2) }),
    row({ metric: 'events not acknowledged in the end, all rounds', unit: 'events', better: 'less', ours: lost, target: { ours: 0 } }),
    row({ metric: 'beats read', ...cpuRate, ...beside(classic, 'beatsPerCpuSecond'), ...atLeast(1.5) }),
    row({ metric: 'beats read', ...cpuRate, ...beside(bare, 'beatsPerCpuSecond'), ...atLeast(0.6) }),
    row({ metric: through, ...rate, ...beside(classic, 'beatsPerSecond') }),
    row({ metric: through, ...rate, ...beside(bare, 'beatsPerSecond'), ...atLeast(0.6) }),
    row({ metric: `burst of ${burst} beats`, ...rate, ...beside(bare, 'beatBurstPerSecond'), ...atLeast(0.5) }),
    row({ metric: 'growth of memory over the beats', ...growth('growthMiB'), target: { ours: 20 } }),
    row({ metric: 'growth of memory in the burst of beats', ...growth('burstGrowthMiB'), target: { ours: 50 } }),
    row({ metric: 'memory', ...memory, ...beside(classic, 'rssMiB') }),
    row({ metric: 'memory', ...memory, ...beside(bare, 'rssMiB') }),
    row({ metric: 'most memory', ...memory, ...beside(bare, 'peakMiB') }),
  ];
}

async function withReader<T>(parts: Parts, kind: ReaderKind, use: (reader: Reader, load: Load) => Promise<T>): Promise<T> {
  const reader = await startReader(parts, kind);
  const load = await startLoad({ port: parts.site.ports.mqtt, tokens: [...parts.tokens] });
  try {
    return await use(reader, load);
  } finally {
    await load.stop();
    await reader.stop();
  }
}

async function startLoad(setup: LoadSetup): Promise<Load> {
  const child = startChild('test/bench/ingest-load.ts');
  await child.ask(setup);
  return { run: (phase) => child.ask(phase), stop: child.stop };
}
