import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openInThread } from '../../storage/ledger/ledger.ts';
import { member } from '../roster/roster.test-helper.ts';
import { createPeopleOrders } from './forget.ts';

const asha = member('asha', { name: 'Asha Kumari', email: 'asha@office.test', addresses: { phone: '+919876543210' } });

async function setUp({ isFixed = false, ops = [] as Op[] } = {}) {
  const ledger = openInThread(new DatabaseSync(':memory:'));
  await ledger.commit([{ op: 'audit', at: 1, who: 'ravi', what: 'leave set', about: 'asha: call +91 98765 43210' }, ...ops]);
  const did: string[] = [];
  const people = createPeopleOrders({
    ledger,
    roster: {
      known: (name) => (['asha', 'asha kumari'].includes(name.toLowerCase()) ? { member: asha, isFixed } : undefined),
      async forget(id, by) {
        did.push(`${by} removes ${id}`);
        return { ok: true };
      },
    },
    apart(work) {
      did.push('apart');
      return work();
    },
    record: async (rows) => (await ledger.commit([...rows])) !== undefined,
    now: () => 5,
    backupsUntil: () => 99,
    randomId: () => '1a2b3c',
  });
  const about = async () => (await ledger.acts({ of: 'people', most: 9 })).map((one) => `${one.who}: ${one.what}, ${one.about}`);
  return { people, did, about };
}

const asked = { name: 'Asha Kumari', also: [], by: 'meera' };

test('forget only counts rows without `apply`; with `apply` it erases id, name, phone and addresses, and its audit row names nobody', async () => {
  const { people, did, about } = await setUp();
  expect(await people.forget({ ...asked, apply: false })).toEqual({
    ok: true,
    value: { audit: 1, elsewhere: 0, applied: false, backupsUntil: null },
  });
  expect(did).toEqual([]);
  const { words, rows } = await people.export(asked);
  expect([words, rows.length]).toEqual([['asha', 'Asha Kumari', 'asha@office.test', '+919876543210'], 1]);
  expect(await people.forget({ ...asked, apply: true })).toMatchObject({ value: { audit: 2, applied: true, backupsUntil: 99 } });
  expect(did).toEqual(['meera removes asha', 'apart']);
  expect(await about()).toEqual([
    'meera: person forgotten, rows 1-2 of the audit, 0 elsewhere',
    'meera: person exported, forgotten-1a2b3c',
    'ravi: leave set, forgotten-1a2b3c: call forgotten-1a2b3c',
  ]);
});

test('an export of a name without data, such as after `forget`, writes an audit row without the name', async () => {
  const { people, about } = await setUp();
  expect(await people.export({ name: 'Bina Rao', also: [], by: 'meera' })).toMatchObject({ rows: [] });
  expect((await about())[0]).toBe('meera: person exported, a name without data');
});

test('forget finds a person who left the roster by the typed name and by further typed texts', async () => {
  const { people, about } = await setUp();
  expect(await people.forget({ name: 'asha-k', also: ['98765-43210'], by: 'meera', apply: true })).toMatchObject({ value: { audit: 1 } });
  expect((await about())[1]).toBe('ravi: leave set, asha: call forgotten-1a2b3c');
});

test('forget erases a name of only two letters from every row', async () => {
  const { people, about } = await setUp({ ops: [{ op: 'audit', at: 1, who: 'ओम', what: 'note', about: 'incident 3' }] });
  expect(await people.forget({ name: 'ओम', also: [], by: 'meera', apply: true })).toMatchObject({ value: { audit: 1 } });
  expect((await about())[1]).toBe('forgotten-1a2b3c: note, incident 3');
});

test('forget erases a person whom an expired note about a restored ledger names', async () => {
  const { people } = await setUp({ ops: [{ op: 'meta', key: 'ledger.older', value: '{"until":5,"line":"Asha Kumari: note"}' }] });
  expect(await people.forget({ ...asked, apply: true })).toMatchObject({ value: { audit: 1, elsewhere: 1 } });
});

test.each([
  ['is in sabha.json', { isFixed: true }, /^asha is in sabha\.json: /],
  [
    'has an account',
    { ops: [{ op: 'account', account: { name: 'asha@office.test' } } as Op] },
    /sabha accounts remove asha@office\.test first$/,
  ],
  [
    'is the contact of a site',
    { ops: [{ op: 'node', node: { path: 'ladakh/leh', contact: { name: 'Asha Kumari' } } } as unknown as Op] },
    /names this person at ladakh\/leh/,
  ],
  [
    'is named in the line about a restored ledger',
    { ops: [{ op: 'meta', key: 'ledger.older', value: '{"until":6,"line":"Asha Kumari: note"}' } as Op] },
    /^the ledger was restored less than a day ago/,
  ],
])('forget refuses in one line to erase a person who %s, and changes nothing', async (_how, at, line) => {
  const { people, did } = await setUp(at);
  expect(await people.forget({ ...asked, apply: true })).toEqual({ ok: false, missing: false, line: expect.stringMatching(line) });
  expect(did).toEqual([]);
});
