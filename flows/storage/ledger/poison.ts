/** Separates poison, an operation of one PC that the ledger cannot store (R28, poison messages), from a failure of the disk. */
import { messageOf } from '@sabha/contracts';
import { inventoryPrefix, type Op, type Poison } from '../../engine/records/ops.ts';

/** SQLite result codes for a value that does not fit: too big, constraint, mismatch. All others concern the file. */
const valueErrorCodes = [18, 19, 20];

/**
 * True if the written value caused the error, not the disk. Such an error is a bug of Sabha, and one PC must not use it to stop all other
 * PCs.
 */
export function isPoison({ code, cause }: LedgerError): boolean {
  if (code !== 'other' || !(cause instanceof Error)) return false;
  return !('errcode' in cause) || valueErrorCodes.includes(Number(cause.errcode) & 0xff);
}

/** Returns the PC that caused an operation; undefined for an operation of the server, which is never skipped. */
export function pcOf(op: Op): string | undefined {
  switch (op.op) {
    case 'birth':
    case 'event':
    case 'change':
    case 'command-answer':
      return op.pc;
    case 'pc':
      return op.record.pc;
    case 'meta':
      return op.key.startsWith(inventoryPrefix) ? op.key.slice(inventoryPrefix.length) : undefined;
    default:
      return undefined;
  }
}

/** Removes operations that cannot be cloned into the thread. An operation of the server stays and fails its batch. */
export function removePoison(ops: readonly Op[]): { ops: Op[]; poison: Poison[] } {
  const poison: Poison[] = [];
  const whole = ops.filter((op) => {
    const pc = pcOf(op);
    if (pc === undefined) return true;
    try {
      structuredClone(op);
      return true;
    } catch (error) {
      poison.push({ op: op.op, pc, why: messageOf(error) });
      return false;
    }
  });
  return { ops: whole, poison };
}

export type LedgerFault = 'full' | 'busy' | 'io' | 'other';

/** The error that every function of the ledger throws. Its message is one line for a person. */
export class LedgerError extends Error {
  readonly code: LedgerFault;
  constructor(code: LedgerFault, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** Converts a thrown value to a `LedgerError`; a `LedgerError` is returned unchanged. */
export function asLedgerError(thrown: unknown): LedgerError {
  if (thrown instanceof LedgerError) return thrown;
  if (!(thrown instanceof Error)) return new LedgerError('other', String(thrown));
  const code = 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : -1;
  return new LedgerError(faults[code] ?? 'other', `ledger: ${thrown.message}`, thrown);
}

/** Faults by the primary result code of SQLite, which is the low byte of a result code. */
const faults: Record<number, LedgerFault> = { 5: 'busy', 6: 'busy', 10: 'io', 13: 'full' };
