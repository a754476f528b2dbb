/** Enrolment codes that may still be used. Of their secret the ledger holds a hash: 100 random bits need no slower one. */
import { hash } from 'node:crypto';
import { enrolSecretOf, writeEnrolCode } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import { codePrefix } from '../engine/records/ops.ts';

/** What a PC got by a code: the hash of its key, and the serial number of its certificate. */
export type Given = { key: string; serial: string };
/**
 * `uses` = how many PCs may still come; `lifeMs` = for how long it was made; `by` = who made it;
 * `given` = by the name of the PC, so that a lost answer is given again.
 */
export type Code = { site: string; uses: number; ends: number; lifeMs: number; by: string; given?: Readonly<Record<string, Given>> };
/** A code that holds, and the hash under which it is kept. */
export type FoundCode = { hash: string; code: Code };
/** Enrolment codes, by the hash of their secret. */
export type Codes = ReturnType<typeof createCodes>;

const secretBytes = 13;
const aheadMostMs = 24 * 3_600_000;

/** `held` is what the ledger has, `rootDer` what a PC knows the centre by. */
export function createCodes(held: Readonly<Record<string, string>>, rootDer: Buffer, random: (size: number) => Buffer) {
  const codes = new Map(Object.entries(held).map(([hash, row]) => [hash, JSON.parse(row) as Code]));

  return {
    /** A new code, to be shown once, and its rows. What was over at `settledAt` goes with them. */
    make(code: Code, settledAt: number): { text: string; ops: Op[] } {
      const text = writeEnrolCode(random(secretBytes), rootDer);
      const over = [...codes].filter(([, { ends }]) => ends <= settledAt).map(([hash]) => rowOf(hash, null));
      return { text, ops: [...over, rowOf(hashOf(text) ?? '', code)] };
    },

    /** The code that somebody shows, also one that is used up. One that is over is told from a wrong one by nobody but us. */
    find(text: string, now: number): FoundCode | undefined {
      const hash = hashOf(text) ?? '';
      const code = codes.get(hash);
      return code !== undefined && isValid(code, now) ? { hash, code } : undefined;
    },

    /** Those that still let a PC in, the first to end first. */
    open: (now: number): FoundCode[] =>
      [...codes]
        .filter(([, code]) => isValid(code, now) && code.uses > 0)
        .map(([hash, code]) => ({ hash, code }))
        .sort((a, b) => a.code.ends - b.code.ends),

    /** The row by which a PC is given a certificate. Once more for the same key is no further use. */
    used({ hash, code }: FoundCode, name: string, given: Given): Op {
      const uses = code.given?.[name]?.key === given.key ? code.uses : code.uses - 1;
      return rowOf(hash, { ...code, uses, given: { ...code.given, [name]: given } });
    },

    /** The row that takes a code away. */
    gone: ({ hash }: FoundCode): Op => rowOf(hash, null),

    /** Takes rows into use that are committed. */
    committed(ops: readonly Op[]): void {
      for (const op of ops) {
        if (op.op !== 'meta' || !op.key.startsWith(codePrefix)) continue;
        const hash = op.key.slice(codePrefix.length);
        if (op.value === null) codes.delete(hash);
        else codes.set(hash, JSON.parse(op.value));
      }
    },
  };
}

/** False for a code that a clock more than a day ahead made: it would open for as long as that clock was ahead. */
function isValid({ ends, lifeMs }: Code, now: number): boolean {
  return ends > now && ends - now <= lifeMs + aheadMostMs;
}

function rowOf(hash: string, code: Code | null): Op {
  return { op: 'meta', key: `${codePrefix}${hash}`, value: code && JSON.stringify(code) };
}

function hashOf(text: string): string | undefined {
  const secret = enrolSecretOf(text);
  return secret && hash('sha256', secret);
}
