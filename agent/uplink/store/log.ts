/** Log of the agent for people, with the methods of a pino logger. */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { type Clock, messageOf, oneLine } from '@sabha/contracts';

export type Log = Record<'info' | 'warn', (fields: object, line: string) => void>;
export type LogMemory = Log & { last(lines: number): string[] };

const levels = { info: 30, warn: 40 };
const keptLines = 200;
/** Length limit of a line: a hundred lines with three bytes per character must fit into one event. */
const lineLength = 200;

/** Wraps a log and keeps its last lines in memory, without their fields. */
export function withMemory(log: Log, clock: Pick<Clock, 'now'>): LogMemory {
  const kept: string[] = [];
  const write = (level: keyof Log) => (fields: object, line: string) => {
    kept.push(oneLine(`${new Date(clock.now()).toISOString()} ${level} ${line}`, lineLength));
    if (kept.length > keptLines) kept.shift();
    try {
      log[level](fields, line);
    } catch {
      // A log that fails must not stop the caller; memory still keeps the line.
    }
  };
  return { info: write('info'), warn: write('warn'), last: (lines) => kept.slice(-lines) };
}

/** Writes lines in the format of pino. A process that uses this instead of pino saves 2 MiB of memory. */
export function lineLog(part: string, { write, now }: { write(line: string): void; now(): number }): Log {
  const at = (level: number) => (fields: object, msg: string) => write(`${JSON.stringify({ level, time: now(), part, ...fields, msg })}\n`);
  return { info: at(levels.info), warn: at(levels.warn) };
}

/**
 * Log file of at most `mostBytes` (1 MiB). A full file is renamed to `FILE.1`, which replaces the earlier one.
 * Guarantee: a line that cannot be written is lost, and nothing is thrown.
 */
export function rotatingFile(file: string, mostBytes = 1_048_576): { write(line: string): void } {
  return {
    write(line) {
      try {
        const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
        if (size > 0 && size + Buffer.byteLength(line) > mostBytes) renameSync(file, `${file}.1`);
        appendFileSync(file, line);
      } catch {
        // A failed write is not repeated; the next line is a new attempt.
      }
    },
  };
}

/** Reports a caught error: what failed, and the error. */
export type OnInternalError = (what: string, error: unknown) => void;

export type InternalErrorOptions = {
  clock: Pick<Clock, 'up'>;
  log: Pick<Log, 'warn'>;
  /** Records an event for the server. `count`: errors since the start. */
  record(body: { what: string; error: string; count: number }): void;
};

/** Minimum interval between two reports, so that a repeating error does not fill the spool. */
const reportIntervalMs = 60_000;
const errorLength = 200;

/** Counts caught errors and reports them at a limited rate. Guarantee: it never throws, and it counts each error. */
export function countErrors({ clock, log, record }: InternalErrorOptions): OnInternalError {
  let count = 0;
  let reportedUp = Number.NEGATIVE_INFINITY;
  return (what, thrown) => {
    count += 1;
    if (clock.up() - reportedUp < reportIntervalMs) return;
    reportedUp = clock.up();
    const error = oneLine(messageOf(thrown), errorLength);
    log.warn({ count }, `${what} failed: ${error}`);
    record({ what, error, count });
  };
}
