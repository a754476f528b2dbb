/** Measures one reader under the load, in one turn. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Phase, PhaseResult } from './ingest-load.ts';
import { keeps, type Reader } from './ingest-readers.ts';
import { cpuSeconds, peakRssMiB, rssMiB } from './process-figures.ts';

/** Rate of the load: more than the required rate, so that the reader limits the result. */
const beatsPerSecond = 25_000;
export const eventsPerSecond = 5_250;
const perBacklog = 200;
const restLimitMs = 60_000;

export type Size = { rounds: number; beatSeconds: number; eventSeconds: number; chain: number; burst: number };
export type Load = { run(phase: Phase): Promise<PhaseResult>; stop(): Promise<void> };
type Cost = { beatsPerCpuSecond: number; beatsPerSecond: number; growthMiB: number; eventsPerCpuSecond: number; rssMiB: number };
type Keeping = {
  eventsPerSecond: number;
  ackMs: number;
  ackP99Ms: number;
  /** 99th percentile of the commit times. A batch has at most one event of each PC, so that other work does not enlarge the batch. */
  commitP99Ms: number;
  backlogPerSecond: number;
  /** Commit time of the backlogs divided by the number of events, because the size of a batch is random. */
  backlogCommitUs: number;
  unacknowledged: number;
  beatBurstPerSecond: number;
  burstGrowthMiB: number;
  peakMiB: number;
};
export type Turn = Cost & Partial<Keeping>;

/**
 * Measures beats and then events at a fixed rate. For readers that store events, also measures beats at full speed and the backlogs of an
 * outage.
 */
export async function measure(reader: Reader, load: Load, size: Size): Promise<Turn> {
  const messages = beatsPerSecond * size.beatSeconds;
  const beats: Phase = { leaf: 'beat', perSecond: beatsPerSecond, messages, together: 4, untilAcked: false };
  // Warms up at full speed. The queue is then longer than any queue at the fixed rate, so later memory growth has another cause.
  await counted(reader, load, { ...beats, messages: 4 * beatsPerSecond, perSecond: 0 });
  const atFirstMiB = rssMiB(reader.pid);
  const beat = await counted(reader, load, beats);
  const growthMiB = rssMiB(reader.pid) - atFirstMiB;
  const untilAcked = keeps(reader.kind);
  const sent = eventsPerSecond * size.eventSeconds;
  const steady = await counted(reader, load, { leaf: 'event', perSecond: eventsPerSecond, messages: sent, together: 1, untilAcked });
  const cost = {
    beatsPerCpuSecond: messages / beat.cpu,
    beatsPerSecond: messages / beat.seconds,
    growthMiB,
    eventsPerCpuSecond: sent / steady.cpu,
    rssMiB: rssMiB(reader.pid),
  };
  if (!untilAcked) return cost;
  return { ...cost, ...ratedOf(sent, steady), ...(await flatOut(reader, load, size)) };
}

function ratedOf(sent: number, { unacknowledged, seconds, ackMs }: PhaseResult) {
  const [median, p99] = [ackMs[50], ackMs[99]];
  if (median === undefined || p99 === undefined) throw new Error('nothing was acknowledged');
  return { eventsPerSecond: (sent - unacknowledged) / seconds, ackMs: median, ackP99Ms: p99 };
}

async function flatOut(reader: Reader, load: Load, { chain, burst }: Size): Promise<Omit<Keeping, keyof ReturnType<typeof ratedOf>>> {
  const beforeMiB = rssMiB(reader.pid);
  const beats = await counted(reader, load, { leaf: 'beat', perSecond: 0, messages: burst, together: 4, untilAcked: false });
  const burstGrowthMiB = rssMiB(reader.pid) - beforeMiB;
  const all = { perSecond: 0, together: 1, untilAcked: true };
  const one = await withCommits(reader, () => load.run({ ...all, leaf: 'event', messages: chain }));
  const flood = await withCommits(reader, () => load.run({ ...all, leaf: 'backlog', messages: burst / perBacklog }));
  return {
    commitP99Ms: one.commitP99Ms,
    backlogPerSecond: burst / flood.seconds,
    backlogCommitUs: (flood.commitSeconds / burst) * 1e6,
    unacknowledged: flood.unacknowledged,
    beatBurstPerSecond: burst / beats.seconds,
    burstGrowthMiB,
    peakMiB: peakRssMiB(reader.pid),
  };
}

/** Runs a phase until the reader has read everything. Throws if messages are missing. */
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

type Commits = { seconds: number; buckets: { le: number; count: number }[] };

/** Returns the 99th percentile of the commits of a phase, interpolated within the bucket as Prometheus does. Throws if there were none. */
async function withCommits<T>(reader: Reader, run: () => Promise<T>): Promise<T & { commitSeconds: number; commitP99Ms: number }> {
  const before = await commitsOf(reader);
  const result = await run();
  const after = await commitsOf(reader);
  const buckets = after.buckets.map(({ le, count }, at) => ({ le, count: count - (before.buckets[at]?.count ?? 0) }));
  const wanted = (buckets.at(-1)?.count ?? 0) * 0.99;
  const at = buckets.findIndex(({ count }) => count >= wanted);
  const found = buckets[at];
  if (wanted === 0 || found === undefined) throw new Error('there were no commits');
  const below = buckets[at - 1] ?? { le: 0, count: 0 };
  const commitP99Ms = (below.le + (found.le - below.le) * ((wanted - below.count) / (found.count - below.count))) * 1_000;
  return { ...result, commitSeconds: after.seconds - before.seconds, commitP99Ms };
}

async function commitsOf({ metricsPort }: Reader): Promise<Commits> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const buckets = [...text.matchAll(/^sabha_ledger_commit_seconds_bucket\{le="([^"]+)"\} (\S+)$/gm)].map(([, le, count]) => ({
    le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
    count: Number(count),
  }));
  return { seconds: Number(/^sabha_ledger_commit_seconds_sum (\S+)$/m.exec(text)?.[1]), buckets };
}
