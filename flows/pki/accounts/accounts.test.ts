import { DatabaseSync } from 'node:sqlite';
import { hashToken } from '@sabha/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PasswordHash } from '../../engine/records/sites.ts';
import { openInThread } from '../../storage/ledger/ledger.ts';
import { type Accounts, createAccounts, hashOf, type Program } from './accounts.ts';
import { createPasswords } from './password.ts';

const hourMs = 3_600_000;
const own = 'correct horse battery';
let db: DatabaseSync;
let now: number;
let accounts: Accounts;
let made = 0;
/** Names of accounts whose secret became invalid. */
let gone: string[];
/** The hash costs of the passwords that were compared. */
let work: object[];

/** Opens the accounts from the ledger, as a start of `flows` does. */
async function open(programs: readonly Program[] = []): Promise<void> {
  const ledger = openInThread(db);
  const newToken = () => `${++made}`.padEnd(43, 'x');
  const contents = await ledger.accounts();
  const cheap = createPasswords(2);
  const matches = (password: string, hash: PasswordHash) => {
    const { salt: _, key: __, ...cost } = hash;
    work.push(cost);
    return cheap.matches(password, hash);
  };
  const passwords = { ...cheap, matches };
  accounts = createAccounts({
    contents,
    programs,
    passwords,
    commit: ledger.commit,
    now: () => now,
    up: () => now,
    newToken,
    log: { warn: () => {} },
    secretGone: (name) => void gone.push(name),
  });
}

beforeEach(async () => {
  work = [];
  gone = [];
  db = new DatabaseSync(':memory:');
  now = 1_000_000;
  await open();
});

const from = (name: string, address = '10.0.0.1') => ({ name, address });
const audit = () =>
  db
    .prepare('SELECT who, what, about FROM audit ORDER BY id')
    .all()
    .map((row) => Object.values(row).join(' | '));

async function make(name = 'asha', role: 'reader' | 'state' | 'central' = 'state', scope = 'ladakh'): Promise<string> {
  const result = await accounts.add({ name, role, scope }, 'anil');
  if (!result.ok) throw new Error(result.line);
  return result.secret;
}

async function settled(): Promise<void> {
  await accounts.setOwnPassword(from('asha'), await make(), own);
}

async function enter(name: string, password: string): Promise<string> {
  const result = await accounts.login(from(name), password);
  if (!result.ok) throw new Error(result.line);
  return hashOf(result.token);
}

test('a new account signs in once with its secret and then with a chosen password, also after a restart', async () => {
  const secret = await make();
  const first = await accounts.login(from('asha'), secret);
  expect(first).toMatchObject({ ok: true, account: { name: 'asha', role: 'state', scope: 'ladakh', once: true } });
  const chosen = await accounts.setOwnPassword(from('asha'), secret, own);
  expect(chosen).toMatchObject({ ok: true, account: { once: false } });
  await open();
  expect(await accounts.login(from('asha'), secret)).toMatchObject({ ok: false, status: 401 });
  expect(accounts.find(await enter('asha', own))).toMatchObject({ name: 'asha', once: false });
  expect(audit()).toEqual([
    'anil | account made | asha: state of ladakh',
    'asha | logged in | 10.0.0.1',
    'asha | password chosen | asha',
    'asha | wrong password | 10.0.0.1',
    'asha | logged in | 10.0.0.1',
  ]);
});

test('the ledger holds no secret, password or token in plain text', async () => {
  const secret = await make();
  const chosen = await accounts.setOwnPassword(from('asha'), secret, own);
  if (!chosen.ok) throw new Error(chosen.line);
  const tables = ['accounts', 'logins', 'audit'].map((name) => JSON.stringify(db.prepare(`SELECT * FROM ${name}`).all()));
  expect(tables[0]).toContain('"asha"');
  expect(tables[1]).toContain(hashOf(chosen.token));
  for (const word of [secret, own, chosen.token]) expect(tables.filter((text) => text.includes(word))).toEqual([]);
});

test('an unknown name gets the same response as a wrong password, after the same computing work', async () => {
  await make();
  const known = await accounts.login(from('asha'), 'wrong');
  expect(await accounts.login(from('nobody'), 'wrong')).toEqual(known);
  expect(known).toEqual({ ok: false, status: 401, line: 'name or password is wrong', waitMs: 0 });
  expect(work).toEqual(Array(2).fill({ n: 2, r: 8, p: 3 }));
});

