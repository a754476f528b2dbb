import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeSigningKeys } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openInThread } from '../storage/ledger/ledger.ts';
import { openAuthority, openKnownAuthority } from './authority.ts';

const means = { now: () => Date.UTC(2026, 0, 2), random: randomBytes };
const signingKey = () => createPrivateKey(makeSigningKeys().privateKey);

async function startedServer() {
  const data = mkdtempSync(join(tmpdir(), 'sabha-fingerprints-'));
  onTestFinished(() => rmSync(data, { recursive: true }));
  const [ledger, folder, keyFile] = [openInThread(new DatabaseSync(':memory:')), join(data, 'ca'), join(data, 'centre.key')];
  const ownKey = signingKey();
  const start = (centreKey: KeyObject = ownKey) => openKnownAuthority(ledger, { centreKey, keyFile, folder }, means);
  const recorded = async () => (await ledger.registry()).fingerprints;
  const before = await recorded();
  const { roots } = await start();
  return { ledger, folder, start, recorded, before, roots };
}

async function otherAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-other-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { roots } = await openAuthority(folder, means);
  return { key: readFileSync(join(folder, 'ca.key'), 'utf8'), root: `${roots[0]}` };
}

describe('fingerprints of the signing key and of the authority in the ledger', () => {
  test('a ledger without fingerprints records both at its first start, and the next start opens the same authority', async () => {
    const { start, recorded, before, roots } = await startedServer();
    expect(before).toBeNull();
    const first = await recorded();
    expect(JSON.parse(`${first}`)).toEqual({
      centreKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      ca: [expect.stringMatching(/^([0-9A-F]{2}:){31}/)],
    });
    expect((await start()).roots).toEqual(roots);
    expect(await recorded()).toBe(first);
  });

  test('a start with another signing key is refused and the line names the file and the restore', async () => {
    const { start, recorded } = await startedServer();
    const first = await recorded();
    await expect(start(signingKey())).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/centre\.key is not the signing key that the ledger knows.*"sabha restore FILE"/),
    });
    expect(await recorded()).toBe(first);
  });

  test.each([
    ['the folder of the authority is missing', ['ca.key', 'roots.pem'], 'ca.key'],
    ['the key of the authority is missing', ['ca.key'], 'ca.key'],
    ['the certificate of the authority is missing', ['roots.pem'], 'roots.pem'],
  ])('a start is refused where %s, and no new authority is made', async (_, lost, named) => {
    const { folder, start } = await startedServer();
    for (const name of lost) rmSync(join(folder, name));
    if (lost.length === 2) rmSync(folder, { recursive: true });
    await expect(start()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(new RegExp(`${named} is missing: .*"sabha restore FILE"`)),
    });
    expect(lost.filter((name) => existsSync(join(folder, name)))).toEqual([]);
  });

  test.each([
    ['ca.key is truncated', 'ca.key', (old: string) => old.slice(0, 60)],
    ['ca.key is the key of another authority', 'ca.key', async () => (await otherAuthority()).key],
    ['roots.pem is empty', 'roots.pem', () => ''],
    ['roots.pem is cut in half', 'roots.pem', (old: string) => old.slice(0, old.length / 2)],
  ])('a start where %s is refused, and the line names the file and the restore', async (_, name, damaged) => {
    const { folder, start } = await startedServer();
    const file = join(folder, name);
    writeFileSync(file, await damaged(readFileSync(file, 'utf8')));
    await expect(start()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(new RegExp(`${name.replace('.', '\\.')}.*: no PC would obey this server\\. .*"sabha restore FILE"$`)),
    });
  });

  test('a start with an authority that shares no certificate with the ledger is refused', async () => {
    const { folder, start } = await startedServer();
    const { key, root } = await otherAuthority();
    writeFileSync(join(folder, 'ca.key'), key);
    writeFileSync(join(folder, 'roots.pem'), root);
    await expect(start()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/roots\.pem has no certificate that the ledger knows/),
    });
  });

  test('a change of the authority in the three documented steps is accepted, and then the old authority is refused', async () => {
    const { folder, start, roots } = await startedServer();
    const [old, oldKey] = [`${roots[0]}`, readFileSync(join(folder, 'ca.key'), 'utf8')];
    const { key, root } = await otherAuthority();
    const put = (ca: string, ...certificates: string[]) => {
      writeFileSync(join(folder, 'ca.key'), ca);
      writeFileSync(join(folder, 'roots.pem'), certificates.join('\n'));
      return start();
    };
    expect((await put(oldKey, old, root)).roots).toHaveLength(2);
    expect((await put(key, root, old)).roots).toHaveLength(2);
    expect((await put(key, root)).roots).toEqual([root]);
    await expect(put(oldKey, old)).rejects.toMatchObject({ name: 'StartError' });
  });
});
