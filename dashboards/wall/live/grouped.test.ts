import { expect, test } from 'vitest';
import { microphoneGone } from '../../../test/real/wall-nation.ts';
import { groupIncidents, isOwn, matchesSearch } from './grouped.js';

const now = 1_000_000;
const many = (n: number, state: string, first: number) =>
  Array.from({ length: n }, (_, at) => microphoneGone(now, { id: first + at, scope: `${state}/site-${at}/vc-1` }));
const ids = (...args: Parameters<typeof groupIncidents>) =>
  groupIncidents(...args).map((one) => ('rows' in one ? `${one.id} × ${one.rows.length}` : one.id));

test('more than ten incidents of one fault in one state become one line, at the place of the first', () => {
  const all = [...many(1, 'goa', 1), ...many(11, 'assam', 100), ...many(10, 'bihar', 200)];
  expect(ids(all)).toEqual([1, 'assam/microphone.missing × 11', ...many(10, 'bihar', 200).map(({ id }) => id)]);
});

test('a group in use stays grouped when it shrinks, and an incident of several states is never grouped', () => {
  const few = many(3, 'assam', 100);
  expect(ids(few, { kept: ['assam/microphone.missing'] })).toEqual(['assam/microphone.missing × 3']);
  const wide = many(12, 'x', 1).map((one) => ({ ...one, spread: { members: [], away: [], of: 3, path: '' } }));
  expect(ids(wide)).toHaveLength(12);
});

test('a search matches texts that contain all its words, in any case and order', () => {
  const texts = ['Leh', 'Conference room', 'Microphone not found'];
  expect(['', 'leh micro', 'MICRO Leh', 'leh camera'].map((search) => matchesSearch(search, texts))).toEqual([true, true, true, false]);
});

test('the own incidents include those under the roster name, not only those under the account name', () => {
  const taken = (by: string) => ({ acknowledged: { by, at: 1 } });
  const asked = { acknowledged: null, assigned: { to: 'Asha Devi', by: 'Meera', at: 1 } };
  const all = [taken('Asha Devi'), taken('asha'), taken('Meera'), asked, { acknowledged: null }];
  expect(all.map((one) => isOwn(['asha', 'Asha Devi'], one))).toEqual([true, true, false, true, false]);
});
