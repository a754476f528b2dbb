import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hashToken, makeSigningKeys, openSnapshot, type RegistryEntry } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { Ledger } from '../engine/records/ops.ts';
import { testClock } from '../notify/people/people.test-helper.ts';
import { openInThread } from '../storage/ledger/ledger.ts';
import { createPasswords } from './accounts/password.ts';
import { keepReflectorKey, openRegistry } from './registry.ts';

const entry = (pc: string, token: string, revoked = false): RegistryEntry => ({
  pc,
  tokenHash: hashToken(token),
  certificates: [],
  revoked,
});
const own = 'capital/this-office/this-pc';

function starts() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [ledger, clock, file] = [openInThread(new DatabaseSync(':memory:')), testClock(), join(folder, 'registry.json')];
  const key = createPrivateKey(makeSigningKeys().privateKey);
  const snapshot = () => {
    const read = openSnapshot(readFileSync(file, 'utf8'), createPublicKey(key));
    if (!read.ok) throw new Error(read.reason);
    return read.value;
  };
  const told = () => snapshot().pcs;
  // The registry must not load the whole ledger, which is large and is loaded elsewhere.
  const load = () => expect.unreachable();
  const warnings: string[] = [];
  const log = { warn: (_: object, line: string) => void warnings.push(line) };
  const on = (held: Ledger, ...admitted: RegistryEntry[]) =>
    openRegistry({ ledger: { ...held, load }, clock, file, key, roots: ['root'], admitted, log });
  const start = (...admitted: RegistryEntry[]) => on(ledger, ...admitted);
  const orders = async (publish: Awaited<ReturnType<typeof start>>, one: RegistryEntry) => {
    await ledger.commit([{ op: 'registry', entry: one }]);
    await publish([one]);
  };
  return { ledger, clock, file, key, snapshot, told, on, start, orders, warnings };
}

test("the server's own PC is admitted at the start, and again with a new token", async () => {
  const { start, told } = starts();
  await start(entry(own, 'first'));
  expect(told()).toEqual([entry(own, 'first')]);
  await start(entry(own, 'second'));
  expect(told()).toEqual([entry(own, 'second')]);
});

test('the reflector key is created once, and a change of the key is published to the broker', async () => {
  const { ledger, clock, file, key, snapshot } = starts();
  const made = await keepReflectorKey(ledger, (bytes) => Buffer.alloc(bytes, 7));
  expect(await keepReflectorKey(ledger, () => expect.unreachable())).toBe(made);
  const open = (reflectorKey: string) =>
    openRegistry({ ledger, clock, file, key, roots: [], reflectorKey, admitted: [], log: { warn: () => expect.unreachable() } });
  await open(made);
  expect(snapshot()).toMatchObject({ version: 1, reflectorKey: Buffer.alloc(32, 7).toString('base64url') });
  await open(made);
  expect(snapshot()).toMatchObject({ version: 1 });
  const other = Buffer.alloc(32, 8).toString('base64url');
  await open(other);
  expect(snapshot()).toMatchObject({ version: 2, reflectorKey: other });
});

test.each<[string, RegistryEntry, string[], RegistryEntry]>([
  ['retired stays out, also with a new token', entry(own, 'x', true), ['first', 'second'], entry(own, 'x', true)],
  ['replaced keeps the token of the new machine', entry(own, 'new'), ['first'], entry(own, 'new')],
  ['given a certificate keeps it under a new token', certified('first'), ['second'], certified('second')],
])('an own PC that was %s: state at the next start', async (_, ordered, tokens, expected) => {
  const { start, told, orders } = starts();
  await orders(await start(entry(own, 'first')), ordered);
  for (const token of tokens) await start(entry(own, token));
  expect(told()).toEqual([expected]);
});

function certified(token: string): RegistryEntry {
  return { ...entry(own, token), certificates: ['7a'] };
}

test('S5 a ledger restored from a backup keeps later revocations and later enrolments', async () => {
  const { ledger, told, on, start, orders, warnings, file } = starts();
  const [thief, enrolled, token] = ['ladakh/leh/thief', 'ladakh/leh/fresh', 'ladakh/leh/token'];
  await orders(await start(), { ...entry(thief, 'stolen'), certificates: ['7a'] });
  await orders(await start(), entry(token, 'old'));
  const yesterday = openInThread(new DatabaseSync(':memory:'));
  const { entries, version } = await ledger.registry();
  await yesterday.commit([
    ...entries.map((one) => ({ op: 'registry', entry: one }) as const),
    { op: 'meta', key: 'registry.version', value: `${version}` },
  ]);
  const publish = await start();
  const since = [
    { ...entry(thief, ''), tokenHash: null, revoked: true },
    { ...entry(enrolled, 'x'), certificates: ['7b'], ends: { '7b': 9 } },
    entry(token, 'new'),
  ];
  for (const one of since) await orders(publish, one);
  const before = readFileSync(file, 'utf8');

  await on(yesterday, entry(thief, 'stolen'));
  expect(told()).toEqual([since[1], since[0], since[2]]);
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect((await yesterday.registry()).entries).toEqual(told());
  expect(warnings).toEqual([expect.stringContaining('the ledger is an older copy')]);
  await on(yesterday);
  expect(warnings).toHaveLength(1);
});

