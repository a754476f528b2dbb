/** Enrolment codes that may still be used. Of their secret the ledger holds a hash: 100 random bits need no slower one. */
import { createHash } from 'node:crypto';
import { enrolSecretOf, writeEnrolCode } from '#contracts';
import type { Op } from '../ledger/model.ts';
import { codePrefix } from '../ledger/reads.ts';

/** `uses` = how many certificates it is still good for; `by` = who made it. */
export type Code = { site: string; uses: number; ends: number; by: string };
export type FoundCode = { hash: string; code: Code };
export type Codes = ReturnType<typeof createCodes>;

const secretBytes = 13;

/** `held` is what the ledger has, `rootDer` what a PC knows the centre by. */
export function createCodes(held: Readonly<Record<string, string>>, rootDer: Buffer, random: (size: number) => Buffer) {
  const codes = new Map(Object.entries(held).map(([hash, row]) => [hash, JSON.parse(row) as Code]));

  return {
    /** A new code, to be shown once, and its rows. What is over goes with them. */
    make(code: Code, now: number): { text: string; ops: Op[] } {
      const text = writeEnrolCode(random(secretBytes), rootDer);
      const over = [...codes].filter(([, { ends }]) => ends <= now).map(([hash]) => rowOf(hash, null));
      return { text, ops: [...over, rowOf(hashOf(text) ?? '', code)] };
    },

    /** The code that somebody shows. One that is used up or over is told from a wrong one by nobody but us. */
    find(text: string, now: number): FoundCode | undefined {
      const hash = hashOf(text) ?? '';
      const code = codes.get(hash);
      return code !== undefined && code.ends > now ? { hash, code } : undefined;
    },

    /** The row by which a code is used once more; the last use takes it away. */
    used: ({ hash, code }: FoundCode): Op => rowOf(hash, code.uses > 1 ? { ...code, uses: code.uses - 1 } : null),

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

function rowOf(hash: string, code: Code | null): Op {
  return { op: 'meta', key: `${codePrefix}${hash}`, value: code && JSON.stringify(code) };
}

function hashOf(text: string): string | undefined {
  const secret = enrolSecretOf(text);
  return secret && createHash('sha256').update(secret).digest('hex');
}
