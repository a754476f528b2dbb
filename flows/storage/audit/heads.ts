/** The head of the chain, signed by the centre each day: a row of the audit that names an earlier one and its hash. */
import { type KeyObject, sign, verify } from 'node:crypto';
import type { AuditLine, Head } from './chain.ts';

/** What such a row is called. */
export const headSigned = 'head signed';

/** What is signed; `ledger` and time, so that it fits no other place. */
export type HeadAt = Head & { ledger: string; at: number };

const pattern = /^row (\d+) sha256:([0-9a-f]{64}) ed25519:([\w-]{86})$/;

/** The row of a head. */
export function headLine(head: HeadAt, key: KeyObject): AuditLine {
  const signature = sign(null, textOf(head), key).toString('base64url');
  return { at: head.at, who: 'centre', what: headSigned, about: `row ${head.row} sha256:${head.hash} ed25519:${signature}` };
}

/** What such a row says; undefined where it says nothing of the kind. */
export function readHead(about: string): (Head & { signature: string }) | undefined {
  const [, row, hash = '', signature = ''] = pattern.exec(about) ?? [];
  return row === undefined ? undefined : { row: Number(row), hash, signature };
}

/** Whether the centre of this public key signed it. */
export function isSignedBy(key: KeyObject, { signature, ...head }: HeadAt & { signature: string }): boolean {
  return verify(null, textOf(head), key, Buffer.from(signature, 'base64url'));
}

function textOf({ ledger, row, hash, at }: HeadAt): Buffer {
  return Buffer.from(JSON.stringify(['sabha audit head', ledger, row, hash, at]));
}

/** The beginning of a hash, as people compare it. */
export function shortHash(hash: string): string {
  return (hash.slice(0, 16).match(/.{4}/g) ?? []).join(' ');
}
