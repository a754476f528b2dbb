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
