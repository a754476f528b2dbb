/** Detects when a program must end: on a signal, or when its parent process is gone. */
import { readFileSync } from 'node:fs';

/** The program and the functions by which it sees the machine. A test replaces the functions. */
export type ProgramContext = {
  env: Readonly<Record<string, string | undefined>>;
  /** `process.argv[1]`. */
  script: string | undefined;
  parent?: () => number;
  /** Returns whether the IPC channel of the parent process is open; undefined without one. */
  isParentConnected?: () => boolean | undefined;
  /** Reads a file of /proc; undefined if it does not exist. */
  read?: (path: string) => string | undefined;
};

const pollIntervalMs = 200;

/**
 * Calls `end` with the reason. `stopped`: at each signal (Ctrl-C, SIGTERM, a closed terminal). `orphaned`: once, when the parent process or
 * the npm that started this program is gone.
 */
export function onShutdownRequest(started: ProgramContext, end: (why: 'stopped' | 'orphaned') => void): void {
  const orphaned = () => end('orphaned');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end('stopped'));
  process.once('disconnect', orphaned);
  const { isParentConnected = () => process.connected } = started;
  if (isParentConnected() === false) return orphaned();
  onNpmExit(started, orphaned);
}

/**
 * Calls `gone` once, when the npm that runs this program as its script has ended. Signals reach the shell of npm, which does not forward
 * them, and after kill -9 npm sends none. A program that npm did not start may outlive its parent, as `nohup`, `setsid` and systemd intend.
 */
export function onNpmExit(started: ProgramContext, gone: () => void): void {
  const { env, script = '', parent = () => process.ppid, read = readText } = started;
  const command = env['npm_lifecycle_script'] ?? '';
  // Child processes inherit the variables of npm, but their own parent must end them.
  if (!command.split(/\s+/).some((word) => word !== '' && script.replaceAll('\\', '/').endsWith(`/${word}`))) return;
  const chain = () => {
    const first = parent();
    // If the command replaced the shell, npm is the parent.
    const isShell = argumentsOf(read, first)?.includes(command) === true;
    return { first, second: isShell ? parentOf(read, first) : undefined };
  };
  const { first, second } = chain();
  // npm was gone before this check.
  if (first === 1 && second === undefined && argumentsOf(read, 1)?.includes('npm') === false) return gone();
  const timer = setInterval(() => {
    const holds = parent() === first && (second === undefined || parentOf(read, first) === second);
    if (holds) return;
    clearInterval(timer);
    gone();
  }, pollIntervalMs);
  timer.unref();
}

/** Ends an orphaned process without its exit handlers: the log would try forever to write its last lines into a closed pipe. */
export function exitOrphaned(): void {
  process.removeAllListeners('exit');
  process.exit(0);
}

type Read = NonNullable<ProgramContext['read']>;

function argumentsOf(read: Read, pid: number): string | undefined {
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ');
}

function parentOf(read: Read, pid: number): number | undefined {
  const found = /^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '');
  return found ? Number(found[1]) : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
