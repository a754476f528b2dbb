/** Figures of a process from the operating system. */
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the processor time of a process and all its threads, from the nanosecond counter of the scheduler. */
export function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + nanosecondsOf(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1e9;
}

/** Returns 0 for a thread that has ended since. */
function nanosecondsOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

export function rssMiB(pid: number): number {
  return mebibytes(pid, 'VmRSS');
}

export function peakRssMiB(pid: number): number {
  return mebibytes(pid, 'VmHWM');
}

function mebibytes(pid: number, line: string): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

/** Returns resident memory, and as `own` the private dirty memory, which Windows calls the private working set. */
export function memoryMiB(pid: number): { rss: number; own: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (line: string) => Number(new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1_024;
  return { rss: of('Rss'), own: of('Private_Dirty') };
}

export function threads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** Returns all living descendants of a process. */
export function offspring(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => statOf(Number(name))?.[1] === String(pid))
    .map(Number);
  return children.flatMap((child) => [child, ...offspring(child)]);
}

/** Returns the processor time of the process and its descendants, including those that have ended, from clock ticks. */
export function treeCpuSeconds(pid: number): number {
  const ticks = [pid, ...offspring(pid)].flatMap((one) => statOf(one)?.slice(11, 15).map(Number) ?? []);
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

const ticksPerSecond = 100;

/** Returns the fields of /proc/PID/stat after the name; undefined if the process has ended. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return undefined;
  }
}

/** Returns a monotonic time that is the same in every process of this machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