test('a session ends after 8 hours without use and after 7 days of use, and survives a restart', async () => {
  await settled();
  const idle = await enter('asha', own);
  now += 8 * hourMs - 1;
  await open();
  expect(accounts.find(idle)).toBeDefined();
  now += 8 * hourMs - 1;
  expect(accounts.find(idle)).toBeDefined();
  now += 8 * hourMs + 1;
  expect(accounts.find(idle)).toBeUndefined();
  const busy = await enter('asha', own);
  const startedAt = now;
  while (accounts.find(busy) !== undefined) now += hourMs;
  expect((now - startedAt) / hourMs).toBe(7 * 24 + 1);
  expect(accounts.find(busy)).toBeUndefined();
  await enter('asha', own);
  expect(db.prepare('SELECT count(*) AS n FROM logins').get()).toEqual({ n: 1 });
});

test('R29 a session that begins while the clock is a year ahead ends when the clock is corrected', async () => {
  await settled();
  now += 365 * 24 * hourMs;
  const ahead = await enter('asha', own);
  expect(accounts.find(ahead)).toBeDefined();
  now -= 365 * 24 * hourMs;
  await open();
  expect(accounts.find(ahead)).toBeUndefined();
});

test('sign-out ends one session, and a new password, a new secret or removal ends all sessions for good', async () => {
  await settled();
  const [one, two] = [await enter('asha', own), await enter('asha', own)];
  await accounts.logout(one, 'asha');
  expect([accounts.find(one), accounts.find(two)?.name]).toEqual([undefined, 'asha']);
  const chosen = await accounts.setOwnPassword(from('asha'), own, `${own} too`);
  if (!chosen.ok) throw new Error(chosen.line);
  expect([accounts.find(two), accounts.find(hashOf(chosen.token))?.name]).toEqual([undefined, 'asha']);
  const renewed = await accounts.renew('asha', 'anil');
  expect(accounts.find(hashOf(chosen.token))).toBeUndefined();
  const last = await enter('asha', renewed.ok ? renewed.secret : '');
  expect(await accounts.remove('asha', 'anil')).toMatchObject({ ok: true });
  expect(accounts.find(last)).toBeUndefined();
  await make();
  expect(accounts.find(last)).toBeUndefined();
  await open();
  expect(accounts.find(last)).toBeUndefined();
});

test('concurrent wrong passwords are limited to five, and then also the right password has to wait', async () => {
  await settled();
  const all = await Promise.all(Array.from({ length: 16 }, (_, nth) => accounts.login(from('asha'), `guess ${nth}`)));
  const count = (status: number) => all.filter((one) => !one.ok && one.status === status).length;
  expect([count(401), count(429)]).toEqual([5, 11]);
  expect(await accounts.login(from('asha'), own)).toMatchObject({ ok: false, status: 429, waitMs: 60_000 });
  expect(audit().filter((row) => row.includes('wrong password'))).toHaveLength(5);
  expect(await accounts.login(from('asha', '10.0.0.2'), own)).toMatchObject({ ok: true });
  now += 60_000;
  expect(await accounts.login(from('asha'), own)).toMatchObject({ ok: true });
});

test('an attempt that is refused with 503 while the server is busy does not count as a wrong password', async () => {
  await settled();
  const crowd = Array.from({ length: 16 }, (_, nth) => accounts.login(from(`name-${nth}`, `10.0.${nth}.1`), 'guess'));
  for (let nth = 0; nth < 30; nth += 1) expect(await accounts.login(from('asha', '10.9.0.1'), own)).toMatchObject({ status: 503 });
  await Promise.all(crowd);
  expect(await accounts.login(from('asha', '10.9.0.1'), own)).toMatchObject({ ok: true });
});

test('refused sign-ins through the identity provider do not delay passwords from the same address', async () => {
  await settled();
  const worthALine = Array.from({ length: 100 }, () => accounts.shouldLogRefusal('10.0.0.1'));
  expect(worthALine.filter(Boolean)).toHaveLength(5);
  expect(await accounts.login(from('asha'), own)).toMatchObject({ ok: true });
});

test('an invalid name is refused without a password check', async () => {
  for (const name of ['', 'Asha', '../asha', 'a'.repeat(65), 'a b'])
    expect(await accounts.login(from(name), own)).toMatchObject({ ok: false, status: 401 });
  expect(work).toEqual([]);
});

