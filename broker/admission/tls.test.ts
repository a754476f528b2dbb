import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthority } from '../../test/security/authority.ts';
import { createTlsListener } from './tls.ts';

let dataDir: string;
let lines: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tls-'));
  lines = [];
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const say = (_fields: object, line: string) => void lines.push(line);
const clock: Clock = { now: Date.now, up: () => 0, after: () => () => {} };
const open = async () => (await createTlsListener({ dataDir, clock, log: { info: say, warn: say, error: say } })).close();
const text = (name: string) => readFileSync(join(dataDir, name), 'utf8');

test('the private key is created once, readable by this user only, and the certificate request is for this key', async () => {
  await open();
  expect(statSync(join(dataDir, 'server.key')).mode & 0o777).toBe(0o600);
  expect(lines).toEqual(['waits for the certificate of the broker: no PC can connect over TLS yet']);
  const [key, request] = [text('server.key'), text('server.csr')];
  const { pem } = await (await createAuthority('Sabha')).issueTo(request, { cn: 'broker', use: 'server' });
  writeFileSync(join(dataDir, 'server.pem'), pem);
  await open();
  expect(lines.at(-1)).toBe('certificate of the broker in use');
  expect([text('server.key'), text('server.csr')]).toEqual([key, request]);
  expect(new X509Certificate(pem).subject).toBe('CN=broker');
});

test.each(['', 'no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'])(
  'a damaged private key (%j) stops the start with one line',
  async (key) => {
    writeFileSync(join(dataDir, 'server.key'), key);
    await expect(open()).rejects.toThrow(`${dataDir}/server.key: not a private key of an elliptic curve`);
  },
);
