/** The answer to a request that cannot be served: its status and its one line. */
export class Refused extends Error {
  readonly statusCode: number;
  constructor(statusCode: number, line: string) {
    super(line);
    this.statusCode = statusCode;
  }
}