test('S17 a one-time secret signs in once within three days, and its refusal asks for a new one', async () => {
  const secret = await make();
  expect(accounts.find(await enter('asha', secret))).toMatchObject({ once: true });
  const used = { ok: false, status: 401, line: 'this secret has been used already: ask for another one', waitMs: 0 };
  expect(await accounts.login(from('asha'), secret)).toEqual(used);
  await open();
  expect(await accounts.login(from('asha'), secret)).toEqual(used);
  // A wrong secret does not reveal that the secret was used.
  expect(await accounts.login(from('asha'), 'wrong')).toMatchObject({ line: 'name or password is wrong' });
  const renewed = await accounts.renew('asha', 'anil');
  const second = renewed.ok ? renewed.secret : '';
  now += 72 * hourMs + 1;
  expect(await accounts.login(from('asha'), second)).toMatchObject({ line: 'this secret is older than three days: ask for another one' });
  expect(await accounts.setOwnPassword(from('asha'), second, own)).toMatchObject({ ok: false, status: 401 });
  const third = await accounts.renew('asha', 'anil');
  const both = [1, 2].map(() => accounts.login(from('asha'), third.ok ? third.secret : ''));
  expect((await Promise.all(both)).filter(({ ok }) => ok)).toHaveLength(1);
});

test('sign-in, sign-out and a new password fail as a whole if their audit row cannot be written', async () => {
  await settled();
  const session = await enter('asha', own);
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END");
  await expect(accounts.login(from('asha'), own)).rejects.toThrow('full');
  await expect(accounts.setOwnPassword(from('asha'), own, `${own} too`)).rejects.toThrow('full');
  await expect(accounts.enterAs({ name: 'meera', role: 'reader', scope: '', openid: 'm' }, '10.0.0.1')).rejects.toThrow('full');
  await expect(accounts.logout(session, 'asha')).rejects.toThrow('full');
  db.exec('DROP TRIGGER full');
  await open();
  expect(accounts.list().map(({ name }) => name)).toEqual(['asha']);
  expect(accounts.find(session)).toBeDefined();
  expect(db.prepare('SELECT count(*) AS n FROM logins').get()).toEqual({ n: 2 });
  expect(accounts.find(await enter('asha', own))).toBeDefined();
});

test('adding an existing name or changing an unknown name is refused with one line, and a removed account cannot choose a password', async () => {
  const secret = await make();
  expect(await accounts.add({ name: 'asha', role: 'reader', scope: '' }, 'anil')).toEqual({
    ok: false,
    status: 409,
    line: 'there is an account "asha" already',
  });
  expect(await accounts.renew('meera', 'anil')).toMatchObject({ ok: false, status: 404 });
  expect(await accounts.remove('meera', 'anil')).toEqual({ ok: false, status: 404, line: 'there is no account "meera"' });
  const removed = accounts.remove('asha', 'anil');
  const [chosen] = await Promise.all([accounts.setOwnPassword(from('asha'), secret, own), removed]);
  expect(chosen).toMatchObject({ ok: false, status: 401 });
  expect(accounts.list()).toEqual([]);
});

test('the 21st session of an account replaces its oldest', async () => {
  await settled();
  const sessions: string[] = [];
  for (let nth = 0; nth < 21; nth += 1) {
    now += 1;
    sessions.push(await enter('asha', own));
  }
  expect(sessions.map((one) => accounts.find(one) !== undefined)).toEqual([false, ...Array(20).fill(true)]);
});

test('the first account is created once, and only while the server has no account', async () => {
  const first = await accounts.createFirstAdmin('first start');
  expect(accounts.list()).toMatchObject([{ name: 'admin', role: 'central', scope: '', once: true }]);
  expect(accounts.find(await enter('admin', first?.ok ? first.secret : ''))).toMatchObject({ name: 'admin' });
  await open();
  expect(await accounts.createFirstAdmin('first start')).toBeUndefined();
});

test('the callback `secretGone` is called whenever the secret of an account becomes invalid', async () => {
  const secret = await make();
  await enter('asha', secret);
  // The secret stays valid as the old password until the person has chosen one.
  expect(gone).toEqual([]);
  await accounts.setOwnPassword(from('asha'), secret, own);
  await accounts.renew('asha', 'anil');
  await accounts.remove('asha', 'anil');
  const late = await make('late');
  now += 72 * hourMs + 1;
  expect(await accounts.login(from('late'), late)).toMatchObject({ ok: false });
  expect(gone).toEqual(['asha', 'asha', 'asha', 'late']);
});

test('R29 a secret made by a clock 30 days ahead is refused after the clock is corrected', async () => {
  now += 30 * 24 * hourMs;
  const secret = await make();
  now -= 30 * 24 * hourMs;
  expect(await accounts.login(from('asha'), secret)).toMatchObject({ ok: false, line: expect.stringContaining('ask for another one') });
});