test('a ledger restored from a backup invalidates its sessions, program tokens and enrolment codes, and logs to check the accounts', async () => {
  const { ledger, on, start, orders, warnings } = starts();
  const yesterday = openInThread(new DatabaseSync(':memory:'));
  const login = { hash: 'h', account: 'asha', stamp: 's', startedAt: 1, usedAt: 1 };
  const grant = {
    role: 'reader',
    scope: '',
    password: createPasswords(2).dummyHash(),
    once: false,
    openid: null,
    stamp: '',
    madeAt: 1,
  } as const;
  await yesterday.commit([
    { op: 'account', account: { ...grant, name: 'asha' } },
    { op: 'account', account: { ...grant, name: 'grafana', token: { hash: 'h', days: 9 } } },
    { op: 'login', login },
    { op: 'meta', key: 'enrol/abc', value: '{}' },
  ]);
  expect(Object.keys((await yesterday.registry()).codes)).toEqual(['abc']);
  await orders(await start(), entry(own, 'first'));
  await on(yesterday);
  expect([(await yesterday.accounts()).logins, (await yesterday.registry()).codes]).toEqual([[], {}]);
  expect((await yesterday.accounts()).accounts.map(({ name }) => name)).toEqual(['asha']);
  expect(warnings).toEqual([expect.stringContaining('check the accounts')]);
  // The current ledger, which was not restored, keeps its sessions.
  await ledger.commit([{ op: 'login', login }]);
  await start();
  expect((await ledger.accounts()).logins).toEqual([login]);
});

test("a replaced PC that the broker's file still lists as revoked is admitted after a restart", async () => {
  const { ledger, told, start, orders, warnings } = starts();
  await orders(await start(), { ...entry(own, ''), tokenHash: null, revoked: true });
  await ledger.commit([{ op: 'registry', entry: entry(own, 'new') }]);
  await start();
  expect(told()).toEqual([entry(own, 'new')]);
  expect(warnings).toEqual([]);
});

test('a crash between commit and publication is repaired at the next start', async () => {
  const { ledger, start, told } = starts();
  await start(entry(own, 'first'));
  await ledger.commit([{ op: 'registry', entry: entry(own, 'first', true) }]);
  await start();
  expect(told()).toEqual([entry(own, 'first', true)]);
});

test("a revocation that could not be written to the broker's file is retried", async () => {
  const { ledger, clock, file, start, told } = starts();
  const publish = await start(entry(own, 'first'));
  rmSync(file);
  await mkdir(file);
  await ledger.commit([{ op: 'registry', entry: entry(own, 'first', true) }]);
  await expect(publish([entry(own, 'first', true)])).rejects.toThrow();
  rmdirSync(file);
  await clock.pass(10_000);
  await publish([]);
  expect(told()).toEqual([entry(own, 'first', true)]);
});

test('a file that is older than the ledger, missing or wrongly signed is rewritten with a higher version', async () => {
  const { file, start, orders, snapshot } = starts();
  const publish = await start();
  await orders(publish, entry('la/leh/pc-2', 'x'));
  await orders(publish, entry('la/leh/pc-1', 'x'));
  const old = readFileSync(file, 'utf8');
  await orders(publish, entry('la/leh/pc-2', 'x', true));
  const versions = [snapshot().version];
  const spoils = [
    () => writeFileSync(file, old),
    () => rmSync(file),
    () => writeFileSync(file, readFileSync(file, 'utf8').replace('leh', 'lex')),
  ];
  for (const spoil of spoils) {
    spoil();
    await start();
    versions.push(snapshot().version);
  }
  expect(versions).toEqual([4, 5, 6, 7]);
  expect(snapshot().pcs).toEqual([entry('la/leh/pc-1', 'x'), entry('la/leh/pc-2', 'x', true)]);
});

test.skipIf(!existsSync('/dev/full'))(
  'F5 on a full disk the publication fails, the old file stays unchanged, and no partial file remains',
  async () => {
    const { file, start, orders, snapshot } = starts();
    const publish = await start(entry(own, 'first'));
    const old = readFileSync(file, 'utf8');
    symlinkSync('/dev/full', `${file}.new`);
    await expect(orders(publish, entry('la/leh/pc-2', 'x'))).rejects.toThrow('ENOSPC');
    expect([readdirSync(dirname(file)), readFileSync(file, 'utf8')]).toEqual([['registry.json'], old]);
    await publish([]);
    expect(snapshot().version).toBe(3);
  },
);
