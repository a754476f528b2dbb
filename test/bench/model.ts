/** The result of a bench, and how a row is made. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** One figure. Programs read this form, so its fields must not change. */
export type Row = {
  metric: string;
  unit: string;
  ours: number;
  peer: string | null;
  theirs: number | null;
  /** Factor by which our figure is better. */
  ratio: number | null;
  target: string | null;
  met: boolean | null;
};

export type Figures = { versions: Record<string, string>; rows: Row[] };
export type BenchOptions = { quick: boolean; say(line: string): void };
export type Bench = { name: string; about: string; run(options: BenchOptions): Promise<Figures> };
export type Report = { bench: string; machine: Record<string, string | number>; versions: Record<string, string>; rows: Row[] };

/**
 * A time or a rate depends on the machine. Its target is a ratio to a compared program in the same run, or a limit that the product
 * promises on any machine.
 */
type OfTheMachine = {
  unit: 'µs' | 'ms' | 's' | 'per second' | 'per CPU-second' | 'packets/s';
  target?: { ratio: number } | { promised: number };
};
/**
 * Counts, bytes and shares do not depend on the machine. So the target may also be a fixed limit of our figure (`ours`): the most or the
 * least, by `better`.
 */
type OfUs = {
  unit:
    | 'B'
    | 'kB'
    | 'MiB'
    | '%'
    | 'points'
    | 'share'
    | 'events'
    | 'clients'
    | 'rooms'
    | 'runs'
    | 'messages'
    | 'alerts'
    | 'threads'
    | 'requests'
    | 'elements';
  target?: { ratio: number } | { ours: number };
};

export type Measured = { metric: string; ours: number; better: 'less' | 'more'; peer?: { name: string; value: number } } & (
  | OfTheMachine
  | OfUs
);

/** Says in one line why a bench cannot run on this machine. */
export class CannotRun extends Error {
  override name = 'CannotRun';
}

/** Creates the row of a figure, with the ratio to the compared program and whether the target is met. */
export function row({ metric, unit, ours, better, peer, target }: Measured): Row {
  const ratio = peer === undefined ? null : better === 'less' ? peer.value / ours : ours / peer.value;
  const told = { metric, unit, ours: figure(ours), peer: peer?.name ?? null, theirs: peer ? figure(peer.value) : null };
  const rated = { ...told, ratio: ratio === null ? null : figure(ratio) };
  if (target === undefined) return { ...rated, target: null, met: null };
  if ('ratio' in target) return { ...rated, target: `ratio >= ${target.ratio}`, met: (ratio ?? 0) >= target.ratio };
  const limit = 'ours' in target ? target.ours : target.promised;
  const met = better === 'less' ? ours <= limit : ours >= limit;
  return { ...rated, target: `${better === 'less' ? '<=' : '>='} ${limit}`, met };
}

/** Returns the median. Throws if there are no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error('no figures');
  return (low + high) / 2;
}

/** Returns the smallest value that at least this share of the values does not exceed. Throws if there are no values. */
export function percentile(values: readonly number[], share: number): number {
  const found = values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
  if (found === undefined) throw new Error('no figures');
  return found;
}

export function machine(): Report['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${type()} ${release()}`,
  };
}

export function versionOf(name: string): string {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
}

export function versionOfPackage(name: string): string {
  return spawnSync('dpkg-query', ['-W', '-f', '$' + '{Version}', name], { encoding: 'utf8' }).stdout?.trim() || 'unknown';
}

function figure(value: number): number {
  return Number(value.toPrecision(4));
}
