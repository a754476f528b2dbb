import { createHash, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@sabha/contracts';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openAuthority } from './authority.ts';

const means = { now: () => Date.UTC(2026, 0, 2), random: randomBytes };
const yearMs = 365 * 86_400_000;
let folder = '';
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), 'sabha-ca-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  folder = join(parent, 'ca');
});

const publicKey = () => createPublicKey(makeKey());
const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

test('the first start creates an authority that only its owner can read, and the next start opens the same one', async () => {
  const first = await openAuthority(folder, means);
  expect([statSync(folder).mode & 0o777, ...readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)]).toEqual([
    0o700, 0o600, 0o600,
  ]);
  const root = new X509Certificate(first.rootDer);
  expect(root.subject).toMatch(/^CN=Sabha [0-9a-f]{8}$/);
  expect([root.ca, root.checkIssued(root), root.verify(root.publicKey)]).toEqual([true, true, true]);
  expect(root.validToDate.getTime() - root.validFromDate.getTime()).toBeGreaterThan(9.99 * yearMs);
  const files = () => readdirSync(folder).map((name) => hashOf(join(folder, name)));
  const before = files();
  expect((await openAuthority(folder, means)).roots).toEqual(first.roots);
  expect(files()).toEqual(before);
});

test('if flows was killed after it wrote the key, the next start creates the root certificate for that key', async () => {
  await openAuthority(folder, means);
  const key = hashOf(join(folder, 'ca.key'));
  rmSync(join(folder, 'roots.pem'));
  const { rootDer } = await openAuthority(folder, means);
  expect([hashOf(join(folder, 'ca.key')), new X509Certificate(rootDer).ca]).toEqual([key, true]);
});

test('a certificate does not outlive its authority', async () => {
  await openAuthority(folder, means);
  const late = await openAuthority(folder, { ...means, now: () => means.now() + 9.5 * yearMs });
  const { notAfter } = await late.issue({ kind: 'pc', name: 'ladakh.leh.hall' }, publicKey());
  expect(notAfter).toBe(new X509Certificate(late.rootDer).validToDate.getTime());
});

test.each(['P-384', 'RSA'])('an authority of the organisation with a key %s is used unchanged', async (kind) => {
  mkdirSync(folder);
  const { privateKey } =
    kind === 'RSA' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ec', { namedCurve: 'P-384' });
  writeFileSync(join(folder, 'ca.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const authority = await openAuthority(folder, means);
  const { pem } = await authority.issue({ kind: 'pc', name: 'ladakh.leh.hall' }, publicKey());
  expect(new X509Certificate(pem).verify(new X509Certificate(authority.rootDer).publicKey)).toBe(true);
});

describe('unusable authority files reject with one line and stay unchanged', () => {
  const keyFile = () => join(folder, 'ca.key');
  const rootsFile = () => join(folder, 'roots.pem');
  const leaf = async () => (await (await openAuthority(folder, means)).issue({ kind: 'pc', name: 'a.b.c' }, publicKey())).pem;

  test.each<[string, () => void | Promise<void>, RegExp]>([
    ['a lost key', () => rmSync(keyFile()), /ca\.key is missing, but .*roots\.pem is there/],
    [
      'three roots',
      () => writeFileSync(rootsFile(), readFileSync(rootsFile(), 'utf8').repeat(3)),
      /roots\.pem: 3 certificates, expected one or two$/,
    ],
    [
      'no authority',
      async () => writeFileSync(rootsFile(), readFileSync(rootsFile(), 'utf8') + (await leaf())),
      /certificate 2 is not that of an authority$/,
    ],
  ])('an authority folder with %s rejects with one line and stays unchanged', async (_what, spoil, line) => {
    await openAuthority(folder, means);
    await spoil();
    const before = readdirSync(folder).map((name) => [name, hashOf(join(folder, name))]);
    await expect(openAuthority(folder, means)).rejects.toMatchObject({ name: 'StartError', message: expect.stringMatching(line) });
    expect(readdirSync(folder).map((name) => [name, hashOf(join(folder, name))])).toEqual(before);
  });

  test('an authority folder that cannot be written rejects with one line', async () => {
    mkdirSync(join(folder, 'ca.key.new'), { recursive: true });
    const line = expect.stringMatching(/ca\.key: cannot be written: /);
    await expect(openAuthority(folder, means)).rejects.toMatchObject({ name: 'StartError', message: line });
  });
});
