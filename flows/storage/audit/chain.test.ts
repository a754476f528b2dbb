import { generateKeyPairSync } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openStore } from '../ledger/store.ts';
import { headLine, headOf, ledgerOf, proveChain } from './chain.ts';

const [centre, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const at = Date.UTC(2027, 0, 5, 9, 30);
const act = (n: number): Op => ({ op: 'audit', at: at + n, who: 'asha', what: 'note', about: `incident ${n}` });

function acts(count: number) {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  store.commit([Array.from({ length: count }, (_, n) => act(n + 1))]);
  return { db, store, wrong: () => proveChain(db, centre.publicKey).wrong };
}

/** Returns the audit row with the head of the chain, signed by the server. */
function signed(db: DatabaseSync, { privateKey } = centre): Op {
  return { op: 'audit', ...headLine({ ...headOf(db), ledger: ledgerOf(db), at: at + 500 }, privateKey) };
}

test('an unchanged audit log is verified, over several commits and after a rollback', () => {
  const { db, store } = acts(3);
  expect(() => store.commit([[act(4), { op: 'birth' } as unknown as Op]])).toThrow();
  store.commit([[act(4)], [act(5)]]);
  expect(proveChain(db)).toEqual({ rows: 5, head: headOf(db), forgotten: 0, signed: null, wrong: [] });
});

test.each<[string, string, RegExp[]]>([
  ['deleted', 'DELETE FROM audit WHERE id = 4', [/^row 4 is missing$/]],
  ['deleted, several', 'DELETE FROM audit WHERE id IN (1, 2)', [/^rows 1 to 2 are missing$/]],
  ['changed: who did it', "UPDATE audit SET who = 'ravi' WHERE id = 4", [/^row 4 \(2027-01-05 09:30 UTC\) does not follow from row 3: /]],
  ['changed: about what', "UPDATE audit SET about = 'incident 99' WHERE id = 1", [/^row 1 .* is not the first one of this ledger: /]],
  ['changed: what', "UPDATE audit SET what = 'acknowledge' WHERE id = 6", [/^row 6 /]],
  ['changed: when', 'UPDATE audit SET at = at + 1 WHERE id = 6', [/^row 6 /]],
  ['made anew with its salt', 'UPDATE audit SET who_salt = zeroblob(16) WHERE id = 2', [/^row 2 /]],
  [
    'reordered',
    'UPDATE audit SET id = 40 WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = 40',
    [/^row 4 /, /^row 5 /, /^row 6 /],
  ],
  [
    'put in',
    "INSERT INTO audit SELECT 7, at, 'ravi', what, about, who_salt, about_salt, who_mark, about_mark, hash FROM audit WHERE id = 6",
    [/^row 7 /],
  ],
  [
    'emptied as if somebody were forgotten',
    "UPDATE audit SET who = '-', who_mark = zeroblob(32) WHERE id = 3",
    [/^row 3 /, /^row 3 was emptied/],
  ],
])('S19 the verification of the audit log names a wrong row: %s', (_how, sql, lines) => {
  const { db, wrong } = acts(6);
  db.exec(sql);
  expect(wrong()).toEqual(lines.map((line) => expect.stringMatching(line)));
});

test('S19 verification lists at most twenty wrong rows and counts the others', () => {
  const { db, wrong } = acts(120);
  db.exec("UPDATE audit SET about = 'x' WHERE id > 20");
  expect([wrong().length, wrong().at(-1)]).toEqual([21, 'and 80 more']);
});

test('S19 a rebuilt or shortened chain is detected, because it lacks the head that the server signed', () => {
  const { db, store, wrong } = acts(4);
  store.commit([[signed(db), act(6)]]);
  expect(proveChain(db, centre.publicKey)).toMatchObject({
    rows: 6,
    signed: { row: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/), at: at + 500 },
    wrong: [],
  });
  const forged = acts(3);
  const head = db.prepare('SELECT at, who, what, about FROM audit WHERE id = 5').get() as Extract<Op, { op: 'audit' }>;
  forged.store.commit([[{ ...act(9), about: 'never happened' } as Op, { ...head, op: 'audit' }]]);
  expect(forged.wrong()).toEqual([expect.stringMatching(/^row 5 has no signature/)]);
  forged.db.prepare('UPDATE progress SET ledger = ?').run(ledgerOf(db));
  expect(forged.wrong()).toContain('row 4 is not the one that row 5 signs for (2027-01-05 09:30 UTC)');
  store.commit([[signed(db, other)]]);
  expect(wrong()).toEqual(['row 7 has no signature of this server']);
});

test('audit rows of machines are stored outside of the chain and deleted after 400 days, a few per new row', () => {
  const { db, store } = acts(1);
  const step = (days: number): Op => ({ op: 'step', at: days * 86_400_000, who: 'la/leh/pc-1', what: 'outage', about: `${days}` });
  store.commit([Array.from({ length: 10 }, (_, n) => step(n))]);
  store.commit([[step(400)]]);
  const kept = () => db.prepare('SELECT about FROM steps ORDER BY id').all().length;
  expect(kept()).toBe(11);
  store.commit([[step(409)]]);
  expect([kept(), proveChain(db).rows]).toEqual([8, 1]);
});
