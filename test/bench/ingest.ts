/** From a PC's socket to the disk of the ledger, through real processes; beside what a classic flow and a bare script make of the same load. */
import { setTimeout as delay } from 'node:timers/promises';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { startChild } from './child.ts';
import type { LoadSetup, Phase, PhaseResult } from './ingest-load.ts';
import { type Reader, type ReaderKind, readers, startReader } from './ingest-readers.ts';
import { type Bench, type BenchOptions, median, type Row, row, versionOf } from './model.ts';
import { cpuSeconds, peakRssMiB, rssMiB } from './process-figures.ts';

const pcCount = 200;
const eventsPerSecond = 5_000;
const beatsPerSecond = 20_000;
/** A little more is offered than is asked for, so that the rate is what got through and not what was sent. */
const offer = { event: 1.05, beat: 1.25 };
const burst = 300_000;
const perBacklog = 200;
const restLimitMs = 60_000;

type Load = { run(phase: Phase): Promise<PhaseResult>; stop(): Promise<void> };
type Cost = { beatsPerCpuSecond: number; beatsPerSecond: number; eventsPerCpuSecond: number; growthMiB: number; rssMiB: number };

export const ingestBench: Bench = {
  name: 'ingest',
  about: 'events to the ledger and beats with an unchanged digest, beside a classic Node-RED flow and a bare mqtt.js script',
  async run(options) {
    const parts = await createParts({ pcs: Array.from({ length: pcCount }, (_, at) => `vc-${at}`) });
    try {
      await parts.start('broker', { SABHA_PACE: 'off' });
      const costs = await compare(parts, options);
      const sustained = await sustain(parts, options);
      const versions = { mqtt: versionOf('mqtt'), aedes: versionOf('aedes'), 'node-red': versionOf('node-red') };
      return { versions, rows: [...sustained, ...costRows(costs)] };
    } finally {
      parts.site.remove();
    }
  },
};

/** Every reader under the same beats and events, in turns. */
async function compare(parts: Parts, { quick, say }: BenchOptions): Promise<Record<ReaderKind, Cost[]>> {
  const costs: Record<ReaderKind, Cost[]> = { ours: [], 'Node-RED flow': [], 'bare mqtt.js': [] };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const kind of readers) {
      const cost = await withReader(parts, kind, (reader, load) => costOf(reader, load, quick ? 3 : 10));
      costs[kind].push(cost);
      say(`${kind}: ${Math.round(cost.beatsPerCpuSecond)} beats and ${Math.round(cost.eventsPerCpuSecond)} events a CPU-second`);
    }
  }
  return costs;
}

async function costOf(reader: Reader, load: Load, seconds: number): Promise<Cost> {
  const untilAcked = reader.kind === 'ours';
  const beats: Phase = {
    leaf: 'beat',
    perSecond: beatsPerSecond * offer.beat,
    messages: beatsPerSecond * seconds,
    together: 4,
    untilAcked: false,
  };
  const warm = await counted(reader, load, { ...beats, messages: beatsPerSecond });
  const atFirstMiB = rssMiB(reader.pid);
  const beat = await counted(reader, load, beats);
  const growthMiB = rssMiB(reader.pid) - atFirstMiB;
  const event = await counted(reader, load, {
    leaf: 'event',
    perSecond: eventsPerSecond,
    messages: eventsPerSecond * seconds,
    together: 1,
    untilAcked,
  });
  if (warm.cpu <= 0) throw new Error(`${reader.kind}: no figures of its processor time`);
  const rates = { beatsPerCpuSecond: beats.messages / beat.cpu, beatsPerSecond: beats.messages / beat.seconds };
  return { ...rates, eventsPerCpuSecond: (eventsPerSecond * seconds) / event.cpu, growthMiB, rssMiB: rssMiB(reader.pid) };
}

/** Runs a phase until the reader has read all of it; throws where some is missing. */
async function counted(reader: Reader, load: Load, phase: Phase): Promise<PhaseResult & { cpu: number }> {
  const leaf = phase.leaf === 'beat' ? 'beat' : 'event';
  const before = await reader.read(leaf);
  const cpuBefore = cpuSeconds(reader.pid);
  const startedAt = performance.now();
  const result = await load.run(phase);
  let read = 0;
  while (read < phase.messages && performance.now() - startedAt < restLimitMs + result.seconds * 1_000) {
    read = (await reader.read(leaf)) - before;
    if (read < phase.messages) await delay(50);
  }
  if (read !== phase.messages) throw new Error(`${reader.kind} read ${read} of ${phase.messages} messages on ${leaf}`);
  return { ...result, seconds: (performance.now() - startedAt) / 1_000, cpu: cpuSeconds(reader.pid) - cpuBefore };
}

