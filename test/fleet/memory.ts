/** Resident memory of the demo's processes on Linux. Shared pages count in each process. */
import { readFileSync } from 'node:fs';

export const parts = ['broker', 'flows', 'dashboards', 'start', 'fleet', 'all'] as const;
/** Peak of each part in MiB; `all` is the largest sum at one time. */
export type PeakMiB = Record<(typeof parts)[number], number>;

export type MemoryWatch = { peak(): PeakMiB; stop(): void };

const everyMs = 500;

/** Samples twice a second the processes that `startPid` started, and this process, which is the fleet. */
export function watchMemory(startPid: number): MemoryWatch {
  const peak: PeakMiB = { broker: 0, flows: 0, dashboards: 0, start: 0, fleet: 0, all: 0 };
  const look = () => {
    let sum = 0;
    for (const [part, pid] of [['start', startPid], ['fleet', process.pid], ...childrenOf(startPid)] as [keyof PeakMiB, number][]) {
      const now = residentMiB(pid);
      peak[part] = Math.max(peak[part], now);
      sum += now;
    }
    peak.all = Math.max(peak.all, sum);
  };
  look();
  const timer = setInterval(look, everyMs);
  return {
    peak: () => Object.fromEntries(Object.entries(peak).map(([part, value]) => [part, Math.round(value)])) as PeakMiB,
    stop: () => clearInterval(timer),
  };
}

function childrenOf(pid: number): [string, number][] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .trim()
    .split(' ')
    .flatMap((child): [string, number][] => {
      const part = /(broker|flows|dashboards)\/main\.ts/.exec(read(`/proc/${child}/cmdline`))?.[1];
      return part === undefined ? [] : [[part, Number(child)]];
    });
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024;
}

/** Reads a file. Returns an empty text if the process has ended or the system has no /proc. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
