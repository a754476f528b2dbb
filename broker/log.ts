/** What the broker needs of a log; a pino logger has it. */
export type Log = {
  info(fields: object, line: string): void;
  warn(fields: object, line: string): void;
  error(fields: object, line: string): void;
};
