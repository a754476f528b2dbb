/** What the agent says to a person who reads its log; a pino logger is one. */
export type Log = Record<'info' | 'warn', (fields: object, line: string) => void>;
