import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { inventoryPrefix } from '../../engine/records/ops.ts';
import { asLedgerError, isPoison, pcOf } from './poison.ts';

const pc = 'ladakh/leh/hall';
const oddly = (op: object) => op as Op;

test('R28 SQLite errors about a value quarantine the message; errors about the file or a full disk do not', () => {
  const thrown = (errcode: number) => asLedgerError(Object.assign(new Error('said so'), { errcode }));
  expect([18, 19, 20, 19 | (8 << 8)].map((code) => isPoison(thrown(code)))).toEqual([true, true, true, true]);
  expect([5, 10, 11, 13, 26].map((code) => isPoison(thrown(code)))).toEqual([false, false, false, false, false]);
  expect([asLedgerError(new TypeError('a bug')), asLedgerError('a word')].map(isPoison)).toEqual([true, false]);
});

test.each([
  [{ op: 'birth', pc }, pc],
  [{ op: 'event', pc }, pc],
  [{ op: 'change', pc }, pc],
  [{ op: 'command-answer', pc }, pc],
  [{ op: 'pc', record: { pc } }, pc],
  [{ op: 'meta', key: `${inventoryPrefix}${pc}` }, pc],
  [{ op: 'meta', key: 'starts' }, undefined],
  [{ op: 'incident', incident: { scope: pc } }, undefined],
])('R28 pcOf returns for the operation %j the PC that caused it: %s', (op, whose) => {
  expect(pcOf(oddly(op))).toBe(whose);
});
