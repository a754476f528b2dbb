import { expect, test } from 'vitest';
import { inventoryPrefix } from '../../engine/records/meta-keys.ts';
import type { Op } from '../../engine/records/ops.ts';
import { asLedgerError } from './errors.ts';
import { isPoison, pcOf, sift } from './poison.ts';

const pc = 'ladakh/leh/hall';
const oddly = (op: object) => op as Op;
const event = (body: unknown) => oddly({ op: 'event', pc, event: { spool: 's1', seq: 1, body }, at: 1 });

test('R28 what SQLite says of a value is poison; what it says of the file, or of a ledger that is full, is not', () => {
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
])('R28 %j is said by %s, or is the centre’s own', (op, whose) => {
  expect(pcOf(oddly(op))).toBe(whose);
});

test('R28 what cannot be copied is taken out by the name of its PC; what is the centre’s own stays', () => {
  const uncopied = () => 'a function';
  const own = oddly({ op: 'incident', incident: { scope: pc, faults: uncopied } });
  const { ops, poison } = sift([event('well'), event(uncopied), own]);
  expect(ops).toEqual([event('well'), own]);
  expect(poison).toEqual([{ op: 'event', pc, why: expect.stringContaining('could not be cloned') }]);
});
