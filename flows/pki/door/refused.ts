import type { RefusalCode } from '@sabha/contracts';

/** Why, for a page that says it in the language of its reader; `about` fills the blanks of that. */
export type RefusedWhy = { code: RefusalCode; about?: Record<string, string | number> };

/** The answer to a request that cannot be served: its status, its one line, and why. */
export class Refused extends Error {
  readonly statusCode: number;
  readonly why: RefusedWhy | undefined;
  constructor(statusCode: number, line: string, why?: RefusedWhy) {
    super(line);
    this.statusCode = statusCode;
    this.why = why;
  }
}
