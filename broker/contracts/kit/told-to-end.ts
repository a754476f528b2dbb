/** When a program is to end: somebody says so, or whoever started it is gone without a word. */
import { readFileSync } from 'node:fs';

/** What the program is, and what it may ask of its machine; a test scripts the second half. */
export type Started = {
  env: Readonly<Record<string, string | undefined>>;
  /** `process.argv[1]`. */
  script: string | undefined;
  parent?: () => number;
  /** Whether whoever started us still holds our channel; undefined where there never was one. */
  isHeld?: () => boolean | undefined;
  /** A file of /proc; undefined where there is none. */
  read?: (path: string) => string | undefined;
};

const lookEveryMs = 200;

/**
 * Calls `end` with why: `stopped` at each signal (Ctrl-C, SIGTERM, a terminal that closes), `orphaned` once, when the process that holds our
 * channel is gone, or the npm that started us.
 */
export function onToldToEnd(started: Started, end: (why: 'stopped' | 'orphaned') => void): void {
  const orphaned = () => end('orphaned');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end('stopped'));
  process.once('disconnect', orphaned);
  const { isHeld = () => process.connected } = started;
  if (isHeld() === false) return orphaned();
  whenNpmIsGone(started, orphaned);
}

/**
 * Calls `gone` once, when the npm whose script this program is has ended. npm tells its shell alone to end, which dies and tells nobody;
 * killed with -9 it tells not even that. Who was started in another way may outlive its parent: `nohup`, `setsid` and systemd mean it so.
 */
export function whenNpmIsGone(started: Started, gone: () => void): void {
  const { env, script = '', parent = () => process.ppid, read = readText } = started;
  const command = env['npm_lifecycle_script'] ?? '';
  // What npm sets reaches whatever its script starts in turn: they are their starter's to end.
  if (!command.split(/\s+/).some((word) => word !== '' && script.replaceAll('\\', '/').endsWith(`/${word}`))) return;
  const chain = () => {
    const first = parent();
    // A shell that replaces itself by its command leaves us npm as parent.
    const isShell = argumentsOf(read, first)?.includes(command) === true;
    return { first, second: isShell ? parentOf(read, first) : undefined };
  };
  const { first, second } = chain();
  // npm was gone before we could look.
  if (first === 1 && second === undefined && argumentsOf(read, 1)?.includes('npm') === false) return gone();
  const timer = setInterval(() => {
    const holds = parent() === first && (second === undefined || parentOf(read, first) === second);
    if (holds) return;
    clearInterval(timer);
    gone();
  }, lookEveryMs);
  timer.unref();
}

/**
 * Ends a process whose starter is gone, and with it whoever read what it says: at a usual exit the log would write its last lines into the
 * closed pipe until somebody takes them, for ever.
 */
export function endAlone(): void {
  process.removeAllListeners('exit');
  process.exit(0);
}

type Read = NonNullable<Started['read']>;

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
