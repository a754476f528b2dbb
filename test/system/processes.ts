/** Starts programs under test, collects their log, waits for log lines, and leaves no process behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** A line of a log, or of plain text (`msg` only). */
export type LogLine = { msg: string; part?: string; level?: number; [field: string]: unknown };
export type Ended = { code: number | null; signal: NodeJS.Signals | null };

export type Program = {
  pid: number;
  /** All printed lines, oldest first. */
  lines: LogLine[];
  errors: string[];
  /**
   * Resolves with the first line that `wanted` accepts, printed already or later. Throws if the program ends before, or after the limit.
   */
  says(wanted: string | ((line: LogLine) => boolean), limitMs?: number): Promise<LogLine>;
  ended: Promise<Ended>;
  isRunning(): boolean;
  /** Sends the signal (with `group` to the whole group). Resolves with the exit and the time that it took. */
  end(signal: NodeJS.Signals, how?: { group?: boolean }): Promise<Ended & { ms: number }>;
};

export type Command = { program?: string; args: string[]; env: Record<string, string | undefined>; cwd?: string };

/** Longest wait in ms. It is shorter than the time limit of a test, so that the error shows the printed lines. */
const patienceMs = 100_000;

/** Starts a program in a separate process group. Without `program` it runs a script with this runtime. */
export function startProgram({ program = process.execPath, args, env, cwd }: Command): Program {
  // The IPC channel closes when the test runner ends in any way, and the program then ends too.
  const child = spawn(program, args, {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const lines: LogLine[] = [];
  const errors: string[] = [];
  const heard = new Set<() => void>();
  const tell = () => {
    for (const wake of heard) wake();
  };
  hear(child, (text, isError) => {
    if (isError) errors.push(text);
    lines.push(parsed(text));
    tell();
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  // The exit may precede the last output, so `close` counts as the end.
  let isHeardOut = false;
  void ended.then(() => {
    isHeardOut = true;
    tell();
  });
  return {
    // The pid 0 would signal the process group of the test itself.
    pid: child.pid ?? Number.NaN,
    lines,
    errors,
    ended,
    isRunning,
    async says(wanted, limitMs = patienceMs) {
      const accepts = typeof wanted === 'string' ? (line: LogLine) => line.msg.includes(wanted) : wanted;
      const deadline = performance.now() + limitMs;
      for (;;) {
        const found = lines.find(accepts);
        if (found) return found;
        const leftMs = deadline - performance.now();
        const what = `${wanted} was not said; it said:\n${lines.map(({ msg }) => msg).join('\n')}`;
        if (isHeardOut) throw new Error(`ended: ${what}`);
        if (leftMs <= 0) throw new Error(`late: ${what}`);
        await next(heard, leftMs);
      }
    },
    async end(signal, { group = false } = {}) {
      const startedAt = performance.now();
      if (isRunning() && child.pid !== undefined) process.kill(group ? -child.pid : child.pid, signal);
      return { ...(await ended), ms: performance.now() - startedAt };
    },
  };
}

/** Returns the processes of this machine with `mark` in their environment, in any process group. */
export function livingWith(mark: string): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)) return [];
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
      } catch {
        return []; // The process ended after it was listed.
      }
    });
}

/** Resolves when no process with the mark is left; throws with their names after the limit. */
export async function noneLeft(mark: string, limitMs: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const left = livingWith(mark);
    if (left.length === 0) return performance.now() - startedAt;
    if (performance.now() - startedAt > limitMs) throw new Error(`left behind: ${left.map(({ command }) => command).join('; ')}`);
    await delay(25);
  }
}

export function killAllWith(mark: string): void {
  for (const { pid } of livingWith(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended after it was listed.
    }
  }
}

/** Returns free ports below the range of client ports. Each port is used once, and each worker of the test runner has a separate range. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = rangeStart + (given % rangeSize);
    given += 1;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

const rangeSize = 1_000;
const rangeStart = 12_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 20) * rangeSize;
let given = Math.floor(Math.random() * rangeSize);

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return free;
}

function hear(child: ChildProcess, take: (text: string, isError: boolean) => void): void {
  if (child.stdout) createInterface(child.stdout).on('line', (text) => take(text, false));
  if (child.stderr) createInterface(child.stderr).on('line', (text) => take(text, true));
}

function parsed(text: string): LogLine {
  try {
    const line = JSON.parse(text);
    return typeof line?.msg === 'string' ? line : { msg: text };
  } catch {
    return { msg: text };
  }
}

async function next(heard: Set<() => void>, limitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  heard.add(resolve);
  await promise;
  heard.delete(resolve);
  clearTimeout(timer);
}
