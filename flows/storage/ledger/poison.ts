/** Poison (R28): what one PC said and the ledger cannot take, told apart from a disk that takes nothing. */
import { messageOf } from '@sabha/contracts';
import { inventoryPrefix, type Op, type Poison } from '../../engine/records/ops.ts';

/** SQLite's codes for a value that does not fit: too big, constraint, mismatch. All others speak of the file. */
const ofTheValue = [18, 19, 20];

/** True where what was written is at fault and not the disk: a bug of ours, which one PC must not be able to turn against all. */
export function isPoison({ code, cause }: LedgerError): boolean {
  if (code !== 'other' || !(cause instanceof Error)) return false;
  return !('errcode' in cause) || ofTheValue.includes(Number(cause.errcode) & 0xff);
}

/** Whose word an operation is; undefined for the centre's own, which is never set aside. */
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

/** Takes out of a batch what cannot be copied into the ledger's thread. An operation of the centre's own stays, and fails its batch. */
export function sift(ops: readonly Op[]): { ops: Op[]; poison: Poison[] } {
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
  const code = 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : -1;
  return new LedgerError(faults[code] ?? 'other', `ledger: ${thrown.message}`, thrown);
}

/** SQLite's primary result codes stand in the low byte. */
const faults: Record<number, LedgerFault> = { 5: 'busy', 6: 'busy', 10: 'io', 13: 'full' };
