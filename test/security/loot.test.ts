/** S18: an attacker with the files of the broker machine can neither admit a PC nor sign an update. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkManifest,
  command,
  configuration,
  makeSigningKeys,
  openSigned,
  openSnapshot,
  sealSigned,
  writeEnrolCode,
} from '@sabha/contracts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { enrol } from '../../agent/identity/enrol.ts';
import { createUpdateSource } from '../../agent/maintain/update/source.ts';
import { createSite, type Site, startCentre } from '../system/centre-under-test.ts';
import { asPkcs7 } from './authority.ts';
import { derOf } from './centre-of-certificates.ts';

let site: Site;
let loot: { file: string; text: string }[];

beforeAll(async () => {
  site = await createSite({ https: { host: '127.0.0.1', port: 0, mqttPort: 0, names: ['centre.test'] } });
  const centre = startCentre(site);
  await centre.says('certificate of the broker in use');
  await centre.says('registry snapshot in use');
  await centre.stop();
  loot = filesOf('broker');
});
afterAll(() => site.remove());

function filesOf(part: string): { file: string; text: string }[] {
  const entries = readdirSync(join(site.data, part), { withFileTypes: true });
  return entries.flatMap((one) =>
    one.isDirectory() ? filesOf(join(part, one.name)) : { file: one.name, text: readFileSync(join(one.parentPath, one.name), 'utf8') },
  );
}

function lootedKeys(): KeyObject[] {
  return loot.flatMap(({ text }) => {
    try {
      return [createPrivateKey(text)];
    } catch {
      return [];
    }
  });
}

function signedBy(key: KeyObject, text: string): string {
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return JSON.stringify({ signed: text, signature: sign(algorithm, Buffer.from(text), key).toString('base64') });
}

test('S18 the broker has one private key, that of its TLS port, and none of flows', () => {
  expect(loot.map(({ file }) => file).sort()).toEqual([
    'ledger-mark.json',
    'principals.json',
    'registry-version',
    'registry.json',
    'registry.pub',
    'server.csr',
    'server.key',
    'server.pem',
  ]);
  expect(lootedKeys()).toHaveLength(1);
  const secrets = [
    ...filesOf('flows/ca'),
    ...['centre.key', 'registry.key', 'flows.token'].map((file) => ({ file, text: readFileSync(join(site.data, 'flows', file), 'utf8') })),
  ]
    .filter(({ file }) => file.endsWith('.key') || file.endsWith('.token'))
    .map(({ text }) => text.split('\n').filter((line) => !line.startsWith('-----'))[0] ?? '');
  expect(secrets.length).toBeGreaterThanOrEqual(5);
  for (const secret of secrets) for (const { file, text } of loot) expect(text.includes(secret), file).toBe(false);
});

test('S18 the key of the broker cannot sign a registry snapshot, and a signed snapshot cannot be changed', () => {
  const text = (file: string) => loot.find((one) => one.file === file)?.text ?? '';
  const registryKey = createPublicKey(text('registry.pub'));
  const { signed, signature } = JSON.parse(text('registry.json')) as { signed: string; signature: string };
  expect(openSnapshot(text('registry.json'), registryKey)).toMatchObject({ ok: true });
  const stranger = { pc: 'goa/panaji/vc-1', tokenHash: 'a'.repeat(64), certificates: [], revoked: false };
  const forged = JSON.stringify({ ...JSON.parse(signed), version: 1_000, pcs: [stranger] });
  const tries = [...lootedKeys().map((key) => signedBy(key, forged)), JSON.stringify({ signed: forged, signature })];
  for (const one of tries) expect(openSnapshot(one, registryKey)).toEqual({ ok: false, reason: 'wrong signature' });
});

test('S18 no command or configuration signed with a key or file of the broker is accepted', () => {
  const own = createPrivateKey(readFileSync(join(site.data, 'flows/centre.key'), 'utf8'));
  const pc = 'goa/panaji/vc-1' as const;
  const order = { id: 'c-1', to: pc, verb: 'restart-sound', args: {}, notBefore: 0, expires: 1, counter: 1 };
  const config = { pc, version: 5, profile: { link: 'geo', elevationM: 0, expected: {} } };
  for (const [schema, content] of [[command, order] as const, [configuration, config] as const]) {
    const signed = JSON.stringify(content);
    const signatures = [
      ...lootedKeys().map((key) => JSON.parse(signedBy(key, signed)).signature as string),
      ...loot.map(({ text }) => Buffer.from(text).toString('base64')),
    ];
    for (const signature of signatures)
      expect(openSigned(schema, { signed, signature }, createPublicKey(own))).toEqual({ ok: false, reason: 'wrong signature' });
    // The same command signed with the server's own key is accepted, so only the signature caused the refusals.
    expect(openSigned(schema, sealSigned(content, own), createPublicKey(own))).toMatchObject({ ok: true });
  }
});

test('S18, S7 a server with the key of the broker gets neither enrolment codes nor update requests from PCs', async () => {
  const text = (name: string) => loot.find(({ file }) => file === name)?.text ?? '';
  const roots = readFileSync(join(site.data, 'flows/ca/roots.pem'), 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'sabha-loot-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const asked: string[] = [];
  const rogue = createServer({ key: text('server.key'), cert: text('server.pem') }, (request, response) => {
    asked.push(request.url ?? '');
    response.end(request.url === '/.well-known/est/cacerts' ? asPkcs7(roots) : '{"mqtt":{"port":1},"centreKey":null}');
  });
  rogue.listen(0, '127.0.0.1');
  onTestFinished(() => void rogue.close());
  await once(rogue, 'listening');
  const { port } = rogue.address() as AddressInfo;
  const code = writeEnrolCode(Buffer.alloc(13, 7), derOf(roots));
  const at = { code, centre: { host: 'localhost', port }, pc: 'goa/panaji/vc-1' as const, folder: join(folder, 'identity'), again: false };
  expect(await enrol(at)).toMatchObject({ ok: false, line: `localhost:${port}: its certificate is not that of the Sabha server` });
  await expect(createUpdateSource(`https://localhost:${port}`, { roots: () => [roots] }).manifest()).rejects.toThrow(
    'not that of the Sabha server',
  );
  expect(asked).toEqual(['/.well-known/est/cacerts']);
});

test('S18, S10 no update of the agent signed with a key of the broker is accepted', () => {
  const releases = makeSigningKeys();
  const manifest = { version: '9.0.0', minimum: '0.0.0', expires: 2e12, size: 1, sha256: 'a'.repeat(64) };
  const [held, publicKey] = [{ version: '0.1.0', minimum: '0.0.0' }, createPublicKey(releases.publicKey)];
  for (const key of lootedKeys()) {
    expect(checkManifest(signedBy(key, JSON.stringify(manifest)), publicKey, { ...held, now: 1 })).toEqual({
      ok: false,
      reason: 'wrong signature',
    });
  }
  // The same manifest with the right signature is accepted, so only the signature caused the refusal.
  const signed = JSON.stringify(sealSigned(manifest, createPrivateKey(releases.privateKey)));
  expect(checkManifest(signed, publicKey, { ...held, now: 1 })).toMatchObject({ ok: true });
});
