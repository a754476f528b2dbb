import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, makePrivateKey } from '#contracts';
import { createAuthority } from '../../test/security/authority.ts';
import { loadX509 } from '../../test/x509.ts';
import { createTlsListener, whyNoHandshake } from './tls.ts';

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
const keyOf = async (request: string) => new (await loadX509()).Pkcs10CertificateRequest(request).publicKey.toString('pem');
const text = (name: string) => readFileSync(join(dataDir, name), 'utf8');

test('the key is made once, for this user alone, and the request is for it', async () => {
  await open();
  expect(statSync(join(dataDir, 'server.key')).mode & 0o777).toBe(0o600);
  expect(lines).toEqual(['waits for the certificate of the broker: nobody comes in over TLS yet']);
  const [key, request] = [text('server.key'), text('server.csr')];
  const { pem } = await (await createAuthority('Sabha')).issueTo(request, { cn: 'broker', use: 'server' });
  writeFileSync(join(dataDir, 'server.pem'), pem);
  await open();
  expect(lines.at(-1)).toBe('certificate of the broker in use');
  expect([text('server.key'), text('server.csr')]).toEqual([key, request]);
  expect(new X509Certificate(pem).subject).toBe('CN=broker');
});

test('a request that is gone is written again, for the key that is there; another key asks anew', async () => {
  await open();
  const request = text('server.csr');
  rmSync(join(dataDir, 'server.csr'));
  await open();
  expect(await keyOf(text('server.csr'))).toBe(await keyOf(request));
  rmSync(join(dataDir, 'server.key'));
  await open();
  expect(await keyOf(text('server.csr'))).not.toBe(await keyOf(request));
});

test.each([
  ['not a certificate', () => Promise.resolve('hello')],
  [
    'it is for another key',
    async () => (await (await createAuthority('Sabha')).issue({ cn: 'b', use: 'server', key: makePrivateKey() })).pem,
  ],
])('a certificate that will not do (%s) is not used, and said', async (line, pem) => {
  writeFileSync(join(dataDir, 'server.pem'), await pem());
  await open();
  expect(lines).toEqual([`certificate of the broker cannot be used: ${line}`]);
});

test.each(['', 'no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'])(
  'a damaged key (%j) stops the start in one line',
  async (key) => {
    writeFileSync(join(dataDir, 'server.key'), key);
    await expect(open()).rejects.toThrow(`${dataDir}/server.key: not a private key of an elliptic curve`);
  },
);

const callers: Record<string, (port: number) => Socket> = {
  'it showed no certificate: no enrolled PC': (port) => connectTls({ port, rejectUnauthorized: false }),
  'it speaks no TLS 1.3': (port) => connectTls({ port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' }),
  'it speaks no TLS': (port) =>
    connect(port).on('connect', function (this: Socket) {
      this.write('GET / HTTP/1.1\r\n\r\n');
    }),
  'it went away before the handshake was over': (port) =>
    connect(port).on('connect', function (this: Socket) {
      this.end();
    }),
};

test.each(Object.keys(callers))(
  'of who comes without a handshake the log said "error:0A0000C7:SSL routines" or "socket hang up": %s',
  async (line) => {
    await open();
    const authority = await createAuthority('Sabha');
    writeFileSync(join(dataDir, 'server.pem'), (await authority.issueTo(text('server.csr'), { cn: 'broker', use: 'server' })).pem);
    const { server, trust, close } = await createTlsListener({ dataDir, clock, log: { info: say, warn: say, error: say } });
    trust([authority.root]);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const failed = once(server, 'tlsClientError');
    const socket = callers[line]?.((server.address() as AddressInfo).port).on('error', () => undefined);
    expect(whyNoHandshake((await failed)[0])).toBe(line);
    socket?.destroy();
    server.close();
    close();
  },
);

test.each([
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'it did not end the handshake in time'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'it does not believe the certificate of this broker'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'this broker has no certificate that it can show'],
  ['ERR_SSL_CERTIFICATE_VERIFY_FAILED', 'its certificate is not believed'],
  ['ERR_SSL_NEVER_SEEN', 'the handshake failed: ERR_SSL_NEVER_SEEN'],
])('%s is a word of the log too', (code, line) => {
  expect(whyNoHandshake(Object.assign(new Error('00CA:error:0A0000C7:SSL routines:x'), { code }))).toBe(line);
});
