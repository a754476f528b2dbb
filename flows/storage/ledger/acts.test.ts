import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { ActsQuery, Op } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const act = (at: number, who: string): Op => ({ op: 'audit', at, who, what: 'acknowledge', about: `incident ${at}` });
const step = (at: number): Op => ({ op: 'step', at, who: 'la/leh/pc-1', what: 'outage', about: 'pc-off' });

test.each<[string, Omit<ActsQuery, 'most'> & { most?: number }, number[]]>([
  ['what people did, the newest first', { of: 'people' }, [4, 3, 1]],
  ['what machines did', { of: 'machines' }, [2]],
  ['of one person, however their name is written', { of: 'people', who: 'ASHA' }, [4, 1]],
  ['since a time', { of: 'people', since: 3 }, [4, 3]],
  ['the page before a row', { of: 'people', before: 3 }, [3, 1]],
  ['no more than was asked for', { of: 'people', most: 1 }, [4]],
])('acts returns %s', (_, query, times) => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  store.commit([[act(1, 'asha'), step(2)], [act(3, 'ravi')], [act(4, 'asha')]]);
  expect(store.acts({ most: 10, ...query }).map(({ at }) => at)).toEqual(times);
});

test('an empty ledger returns no acts, no announcement and 0 as its newest time', () => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  expect([store.acts({ of: 'people', most: 10 }), store.progress().newestAt, store.announcement(7)]).toEqual([[], 0, undefined]);
});

test('the ledger returns the push devices of a person as they were written, and deletes them with the person', () => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  const device = (person: string): Op => ({ op: 'meta', key: `device/${person}`, value: `[${person}]` });
  store.commit([[device('asha'), device('bina')]]);
  store.commit([[{ op: 'member-gone', id: 'bina' }]]);
  expect(store.roster().devices).toEqual({ asha: '[asha]' });
});