test('an account signs in to the Node-RED editor with its chosen password, within its role, and no longer after removal', async () => {
  const secret = await make();
  expect([await accounts.verifyPassword(from('asha'), secret), accounts.may('asha', 'tabs')]).toEqual([false, false]);
  await accounts.remove('asha', 'Anil');
  const added = await accounts.add({ name: 'boss', role: 'central', scope: '' }, 'Anil');
  await accounts.setOwnPassword(from('boss'), added.ok ? added.secret : '', own);
  expect([await accounts.verifyPassword(from('boss'), own), accounts.may('boss', 'tabs')]).toEqual([true, true]);
  expect(audit().at(-1)).toBe('boss | logged in | 10.0.0.1');
  expect(await accounts.verifyPassword(from('boss'), 'wrong')).toBe(false);
  await accounts.remove('boss', 'Anil');
  expect([await accounts.verifyPassword(from('boss'), own), accounts.may('boss', 'tabs')]).toEqual([false, false]);
});

describe('tokens of programs', () => {
  const dayMs = 24 * hourMs;
  const grant = { name: 'grafana', role: 'reader', scope: 'goa', days: 3 } as const;

  const token = async () => (await accounts.addToken(grant, 'anil').then((made) => made.ok && made.secret)) || '';

  test('a token is valid for its days, also after a restart, and the ledger holds only its hash', async () => {
    const secret = await token();
    const rows = ['accounts', 'audit'].map((name) => JSON.stringify(db.prepare(`SELECT * FROM ${name}`).all())).join();
    expect([rows.includes(hashToken(secret)), rows.includes(secret)]).toEqual([true, false]);
    await open();
    expect(accounts.holderOf(secret)).toMatchObject({ name: 'grafana', role: 'reader', scope: 'goa' });
    now += 3 * dayMs;
    expect(accounts.holderOf(secret)).toBeDefined();
    now += 1;
    expect(accounts.holderOf(secret)).toBeUndefined();
    expect(accounts.tokens()).toEqual([
      { name: 'grafana', role: 'reader', scope: 'goa', madeAt: 1_000_000, endsAt: 1_000_000 + 3 * dayMs },
    ]);
  });

  test('a revoked token is unknown at once, also after a restart, and its name can be used again', async () => {
    const secret = await token();
    expect(await accounts.revokeToken('grafana', 'meera')).toMatchObject({ ok: true });
    expect(accounts.holderOf(secret)).toBeUndefined();
    await open();
    expect(accounts.holderOf(secret)).toBeUndefined();
    expect(accounts.holderOf(await token())).toBeDefined();
    expect(audit()).toEqual([
      'anil | token made | grafana: reader of goa, for 3 days',
      'meera | token revoked | grafana',
      'anil | token made | grafana: reader of goa, for 3 days',
    ]);
  });

  test('no password matches the account of a token, and it does not count as the first account', async () => {
    const secret = await token();
    for (const password of ['', secret]) expect(await accounts.login(from('grafana'), password)).toMatchObject({ ok: false, status: 401 });
    expect(await accounts.renew('grafana', 'anil')).toMatchObject({ ok: false, status: 404 });
    expect(accounts.list()).toEqual([]);
    expect(await accounts.createFirstAdmin('first start')).toMatchObject({ ok: true, name: 'admin' });
  });

  test('a program of this server is listed without an end, cannot be revoked, and keeps its name', async () => {
    await open([{ name: 'server-cli', role: 'central', hash: hashToken('in a file') }]);
    now += 4_000 * dayMs;
    expect(accounts.holderOf('in a file')).toMatchObject({ name: 'server-cli', role: 'central', scope: '' });
    expect(accounts.tokens()).toEqual([{ name: 'server-cli', role: 'central', scope: '', madeAt: 0, endsAt: null }]);
    const person = { name: 'server-cli', role: 'central', scope: '' } as const;
    expect(await accounts.revokeToken('server-cli', 'anil')).toMatchObject({
      status: 409,
      line: '"server-cli" is a program of this server',
    });
    expect(await accounts.add(person, 'anil')).toMatchObject({ status: 409 });
    expect(await accounts.addToken({ ...person, days: 1 }, 'anil')).toMatchObject({ status: 409 });
    expect(await accounts.enterAs({ ...person, openid: 'issuer|somebody' }, '10.0.0.1')).toMatchObject({ status: 409 });
    await open();
    expect([accounts.tokens(), accounts.holderOf('in a file')]).toEqual([[], undefined]);
  });
});
