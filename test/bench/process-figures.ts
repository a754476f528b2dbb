/** What the system knows of a process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Processor time that the process has used so far, all its threads, by the nanosecond counter of the scheduler. */
export function cpuSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return (
    threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e9
  );
}

export function rssMiB(pid: number): number {
  return mebibytes(pid, 'VmRSS');
}

/** The most that it ever had. */
export function peakRssMiB(pid: number): number {
  return mebibytes(pid, 'VmHWM');
}

function mebibytes(pid: number, line: string): number {
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
