/** How the ledger fails. */

/** Why the ledger took nothing. */
export type LedgerFault = 'full' | 'busy' | 'io' | 'other';

/** The one error of the ledger; its message is one line for a person. */
export class LedgerError extends Error {
  readonly code: LedgerFault;
  constructor(code: LedgerFault, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** Names the fault behind whatever was thrown; a `LedgerError` stays as it is. */
export function asLedgerError(thrown: unknown): LedgerError {
  if (thrown instanceof LedgerError) return thrown;
  if (!(thrown instanceof Error)) return new LedgerError('other', String(thrown));
  return new LedgerError(faultOf(thrown), `ledger: ${thrown.message}`, thrown);
}

/** SQLite's primary result codes stand in the low byte. */
const faults: Record<number, LedgerFault> = { 5: 'busy', 6: 'busy', 10: 'io', 13: 'full' };

function faultOf(error: Error): LedgerFault {
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : -1;
  return faults[code] ?? 'other';
}
