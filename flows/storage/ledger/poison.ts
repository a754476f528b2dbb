/** Poison (R28): what one PC said and the ledger cannot take, told apart from a disk that takes nothing. */
import { messageOf } from '@sabha/contracts';
import type { Op, Poison } from '../../engine/records/ops.ts';
import { inventoryPrefix } from '../../engine/records/ops.ts';
import type { LedgerError } from './errors.ts';

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
