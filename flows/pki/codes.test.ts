import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCodes } from './codes.ts';

const root = Buffer.from('a root');
const code = { site: 'ladakh/leh', uses: 2, ends: 100, lifeMs: 100, by: 'Asha' };

test('a start finds the codes that the ledger holds; each is over at its time', () => {
  const made = createCodes({}, root, randomBytes).make(code, 0);
  const held = Object.fromEntries(made.ops.map((op) => (op.op === 'meta' ? [op.key.replace('enrol/', ''), op.value ?? ''] : [])));
  const codes = createCodes(held, root, randomBytes);
  expect(codes.find(made.text, 99)?.code).toEqual(code);
  expect(codes.find(made.text, 100)).toBeUndefined();
  for (const wrong of ['', 'x', '0'.repeat(20), made.text.slice(1)]) expect(codes.find(wrong, 0)).toBeUndefined();
});

test('a new code takes those that are over away', () => {
  const codes = createCodes({}, root, randomBytes);
  const old = codes.make(code, 0);
  codes.committed(old.ops);
  const { ops } = codes.make({ ...code, ends: 300 }, 200);
  expect(ops).toContainEqual({ op: 'meta', key: old.ops[0]?.op === 'meta' ? old.ops[0].key : '', value: null });
  expect(ops).toHaveLength(2);
});
