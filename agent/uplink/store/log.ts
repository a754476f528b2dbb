/** What the agent says to a person who reads its log; a pino logger is one. */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { type Clock, messageOf, oneLine } from '@sabha/contracts';

/** Writes a line for a person, with fields for machines. */
export type Log = Record<'info' | 'warn', (fields: object, line: string) => void>;
/** A log that remembers its last lines. */
export type LogMemory = Log & { last(lines: number): string[] };

const levels = { info: 30, warn: 40 };
const keptLines = 200;
/** A hundred lines in any script, three bytes a character, fit into one event. */
const lineLength = 200;

/** The same log, which also remembers its last lines: their words only, since the fields are for machines. */
export function withMemory(log: Log, clock: Pick<Clock, 'now'>): LogMemory {
  const kept: string[] = [];
  const write = (level: keyof Log) => (fields: object, line: string) => {
    kept.push(oneLine(`${new Date(clock.now()).toISOString()} ${level} ${line}`, lineLength));
    if (kept.length > keptLines) kept.shift();
    try {
      log[level](fields, line);
    } catch {
      // A log that takes no line ends nothing: the line is remembered here.
    }
  };
  return { info: write('info'), warn: write('warn'), last: (lines) => kept.slice(-lines) };
}

/** Lines as pino writes them, for a process that needs nothing else of it: two MiB less are held for them. */
export function lineLog(part: string, { write, now }: { write(line: string): void; now(): number }): Log {
  const at = (level: number) => (fields: object, msg: string) => write(`${JSON.stringify({ level, time: now(), part, ...fields, msg })}\n`);
  return { info: at(levels.info), warn: at(levels.warn) };
}

/**
 * A log file of at most `mostBytes` (1 MiB); a full one is renamed to `FILE.1`, and the one before it goes.
 * Guarantee: a line that cannot be written is lost and ends nothing.
 */
export function rotatingFile(file: string, mostBytes = 1_048_576): { write(line: string): void } {
  return {
    write(line) {
      try {
        const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
        if (size > 0 && size + Buffer.byteLength(line) > mostBytes) renameSync(file, `${file}.1`);
        appendFileSync(file, line);
      } catch {
        // The next line tries again.
      }
    },
  };
}

/** Told what failed, and how. */
export type OnSlip = (what: string, error: unknown) => void;

/** By which clock, and who is told. */
export type SlipsOptions = {
  clock: Pick<Clock, 'up'>;
  log: Pick<Log, 'warn'>;
  /** Writes it down for the centre, with how many there were since the start. */
  record(body: { what: string; error: string; count: number }): void;
};

/** What fails again and again is not to fill the spool: each event carries the count. */
const toldEveryMs = 60_000;
const errorLength = 200;

/** Guarantee: it never throws, and counts each. */
export function countSlips({ clock, log, record }: SlipsOptions): OnSlip {
  let count = 0;
  let toldUp = Number.NEGATIVE_INFINITY;
  return (what, thrown) => {
    count += 1;
    if (clock.up() - toldUp < toldEveryMs) return;
    toldUp = clock.up();
    const error = oneLine(messageOf(thrown), errorLength);
    log.warn({ count }, `${what} failed: ${error}`);
    record({ what, error, count });
  };
}
