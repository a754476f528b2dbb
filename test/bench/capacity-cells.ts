/** Measures a line of the bench `capacity` with the agent's code, up and down. */
import { type LinkClass, links, trainIpBytes, trainSessionBytes, trainWireBytes } from '@sabha/contracts';
import { directionBytesOf } from '../../agent/link/measure/measure.ts';
import type { Program } from '../system/processes.ts';
import type { ClientRun } from './capacity-client-child.ts';
import type { ReflectorStage } from './capacity-reflector.ts';
import { median } from './model.ts';
import type { Police, Shape, ShapedLink } from './shaped-link.ts';

type Way = 'straight' | { holdMs: number; loss: number };
/** `lent`: the line runs at a peak rate until its bucket is empty. Then the line drops or delays the excess. */
export type Cell = {
  mbit: number;
  bucketKB: number;
  queueKB: number;
  way: Way;
  link: LinkClass;
  lent: { peakMbit: number; drops: boolean } | null;
};
/**
 * One direction of one run. `error` is a ratio, and null without a result. `ofClass` is the share of the bytes that the link class permits.
 */
export type Taken = { cell: Cell; error: number | null; wireBytes: number; ofClass: number; seconds: number };

const deepKB = 600;
const relayPort = 9_001;

export const cell = (mbit: number, bucketKB: number, more: Partial<Cell> = {}): Cell => ({
  mbit,
  bucketKB,
  queueKB: deepKB,
  way: 'straight',
  link: 'fibre',
  lent: null,
  ...more,
});

/**
 * Highest rate of a slow line, in Mbit/s. On a slow line a packet takes more than a millisecond, and several such lines leave the processor
 * idle.
 */
const slowMbit = 8;

/** Reflectors with their links. On `alone`, lines that need the processor are measured one at a time. */
export type Stages = { alone: ReflectorStage; beside: readonly ReflectorStage[] };
type Turn = { line: Cell; runs: number };

/** Returns a turn with `runs` measurements for each line. */
export const times = (cells: readonly Cell[], runs: number): Turn[] => cells.map((line) => ({ line, runs }));

/**
 * Measures slow lines in parallel, together with one line of long delay, whose relay busy-waits for each packet. Measures fast lines one
 * after another.
 */
export async function inLanes({ alone, beside }: Stages, turns: readonly Turn[], say: (line: string) => void): Promise<Taken[]> {
  const { long = [], slow = [], fast = [] } = Object.groupBy(turns, paceOf);
  const waiting = slow.values();
  const taken = await Promise.all([inTurns(alone, long, say), ...beside.map((stage) => inTurns(stage, waiting, say))]);
  return [...taken.flat(), ...(await inTurns(alone, fast, say))];
}

function paceOf({ line: { way, mbit, lent } }: Turn): 'long' | 'slow' | 'fast' {
  if (way !== 'straight') return 'long';
  return (lent?.peakMbit ?? mbit) <= slowMbit ? 'slow' : 'fast';
}

/** Stages can share one iterator: each takes the next line when it has finished the last. */
async function inTurns(stage: ReflectorStage, turns: Iterable<Turn>, say: (line: string) => void): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (const { line, runs } of turns) {
    const some = await measure(stage, line, runs);
    taken.push(...some);
    const errors = some.map(({ error }) => (error === null ? '-' : `${(100 * error).toFixed(1)} %`)).join(' ');
    const kB = Math.max(...some.map(({ wireBytes }) => wireBytes)) / 1_000;
    say(`${nameOf(line)}: ${errors}, at most ${kB.toFixed(0)} kB each way, ${median(some.map(({ seconds }) => seconds)).toFixed(1)} s`);
  }
  return taken;
}

async function measure({ link, port, tokens }: ReflectorStage, one: Cell, runs: number): Promise<Taken[]> {
  link.shape(shapeOf(one), policeOf(one));
  const relay = one.way === 'straight' ? undefined : await startRelay(link, port, one.way);
  try {
    const to = [link.address, `${relay === undefined ? port : relayPort}`, tokens(runs).join(','), one.link];
    const args = ['test/bench/capacity-client-child.ts', ...to];
    const client = link.start('pc', { program: process.execPath, args });
    const { code } = await client.ended;
    if (code !== 0) throw new Error(`the client ended with ${code}: ${client.errors.join(' ')}`);
    return client.lines.flatMap(({ msg }) => takenOf(one, JSON.parse(msg) as ClientRun));
  } finally {
    await relay?.end('SIGTERM');
  }
}

function takenOf(one: Cell, run: ClientRun): Taken[] {
  if (!run.ok) throw new Error(run.reason);
  // A policer counts packets, so its rate is one of IP bytes.
  const trueBps = one.mbit * 1e6 * (one.lent?.drops ? 1 : trainIpBytes / trainWireBytes);
  const ofClass = Math.min(trainSessionBytes, directionBytesOf(links[one.link]));
  return [run.up, run.down].map(({ bps, wireBytes }) => ({
    cell: one,
    error: bps === null ? null : bps / trueBps - 1,
    wireBytes,
    ofClass: wireBytes / ofClass,
    seconds: run.seconds,
  }));
}

async function startRelay(link: ShapedLink, port: number, { holdMs, loss }: Exclude<Way, 'straight'>): Promise<Program> {
  const args = ['test/bench/capacity-relay-child.ts', link.address, `${relayPort}`, `${port}`, `${holdMs}`, `${loss}`, '7'];
  const relay = link.start('centre', { program: process.execPath, args });
  await relay.says('relay ready');
  return relay;
}

/** Returns the shape of the link. A policed line has the shape of the link in front of the policer. */
export function shapeOf({ mbit, bucketKB, queueKB, lent }: Cell): Shape {
  const queueBytes = queueKB * 1_000;
  if (lent?.drops) return { bps: lent.peakMbit * 1e6, bucketBytes: 3_000, queueBytes };
  return { bps: mbit * 1e6, bucketBytes: bucketKB * 1_000, queueBytes, ...(lent && { peakBps: lent.peakMbit * 1e6 }) };
}

function policeOf({ mbit, bucketKB, lent }: Cell): Police | undefined {
  if (!lent?.drops) return undefined;
  return { packetsPerSecond: Math.round((mbit * 1e6) / 8 / trainIpBytes), atOnce: Math.round((bucketKB * 1_000) / trainIpBytes) };
}

function nameOf({ mbit, bucketKB, queueKB, way, link, lent }: Cell): string {
  const queue = queueKB === deepKB ? '' : `, queue ${queueKB} kB`;
  const peak = lent === null ? '' : ` ${lent.drops ? 'policed in' : 'lent at'} ${lent.peakMbit} Mbit/s`;
  const far = way === 'straight' ? '' : `, ${2 * way.holdMs} ms, ${100 * way.loss} % lost each way`;
  return `${mbit} Mbit/s, bucket ${bucketKB} kB${peak}${queue}${far}${link === 'fibre' ? '' : `, ${link}`}`;
}

/** Returns the errors of all results, in per cent. */
export function errorsOf(taken: readonly Taken[]): number[] {
  return taken.flatMap(({ error }) => (error === null ? [] : [100 * Math.abs(error)]));
}
