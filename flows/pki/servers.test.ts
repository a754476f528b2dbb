import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertRequest, makeKey } from '@sabha/contracts';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openAuthority } from './authority.ts';
import { keepServerKeys, type ServerKeysOptions } from './pki.ts';

const dayMs = 86_400_000;
let folder = '';
let offsetMs = 0;
/** The pending check, and the callback that the test waits for. */
let next: (() => void) | undefined;
let looked = () => {};
const now = () => Date.UTC(2026, 0, 2) + offsetMs;
const at = (name: string) => join(folder, name);
const pem = (name: string) => readFileSync(at(name), 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-servers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  offsetMs = 0;
});

async function start(change: Partial<ServerKeysOptions> = {}) {
  const said: string[] = [];
  const renewals = { https: 0 };
  const authority = await openAuthority(at('ca'), { now, random: randomBytes });
  const log = { info: (_: object, line: string) => said.push(line), warn: (_: object, line: string) => said.push(line) };
  const onHttps = () => {
    renewals.https += 1;
  };
  const broker = { request: at('server.csr'), certificate: at('server.pem') };
  const servers = await keepServerKeys({
    authority,
    folder: at('ca'),
    https: { names: ['centre.test'] },
    broker,
    now,
    clock,
    log,
    onHttps,
    ...change,
  });
  onTestFinished(servers.close);
  return { said, renewals, authority, servers };
}
const request = async (key: string) => writeFileSync(at('server.csr'), makeCertRequest(key, 'broker').pem);
const clock = {
  after(_delayMs: number, task: () => void) {
    next = task;
    looked();
    return () => {
      next = undefined;
    };
  },
};
/** Runs the scheduled check of the certificates, and resolves when that check has scheduled the next one. */
const look = () =>
  new Promise<void>((done) => {
    looked = done;
    next?.();
  });

test('HTTPS gets a key and a certificate for its names and for loopback, and keeps both over a restart', async () => {
  const { authority } = await start();
  const certificate = new X509Certificate(pem('ca/https.pem'));
  expect(statSync(at('ca/https.key')).mode & 0o777).toBe(0o600);
  expect(certificate.checkPrivateKey(createPrivateKey(pem('ca/https.key')))).toBe(true);
  expect([certificate.checkHost('centre.test'), certificate.checkHost('localhost'), certificate.checkIP('127.0.0.1')]).toEqual([
    'centre.test',
    'localhost',
    '127.0.0.1',
  ]);
  expect(pem('ca/https.pem').endsWith(authority.roots[0] ?? '-')).toBe(true);
  const before = [pem('ca/https.key'), pem('ca/https.pem')];
  await start();
  expect([pem('ca/https.key'), pem('ca/https.pem')]).toEqual(before);
});

test('a certificate is renewed with the same key at two thirds of its lifetime, and the HTTPS server is notified', async () => {
  const { renewals } = await start();
  const [before, key] = [pem('ca/https.pem'), pem('ca/https.key')];
  offsetMs = 59 * dayMs;
  await look();
  expect([pem('ca/https.pem') === before, renewals.https]).toEqual([true, 1]);
  offsetMs = 61 * dayMs;
  await look();
  expect([pem('ca/https.pem') === before, pem('ca/https.key') === key, renewals.https]).toEqual([false, true, 2]);
});

test('a change of names or authority issues a new certificate', async () => {
  await start();
  const before = pem('ca/https.pem');
  await start({ https: { names: ['centre.test', 'sabha.example.org'] } });
  expect(new X509Certificate(pem('ca/https.pem')).checkHost('sabha.example.org')).toBeDefined();
  expect(pem('ca/https.pem')).not.toBe(before);
  rmSync(at('ca/ca.key'));
  rmSync(at('ca/roots.pem'));
  const { authority } = await start();
  expect(new X509Certificate(pem('ca/https.pem')).verify(new X509Certificate(authority.rootDer).publicKey)).toBe(true);
});

test('the broker gets a certificate for the key of its request at once, and again after each change of the request', async () => {
  const { said } = await start();
  expect(existsSync(at('server.pem'))).toBe(false);
  for (const key of [makeKey(), makeKey()]) {
    await request(key);
    await look();
    expect(new X509Certificate(pem('server.pem')).checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
  const before = pem('server.pem');
  await look();
  expect(pem('server.pem')).toBe(before);
  rmSync(at('server.pem'));
  await look();
  expect(existsSync(at('server.pem'))).toBe(true);
  expect(said).toEqual(Array(3).fill('the broker has a new certificate'));
});

test('an unreadable certificate request is logged once, and a valid request after it is served', async () => {
  const { said } = await start();
  writeFileSync(at('server.csr'), 'noise');
  await look();
  await look();
  expect(said).toEqual([expect.stringMatching(/^a certificate of the server cannot be made: .*server\.csr: not a certificate request: /)]);
  await request(makeKey());
  await look();
  expect(existsSync(at('server.pem'))).toBe(true);
});

test('without HTTPS no HTTPS key is created', async () => {
  await start({ https: undefined, broker: undefined });
  expect(existsSync(at('ca/https.key'))).toBe(false);
});
