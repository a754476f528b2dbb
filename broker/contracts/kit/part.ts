/** How a part of the centre runs as a process: one line when it cannot go on, and an end when it is told to. */
import { flushCompileCache } from 'node:module';
import type { Supervisor } from './health.ts';
import { StartError } from './start.ts';
import { endAlone } from './told-to-end.ts';

/** What `runPart` needs; a pino logger has the `log`. */
export type PartOptions = {
  log: { fatal(line: string): void; fatal(fields: object, line: string): void };
  /** As the last line calls it, such as `the broker`. */
  name: string;
  /** Who is not done with stopping after this long is ended anyway, milliseconds. */
  stopLimitMs: number;
  /** Starts the part and says that it is ready; resolves with how to stop it. */
  start(): Promise<() => unknown>;
  /** Whether whoever started us still holds our channel; undefined where there never was one. A test scripts it. */
  isHeld?(): boolean | undefined;
  /** Who is told that it is ready and lives; undefined where nobody asks. */
  supervisor?: Supervisor | undefined;
};

/** Before the first packet mqtt-packet makes a buffer of each number up to 65,535, which hold 9 MiB of a process and spare it next to nothing. */
export async function withoutNumberCache(): Promise<void> {
  // Here and not at the top: who only reads the contracts has no use for it.
  const { writeToStream } = await import('mqtt-packet');
  writeToStream.cacheNumbers = false;
}

/**
 * Starts a part and stops it on SIGTERM, SIGINT or when whoever started it is gone.
 * Guarantee: exit code 0 when it was told to stop, within `stopLimitMs`; 1, after one fatal line, where anything is thrown. Who is left alone
 * is gone in the same time.
 */
export async function runPart(options: PartOptions): Promise<void> {
  const { log, name, stopLimitMs, start, isHeld = () => process.connected, supervisor } = options;
  let stop: (() => unknown) | undefined;
  let isAlone = false;
  const exit = () => (isAlone ? endAlone() : process.exit(0));
  process.on('uncaughtException', (error) => {
    if (isAlone) return endAlone();
    if (error instanceof StartError) log.fatal(error.message);
    else log.fatal({ err: error }, `${name} cannot go on`);
    process.exit(1);
  });
  const end = async () => {
    setTimeout(exit, stopLimitMs).unref();
    supervisor?.stopping();
    await stop?.();
    exit();
  };
  // While it starts there is nothing yet that could be stopped in order, and a start may take longer than a stop.
  const leftAlone = () => {
    isAlone = true;
    void end();
  };
  process.once('disconnect', leftAlone);
  await withoutNumberCache();
  stop = await start();
  supervisor?.ready();
  // Now, not at the end: one that is killed has none, and is to be back soon.
  flushCompileCache();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
  // It was left alone before it could hear of it.
  if (isHeld() === false && !isAlone) leftAlone();
}

/** What a part needs of a log; a pino logger has it. */
export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;

/**
 * Where the log of a process goes whose output may be a file.
 * Guarantee: a line that cannot be written, as on a full disk, is lost and ends nothing; left to itself pino ends the process by the first one,
 * and writes it at the exit again and again.
 */
export function logOutput(): NodeJS.WriteStream {
  return process.stdout.on('error', () => {});
}
