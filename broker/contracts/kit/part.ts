/** How a part of the centre runs as a process: one line when it cannot go on, and an end when it is told to. */
import { StartError } from './start.ts';

/** What `runPart` needs; a pino logger has the `log`. */
export type PartOptions = {
  log: { fatal(line: string): void; fatal(fields: object, line: string): void };
  /** As the last line calls it, such as `the broker`. */
  name: string;
  /** Who is not done with stopping after this long is ended anyway, milliseconds. */
  stopLimitMs: number;
  /** Starts the part and says that it is ready; resolves with how to stop it. */
  start(): Promise<() => unknown>;
};

/**
 * Starts a part and stops it on SIGTERM, SIGINT or when whoever started it is gone.
 * Guarantee: exit code 0 when it was told to stop, within `stopLimitMs`; 1, after one fatal line, where anything is thrown.
 */
export async function runPart({ log, name, stopLimitMs, start }: PartOptions): Promise<void> {
  process.on('uncaughtException', (error) => {
    if (error instanceof StartError) log.fatal(error.message);
    else log.fatal({ err: error }, `${name} cannot go on`);
    process.exit(1);
  });
  const stop = await start();
  const end = async () => {
    setTimeout(() => process.exit(0), stopLimitMs).unref();
    await stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, () => void end());
  // It was left alone while it started: nobody will tell it again.
  if (process.connected === false) void end();
}
