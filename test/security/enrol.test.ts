/** Tests the function `enrol` with a correct server and with faulty ones. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeEnrolCode } from '@sabha/contracts';
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { enrol, refreshRoots, renew } from '../../agent/identity/enrol.ts';
import { type Identity, openIdentity } from '../../agent/identity/identity.ts';
import { type Authority, createAuthority } from './authority.ts';
import { type CentreOptions, derOf, startCentreOfCertificates } from './centre-of-certificates.ts';

const pc = 'ladakh/leh/pc-1';
const name = 'ladakh.leh.pc-1';
let authority: Authority;
let other: Authority;
let folder: string;

beforeAll(async () => {
  authority = await createAuthority('Sabha one');
  other = await createAuthority('Sabha two');
});
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'enrol-')), 'data', 'identity');
});
afterEach(() => rmSync(join(folder, '../..'), { recursive: true }));

async function centre(more: Partial<CentreOptions> = {}) {
  const started = await startCentreOfCertificates({ authority, pc: name, mqttPort: 8883, ...more });
  onTestFinished(started.stop);
  return started;
}

function ask(at: { port: number; code: string }, more: Partial<Parameters<typeof enrol>[0]> = {}) {
  return enrol({ code: at.code, centre: { host: 'localhost', port: at.port }, pc, folder, again: false, ...more });
}

async function enrolled(at: { port: number; code: string }): Promise<Identity> {
  const done = await ask(at);
  if (!done.ok) throw new Error(done.line);
  return done.value;
}

test('key, certificate, roots and server address are readable by this user only, and the key is never sent', async () => {
  const at = await centre();
  const identity = await enrolled(at);
  expect(identity).toMatchObject({
    pc,
    centre: { host: 'localhost', mqttPort: 8883, enrolPort: at.port, centreKey: null },
    roots: [authority.root],
  });
  expect(readdirSync(folder).sort()).toEqual(['centre.json', 'certificate.pem', 'key.pem', 'roots.pem']);
  expect([folder, join(folder, 'key.pem')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  expect(readdirSync(join(folder, '..'))).toEqual(['identity']);
  expect(openIdentity(folder)).toMatchObject({ ok: true, value: { pc, key: identity.key, chain: identity.chain } });
  const text = readFileSync(join(folder, 'certificate.pem'), 'utf8');
  expect(new X509Certificate(text).publicKey.equals(createPublicKey(identity.key))).toBe(true);
  expect(text.match(/BEGIN/g)).toHaveLength(1);
});

test('an existing identity is kept; --again creates a new key and a new enrolment id', async () => {
  const at = await centre();
  const first = await enrolled(at);
  // The last line says which PC this is and what to do next.
  const next = `npm run agent -- run --data ${dirname(folder)}`;
  const line = `this PC is enrolled already as ${pc} (${folder}); next: ${next} (a new key only after "pcs replace ${pc}" at the server: then with --again)`;
  expect(await ask(at)).toEqual({ ok: false, line });
  expect(openIdentity(folder)).toMatchObject({ value: { key: first.key } });
  const second = await ask(at, { again: true });
  expect(second.ok && second.value.key !== first.key).toBe(true);
  expect(first.centre.enrolment).toMatch(/^\w+$/);
  expect(second).toMatchObject({ value: { centre: { enrolment: expect.not.stringMatching(`^${first.centre.enrolment}$`) } } });
  expect(openIdentity(folder)).toEqual(second);
});

test('a server that does not match the code gets no secret', async () => {
  const rogue = await centre({ authority: other });
  const code = writeEnrolCode(Buffer.alloc(13, 7), derOf(authority.root));
  expect(await ask(rogue, { code })).toEqual({
    ok: false,
    line: `localhost:${rogue.port} is not the server that gave this code`,
    cause: 'pin',
  });
  // A server that presents our public root but does not have the key of that root.
  const cunning = await centre({ authority: other, roots: [authority.root] });
  expect(await ask(cunning, { code })).toMatchObject({ ok: false, line: expect.stringContaining(`localhost:${cunning.port}: `) });
  expect([...rogue.state.asked, ...cunning.state.asked]).toEqual(['/.well-known/est/cacerts', '/.well-known/est/cacerts']);
  expect(existsSync(folder)).toBe(false);
});

test.each<[string, string, [number, string], RegExp]>([
  ['a refusal', 'est/simpleenroll', [401, 'no such code\n<b>'], /answered 401: no such code/],
  ['no list', 'est/cacerts', [200, 'hello'], /the answer of \/.well-known\/est\/cacerts cannot be read/],
  ['an endless answer', 'est/cacerts', [200, 'A'.repeat(1_000_000)], /the answer is too long/],
  ['no place', 'sabha/centre', [200, '{"mqtt":{"port":0}}'], /sabha\/centre cannot be read/],
  ['no key', 'sabha/centre', [200, '{"mqtt":{"port":1},"centreKey":"k"}'], /sabha\/centre cannot be read/],
])('the enrolment reports %s of %s in one line and stores nothing', async (_what, path, answer, line) => {
  const at = await centre();
  at.state.answers[`/.well-known/${path}`] = answer;
  const done = await ask(at);
  expect(done).toMatchObject({ ok: false, line: expect.stringMatching(line) });
  expect(!done.ok && done.line.includes('\n')).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test.each([
  ['for another PC', { cn: 'ladakh.leh.pc-2', use: 'client' as const }, 'a certificate for another PC'],
  ['not made for clients', { cn: name, use: 'server' as const }, 'a certificate that is not for the broker'],
])('the enrolment refuses a certificate %s', async (_what, wanted, line) => {
  const at = await centre();
  at.state.wanted = wanted;
  expect(await ask(at)).toEqual({ ok: false, line: `localhost:${at.port} answered ${line}` });
  expect(existsSync(folder)).toBe(false);
});

test('after a lost response the same code is sent again with the same key, which is readable by its owner only', async () => {
  const at = await centre();
  at.state.answers['/.well-known/est/simpleenroll'] = [503, 'lost'];
  expect((await ask(at)).ok).toBe(false);
  const waiting = readFileSync(`${folder}.key`, 'utf8');
  expect(statSync(`${folder}.key`).mode & 0o777).toBe(0o600);
  expect(openIdentity(folder)).toEqual({ ok: true, value: undefined });
  delete at.state.answers['/.well-known/est/simpleenroll'];
  expect((await enrolled(at)).key).toBe(waiting);
  expect(existsSync(`${folder}.key`)).toBe(false);
});

test('an invalid code, a closed port and an unusable folder are each reported in one line', async () => {
  const at = await centre();
  expect(await ask(at, { code: 'ABC' })).toMatchObject({ ok: false, line: expect.stringContaining('the enrolment code') });
  await at.stop();
  expect(await ask(at)).toMatchObject({
    ok: false,
    line: expect.stringMatching(/^localhost:\d+: nothing listens on this port: check address and port$/),
    cause: 'silence',
  });
  const next = await centre();
  rmSync(join(folder, '..'), { recursive: true });
  writeFileSync(join(folder, '..'), 'a file');
  expect(await ask(next)).toEqual({ ok: false, line: `${folder}: cannot be written: ENOTDIR` });
  expect(next.state.asked).toEqual([]);
});

test.each<[string, (socket: Socket) => void, RegExp]>([
  ['speaks no TLS', (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'), /this is not the Sabha server: check address and port$/],
  ['refuses TLS', (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])), /this is not the Sabha server: check address and port$/],
  ['cuts the connection', (socket) => socket.resetAndDestroy(), /the connection was cut: check the port/],
])('the enrolment reports a server that %s in one line, with the first thing to check', async (_what, meets, line) => {
  const at = await centre();
  const stranger = createServer(meets).listen(0);
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
  const { port } = stranger.address() as AddressInfo;
  const done = await ask({ ...at, port });
  expect(done).toMatchObject({ ok: false, line: expect.stringMatching(line) });
  expect(done.ok || done.line).not.toMatch(/[A-Z]{4}|routines|getaddrinfo/);
});

test('a renewal sends a new key with the old certificate and updates the roots', async () => {
  const at = await centre();
  const first = await enrolled(at);
  at.state.roots = [authority.root, other.root];
  const second = await renew(first, folder);
  expect(second).toMatchObject({ ok: true, value: { pc, centre: first.centre, roots: [authority.root, other.root] } });
  expect(second.ok && second.value.key !== first.key).toBe(true);
  expect(openIdentity(folder)).toEqual(second);
  at.state.answers['/.well-known/est/simplereenroll'] = [403, 'revoked'];
  expect(await renew(first, folder)).toEqual({ ok: false, line: `localhost:${at.port} answered 403: revoked` });
  expect(openIdentity(folder)).toEqual(second);
});

test('a new root is accepted from a server that an old root verifies', async () => {
  const at = await centre();
  const identity = await enrolled(at);
  expect(await refreshRoots(identity, folder)).toEqual({ ok: true, value: identity });
  at.state.roots = [other.root, authority.root];
  const fresh = await refreshRoots(identity, folder);
  expect(fresh).toMatchObject({ ok: true, value: { key: identity.key, roots: [other.root, authority.root] } });
  expect(openIdentity(folder)).toEqual(fresh);
});
