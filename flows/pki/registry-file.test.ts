import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hashToken, makeSigningKeys, openSnapshot, type RegistryEntry } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ledger } from '../engine/records/ops.ts';
import { inThread } from '../storage/ledger/ledger.ts';
import { publishRegistry } from './registry-file.ts';

const key = createPrivateKey(makeSigningKeys().privateKey);
let folder = '';
let file = '';
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-registry-'));
  file = join(folder, 'registry.json');
  ledger = inThread(new DatabaseSync(':memory:'));
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

function entry(pc: string, revoked = false): RegistryEntry {
  return { pc, tokenHash: hashToken(pc), certificates: [], revoked };
}

async function add(...entries: RegistryEntry[]): Promise<void> {
  await ledger.commit(entries.map((it) => ({ op: 'registry', entry: it })));
}

async function publish(at = 1, roots: string[] = []): Promise<number> {
  const { registry } = await ledger.load();
  return publishRegistry({ ledger, registry, roots, file, key, at });
}

function written() {
  const opened = openSnapshot(readFileSync(file, 'utf8'), createPublicKey(key));
  if (!opened.ok) throw new Error(opened.reason);
  return opened.value;
}

test('the first snapshot is version 1, signed, sorted, and leaves no other file', async () => {
  await add(entry('la/leh/pc-2'), entry('la/leh/pc-1'));
  expect(await publish(42)).toBe(1);
  expect(written()).toEqual({ version: 1, at: 42, pcs: [entry('la/leh/pc-1'), entry('la/leh/pc-2')], roots: [] });
  expect(readdirSync(folder)).toEqual(['registry.json']);
  expect((await ledger.load()).registry.version).toBe(1);
});

test('nothing changed: same version, file untouched; something changed: one higher', async () => {
  await add(entry('la/leh/pc-1'));
  await publish(1);
  expect(await publish(2)).toBe(1);
  expect(written().at).toBe(1);
  await add(entry('la/leh/pc-1', true));
  expect(await publish(3)).toBe(2);
  expect(written()).toMatchObject({ version: 2, at: 3, pcs: [{ revoked: true }] });
});

test('a restored ledger does not bring the version down', async () => {
  await add(entry('la/leh/pc-1'));
  await ledger.commit([{ op: 'meta', key: 'registry.version', value: '8' }]);
  expect(await publish()).toBe(9);
  await ledger.close();
  ledger = inThread(new DatabaseSync(':memory:'));
  await add(entry('la/leh/pc-1'));
  expect(await publish()).toBe(9);
  expect((await ledger.load()).registry.version).toBe(9);
  await add(entry('la/leh/pc-2'));
  expect(await publish()).toBe(10);
});

test('a file that is older than the ledger, gone, or not signed by us is written anew with a higher version', async () => {
  await add(entry('la/leh/pc-1'));
  await publish();
  const old = readFileSync(file, 'utf8');
  await add(entry('la/leh/pc-2'));
  expect(await publish()).toBe(2);
  await add(entry('la/leh/pc-2', true));
  expect(await publish()).toBe(3);
  writeFileSync(file, old);
  expect(await publish()).toBe(4);
  rmSync(file);
  expect(await publish()).toBe(5);
  writeFileSync(file, readFileSync(file, 'utf8').replace('leh', 'lex'));
  expect(await publish()).toBe(6);
  expect(written()).toMatchObject({ version: 6, pcs: [entry('la/leh/pc-1'), entry('la/leh/pc-2', true)] });
});

test.skipIf(!existsSync('/dev/full'))(
  'F5 on a full disk the call fails, the old file stays as it is, and no half file remains',
  async () => {
    await add(entry('la/leh/pc-1'));
    await publish();
    const old = readFileSync(file, 'utf8');
    await add(entry('la/leh/pc-2'));
    symlinkSync('/dev/full', `${file}.new`);
    await expect(publish()).rejects.toThrow('ENOSPC');
    expect(readdirSync(folder)).toEqual(['registry.json']);
    expect(readFileSync(file, 'utf8')).toBe(old);
    expect(await publish()).toBe(3);
  },
);
