import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { hashToken, makeSigningKeys, openSnapshot, type RegistryEntry } from '#contracts';
import { inThread } from './ledger/ledger.ts';
import { testClock } from './people/people.test-helper.ts';
import { openRegistry } from './registry.ts';

const entry = (pc: string, token: string, revoked = false): RegistryEntry => ({ pc, tokenHash: hashToken(token), revoked });
const own = 'capital/this-office/this-pc';

/** One ledger and one folder over several starts. */
function starts() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [ledger, clock, file] = [inThread(new DatabaseSync(':memory:')), testClock(), join(folder, 'registry.json')];
  const key = createPrivateKey(makeSigningKeys().privateKey);
  const told = () => {
    const read = openSnapshot(readFileSync(file, 'utf8'), createPublicKey(key));
    return read.ok ? read.value.pcs : read.reason;
  };
  // Of the ledger it needs the registry only: all of a nation is loaded once, by the centre.
  const load = () => expect.unreachable();
  const start = (...admitted: RegistryEntry[]) => openRegistry({ ledger: { ...ledger, load }, clock, file, key, admitted });
  /** What an operator does: commit, then publish. */
  const orders = async (publish: Awaited<ReturnType<typeof start>>, one: RegistryEntry) => {
    await ledger.commit([{ op: 'registry', entry: one }]);
    await publish([one]);
  };
  return { ledger, clock, file, told, start, orders };
}

test('the own PC is let in by itself, and again with another token', async () => {
  const { start, told } = starts();
  await start(entry(own, 'first'));
  expect(told()).toEqual([entry(own, 'first')]);
  await start(entry(own, 'second'));
  expect(told()).toEqual([entry(own, 'second')]);
});

test('an own PC that was retired stays out at the next start, also with a new token', async () => {
  const { start, told, orders } = starts();
  await orders(await start(entry(own, 'first')), entry(own, 'nobody has it', true));
  for (const token of ['first', 'second']) await start(entry(own, token));
  expect(told()).toEqual([entry(own, 'nobody has it', true)]);
});

test('an own PC that was replaced keeps the new token over a start; the old one does not come back', async () => {
  const { start, told, orders } = starts();
  await orders(await start(entry(own, 'first')), entry(own, 'of the new machine'));
  await start(entry(own, 'first'));
  expect(told()).toEqual([entry(own, 'of the new machine')]);
});

test('a crash between commit and publication is made good at the next start', async () => {
  const { ledger, start, told } = starts();
  await start(entry(own, 'first'));
  await ledger.commit([{ op: 'registry', entry: entry(own, 'first', true) }]);
  await start();
  expect(told()).toEqual([entry(own, 'first', true)]);
});

test('a revocation that the broker could not be given for a moment reaches it without another order', async () => {
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
