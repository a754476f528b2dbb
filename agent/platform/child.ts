/** Runs child processes without a shell, each in its own process group, so that every one of them can be killed. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Cancel } from '@sabha/contracts';

export type ChildCommand = {
  program: string;
  args: string[];
  /** Variables set in addition to the agent's environment. */
  env: Record<string, string>;
};

/** `missing` = the program is not installed; the `text` of `failed` is its stderr. */
export type Output = { ok: true; text: string } | { ok: false; why: 'missing' | 'aborted' | 'oversized' | 'failed'; text: string };

const outputLimitBytes = 2 * 1024 * 1024;
const errorLimitBytes = 4 * 1024;
const notFoundCode = 127;

/** With this prefix the kernel kills the program when the agent ends. Without it pactl continues even if its output is closed. */
const dieWithUs = ['setpriv', '--pdeathsig', 'KILL'];

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Runs a program to its end and returns its output.
 * Guarantee: if `signal` aborts or the output exceeds `limitBytes`, the program and its child processes are killed.
 */
export function runCommand(command: ChildCommand, signal: AbortSignal, limitBytes = outputLimitBytes): Promise<Output> {
  if (signal.aborted) return Promise.resolve({ ok: false, why: 'aborted', text: '' });
  const child = start(command);
  const out = gather(child.stdout, limitBytes, () => killTree(child));
  const err = gather(child.stderr, errorLimitBytes);
  const abort = () => killTree(child);
  signal.addEventListener('abort', abort, { once: true });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, why: 'failed', text: error.message }));
    child.once('close', (code) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) resolve({ ok: false, why: 'aborted', text: '' });
      else if (out.full()) resolve({ ok: false, why: 'oversized', text: '' });
      else if (code === 0) resolve({ ok: true, text: out.text() });
      else resolve({ ok: false, why: code === notFoundCode ? 'missing' : 'failed', text: err.text() });
    });
  });
}

/**
 * Runs a program that keeps printing lines. Calls `end` once if the program ends by itself.
 * Guarantee: the returned function kills the program with its child processes, and no callback follows. The program ends with the agent.
 */
export function followCommand(command: ChildCommand, tell: { line: (text: string) => void; end: () => void }): Cancel {
  const child = start(command, dieWithUs);
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    tell.end();
  };
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-errorLimitBytes);
    for (const line of lines) if (!over) tell.line(line);
  });
  child.stderr.resume();
  child.once('error', end).once('close', end);
  return () => {
    over = true;
    killTree(child);
  };
}

/** Starts the program through `env`, which sets the variables without a shell. */
function start(command: ChildCommand, before: string[] = []): Child {
  const variables = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
  const [first = '', ...rest] = [...before, 'env', ...variables, command.program, ...command.args];
  return spawn(first, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A negative process id addresses the process group. The group exists while any member lives, even after its first process ended. */
function killTree(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function gather(stream: Readable, limitBytes: number, whenFull = () => {}): { text: () => string; full: () => boolean } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
    else whenFull();
  });
  return { text: () => Buffer.concat(chunks).toString('utf8'), full: () => bytes > limitBytes };
}
