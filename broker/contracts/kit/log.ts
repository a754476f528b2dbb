/** What a part needs of a log; a pino logger has it. */
export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;
