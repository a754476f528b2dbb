/** Runs a part of the server as a process: one log line for a fatal error, and an orderly stop. */
import { flushCompileCache } from 'node:module';
import type { Supervisor } from './health.ts';
import { StartError } from './start.ts';
import { exitOrphaned } from './stop-signal.ts';

/** The options of `runPart`. A pino logger provides the `log`. */
export type PartOptions = {
  log: { fatal(line: string): void; fatal(fields: object, line: string): void };
  /** Name for the last log line, such as `the broker`. */
  name: string;
  /** Milliseconds after which an unfinished stop ends the process anyway. */
  stopLimitMs: number;
  /** Starts the part and logs that it is ready. Resolves with the stop function. */
  start(): Promise<() => unknown>;
  /** Returns whether the IPC channel of the parent process is open; undefined without one. A test replaces it. */
  isParentConnected?(): boolean | undefined;
  /** Receives ready and alive messages; undefined without systemd. */
  supervisor?: Supervisor | undefined;
};

/** Turns off a cache of mqtt-packet. The cache holds a buffer for each number up to 65,535, which takes 9 MiB and saves little time. */
export async function disableNumberCache(): Promise<void> {
  // A dynamic import, because a program that uses only the contracts does not need the library.
  const { writeToStream } = await import('mqtt-packet');
  writeToStream.cacheNumbers = false;
}

/**
 * Starts a part, and stops it on SIGTERM, SIGINT or the end of its parent process.
 * Guarantee: exit code 0 within `stopLimitMs` after a request to stop; 1 after one fatal line if anything is thrown. An orphaned part ends
 * within the same time.
 */
export async function runPart(options: PartOptions): Promise<void> {
  const { log, name, stopLimitMs, start, isParentConnected = () => process.connected, supervisor } = options;
  let stop: (() => unknown) | undefined;
  let isOrphaned = false;
  const exit = () => (isOrphaned ? exitOrphaned() : process.exit(0));
  process.on('uncaughtException', (error) => {
    if (isOrphaned) return exitOrphaned();
    if (error instanceof StartError) log.fatal(error.message);
    else log.fatal({ err: error }, `${name} cannot continue`);
    process.exit(1);
  });
  const end = async () => {
    setTimeout(exit, stopLimitMs).unref();
    supervisor?.stopping();
    await stop?.();
    exit();
  };
  // During the start there is nothing to stop, and a start may take longer than the stop limit, so an orphaned part exits at once.
  const handleOrphaned = () => {
    isOrphaned = true;
    void end();
  };
  process.once('disconnect', handleOrphaned);
  await disableNumberCache();
  stop = await start();
  supervisor?.ready();
  // Writes the cache now and not at the exit: a killed process has no exit handler, and its next start must be fast.
  flushCompileCache();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
  // The parent process ended before the handler was set.
  if (isParentConnected() === false && !isOrphaned) handleOrphaned();
}

/** The log of a part; a pino logger provides it. */
export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;

/**
 * Returns the log output, which may be a file.
 * Guarantee: a line that cannot be written, as on a full disk, is lost without further effect. By default pino would end the process, and
 * write the line again and again at the exit.
 */
export function logOutput(): NodeJS.WriteStream {
  return process.stdout.on('error', () => {});
}
