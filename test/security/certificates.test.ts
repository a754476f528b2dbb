/** S1: checks the content of the certificates with openssl, and that the repository contains no secret. */
import { execFileSync } from 'node:child_process';
import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey, serialOf, writeEnrolCode } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../flows/pki/authority.ts';

let folder = '';
let authority: Authority;
const means = { now: Date.now, random: randomBytes };
const dayMs = 86_400_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-profile-'));
  authority = await openAuthority(join(folder, 'ca'), means);
});
afterAll(() => rmSync(folder, { recursive: true }));

const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
function verifies(pem: string, purpose: 'sslclient' | 'sslserver'): boolean {
  try {
    return openssl(
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      join(folder, 'ca', 'roots.pem'),
      file('leaf.pem', pem),
    ).endsWith('OK\n');
  } catch {
    return false;
  }
}
/** Returns each extension as openssl prints it: name, critical flag and text. */
function extensionsOf(pem: string): string[] {
  const text =
    openssl('x509', '-noout', '-text', '-in', file('leaf.pem', pem)).split('X509v3 extensions:')[1]?.split('Signature Algorithm')[0] ?? '';
  return [...text.matchAll(/^ {12}(\S.*?): ?(critical)?\n((?: {16}.*\n?)*)/gm)].map(([, name, critical, rest]) =>
    [name, critical, rest?.trim().replaceAll(/[0-9A-F]{2}(:[0-9A-F]{2}){19}/g, '<id>')].filter(Boolean).join(' | '),
  );
}
const issue = (subject: Parameters<Authority['issue']>[0]) => authority.issue(subject, createPublicKey(makeKey()));

describe('S1 certificates', () => {
  test('the certificate of a PC has one name, is valid for clients only, and for a year', async () => {
    const { pem, serial, notAfter } = await issue({ kind: 'pc', name: 'ladakh.leh.vc-1' });
    const certificate = new X509Certificate(pem);
    expect([verifies(pem, 'sslclient'), verifies(pem, 'sslserver')]).toEqual([true, false]);
    expect(certificate.subject).toBe('CN=ladakh.leh.vc-1');
    expect(extensionsOf(pem)).toEqual([
      'X509v3 Basic Constraints | critical | CA:FALSE',
      'X509v3 Key Usage | critical | Digital Signature',
      'X509v3 Extended Key Usage | critical | TLS Web Client Authentication',
      'X509v3 Subject Key Identifier | <id>',
      'X509v3 Authority Key Identifier | <id>',
    ]);
    expect(openssl('x509', '-noout', '-text', '-in', file('leaf.pem', pem))).toMatch(
      /Signature Algorithm: ecdsa-with-SHA256[\s\S]*ASN1 OID: prime256v1/,
    );
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(365 * dayMs);
    expect(certificate.validToDate.getTime()).toBe(notAfter);
    expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect([serialOf(certificate), openssl('x509', '-noout', '-serial', '-in', join(folder, 'leaf.pem')).trim()]).toEqual([
      serial,
      `serial=${serial.toUpperCase()}`,
    ]);
  });

  test('the certificate of a server is valid for servers only, under each of its names, and for 90 days', async () => {
    const { pem } = await issue({ kind: 'server', name: 'Sabha broker', names: ['centre.test', 'localhost', '127.0.0.1', '::1'] });
    const certificate = new X509Certificate(pem);
    expect([verifies(pem, 'sslclient'), verifies(pem, 'sslserver')]).toEqual([false, true]);
    expect(extensionsOf(pem)).toEqual([
      'X509v3 Basic Constraints | critical | CA:FALSE',
      'X509v3 Key Usage | critical | Digital Signature',
      'X509v3 Extended Key Usage | critical | TLS Web Server Authentication',
      'X509v3 Subject Key Identifier | <id>',
      'X509v3 Authority Key Identifier | <id>',
      'X509v3 Subject Alternative Name | DNS:centre.test, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    ]);
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(90 * dayMs);
  });

  test('the certificate of the authority signs certificates only, and is valid for ten years', async () => {
    const [root = ''] = authority.roots;
    expect(extensionsOf(root)).toEqual([
      'X509v3 Basic Constraints | critical | CA:TRUE',
      'X509v3 Key Usage | critical | Certificate Sign, CRL Sign',
      'X509v3 Subject Key Identifier | <id>',
    ]);
    expect(openssl('verify', '-x509_strict', '-CAfile', join(folder, 'ca', 'roots.pem'), file('root.pem', root))).toMatch(/OK\n$/);
    expect(statSync(join(folder, 'ca', 'ca.key')).mode & 0o777).toBe(0o600);
  });

  test('a certificate is issued for a request of openssl, and openssl reads the EST response', async () => {
    const key = join(folder, 'own.key');
    const request = openssl(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/CN=a.b.c',
    );
    const read = await authority.readRequest(request);
    if (!read.ok) throw new Error(read.line);
    expect(read.value.name).toBe('a.b.c');
    const { pem } = await authority.issue({ kind: 'pc', name: read.value.name }, read.value.publicKey);
    const list = join(folder, 'answer.p7');
    writeFileSync(list, Buffer.from(await authority.pkcs7([pem, ...authority.roots]), 'base64'));
    expect(openssl('pkcs7', '-inform', 'DER', '-in', list, '-print_certs').match(/^subject=.*$/gm)).toEqual([
      'subject=CN=a.b.c',
      expect.stringMatching(/^subject=CN=Sabha [0-9a-f]{8}$/),
    ]);
  });
});

test('S1 the repository contains no private key, token or code', () => {
  const privateKey = /-----BEGIN (RSA |EC |ENCRYPTED )?PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/;
  // Tests contain sample secrets, so only the first pattern applies to them.
  const others = [
    /\bwhsec_[A-Za-z0-9+/]{32,}/,
    /\b([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}\b/,
    /"(tokenHash|password|secret)": *"[^"]{20,}"/,
  ];
  const secretIn = (name: string, text: string) =>
    privateKey.test(text) || (!/\.test\.ts$/.test(name) && others.some((one) => one.test(text)));
  const names = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0');
  const files = names.filter((name) => /\.(ts|js|jsx|mjs|json|md|html|css|ya?ml|conf|txt)$/.test(name));
  expect(files.length).toBeGreaterThan(300);
  expect(files.filter((name) => secretIn(name, readFileSync(name, 'utf8')))).toEqual([]);
  expect(secretIn('any.test.ts', makeKey())).toBe(true);
  expect(secretIn('any.md', writeEnrolCode(randomBytes(13), randomBytes(9)))).toBe(true);
});