/** The long run of ours: a minute of events, then what an outage left in the spools, then beats as fast as they go. */
async function sustain(parts: Parts, { quick, say }: BenchOptions): Promise<Row[]> {
  const seconds = quick ? 5 : 60;
  const size = quick ? burst / 10 : burst;
  const events = Math.round(eventsPerSecond * offer.event * seconds);
  return withReader(parts, 'ours', async (reader, load) => {
    const phase = { leaf: 'event', perSecond: eventsPerSecond * offer.event, messages: events, together: 1, untilAcked: true } as const;
    const steady = await load.run(phase);
    say(`${events} events acknowledged after ${steady.ackMs[50]?.toFixed(1)} ms (p99 ${steady.ackMs[99]?.toFixed(1)})`);
    const commits = await commitP99Ms(parts);
    const flood = await load.run({ ...phase, leaf: 'backlog', perSecond: 0, messages: size / perBacklog });
    const commitsThen = await commitP99Ms(parts);
    say(`${size} events of backlogs in ${flood.seconds.toFixed(1)} s`);
    const beforeMiB = rssMiB(reader.pid);
    const beats = await counted(reader, load, { ...phase, leaf: 'beat', perSecond: 0, messages: size, together: 4, untilAcked: false });
    say(`${size} beats in ${beats.seconds.toFixed(1)} s`);
    const less = { unit: 'ms', better: 'less' } as const;
    const more = { unit: 'per second', better: 'more' } as const;
    const rate = (events - steady.unacknowledged) / steady.seconds;
    return [
      row({ metric: `events committed and acknowledged over ${seconds} s`, ...more, ours: rate, target: { ours: eventsPerSecond } }),
      row({ metric: 'commit of a batch, p99', ...less, ours: commits, target: { ours: 50 } }),
      row({ metric: 'commit of a batch, p99 with the burst of backlogs', ...less, ours: commitsThen, target: { ours: 50 } }),
      row({ metric: 'event sent to acknowledged, median', ...less, ours: steady.ackMs[50] ?? Number.NaN }),
      row({ metric: 'event sent to acknowledged, p99', ...less, ours: steady.ackMs[99] ?? Number.NaN }),
      row({ metric: `burst of ${size} events in backlogs`, ...more, ours: size / flood.seconds }),
      row({
        metric: 'events not acknowledged in the end',
        unit: 'events',
        better: 'less',
        ours: flood.unacknowledged,
        target: { ours: 0 },
      }),
      row({ metric: `burst of ${size} beats`, ...more, ours: size / beats.seconds, target: { ours: beatsPerSecond } }),
      row({
        metric: 'growth of memory in that burst',
        unit: 'MiB',
        better: 'less',
        ours: rssMiB(reader.pid) - beforeMiB,
        target: { ours: 50 },
      }),
      row({ metric: 'most memory of flows', unit: 'MiB', better: 'less', ours: peakRssMiB(reader.pid) }),
    ];
  });
}

/** By the histogram of flows since its start, interpolated within the bucket as Prometheus does; throws where flows has none. */
async function commitP99Ms({ site }: Parts): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${site.ports.flowsMetrics}/metrics`)).text();
  const buckets = [...text.matchAll(/^sabha_ledger_commit_seconds_bucket\{le="([^"]+)"\} (\S+)$/gm)].map(([, le, count]) => ({
    le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
    count: Number(count),
  }));
  const wanted = (buckets.at(-1)?.count ?? 0) * 0.99;
  const at = buckets.findIndex(({ count }) => count >= wanted);
  const found = buckets[at];
  if (wanted === 0 || found === undefined) throw new Error('flows has no histogram of its commits');
  const below = buckets[at - 1] ?? { le: 0, count: 0 };
  return (below.le + (found.le - below.le) * ((wanted - below.count) / (found.count - below.count))) * 1_000;
}

function costRows(costs: Record<ReaderKind, Cost[]>): Row[] {
  const of = (kind: ReaderKind, key: keyof Cost) => median(costs[kind].map((cost) => cost[key]));
  const beside = (key: keyof Cost) => readers.slice(1).map((name) => ({ ours: of('ours', key), peer: { name, value: of(name, key) } }));
  const enough = { target: { ours: beatsPerSecond } };
  return [
    ...beside('beatsPerCpuSecond').map((both) => row({ metric: 'beats read', unit: 'per CPU-second', better: 'more', ...both, ...enough })),
    ...beside('beatsPerSecond').map((both) =>
      row({ metric: 'beats through broker and reader', unit: 'per second', better: 'more', ...both, ...enough }),
    ),
    ...beside('eventsPerCpuSecond').map((both) =>
      row({ metric: 'events read (ours: and committed)', unit: 'per CPU-second', better: 'more', ...both }),
    ),
    row({ metric: 'growth of memory over the beats', unit: 'MiB', better: 'less', ours: of('ours', 'growthMiB'), target: { ours: 20 } }),
    ...beside('rssMiB').map((both) => row({ metric: 'memory', unit: 'MiB', better: 'less', ...both })),
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
