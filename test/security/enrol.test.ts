/** How a PC becomes known: `enrol` against a centre that keeps its word, and against those that do not. */
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

test('key, certificate, roots and the place of the centre are stored, for this user alone; the key was never sent', async () => {
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

test('an identity is not replaced unasked; --again makes another key, and is another time to be let in', async () => {
  const at = await centre();
  const first = await enrolled(at);
  // Who followed "--again replaces its key" was refused: who this PC is and what comes next is what a person wants to know.
  const next = `npm run agent -- run --data ${dirname(folder)}`;
  const line = `this PC is enrolled already as ${pc} (${folder}); next: ${next} (a new key only after "pcs replace ${pc}" at the centre: then with --again)`;
  expect(await ask(at)).toEqual({ ok: false, line });
  expect(openIdentity(folder)).toMatchObject({ value: { key: first.key } });
  const second = await ask(at, { again: true });
  expect(second.ok && second.value.key !== first.key).toBe(true);
  expect(first.centre.enrolment).toMatch(/^\w+$/);
  expect(second).toMatchObject({ value: { centre: { enrolment: expect.not.stringMatching(`^${first.centre.enrolment}$`) } } });
  expect(openIdentity(folder)).toEqual(second);
});

test('a centre that is not the one of the code is not believed: it hears no secret', async () => {
  const rogue = await centre({ authority: other });
  const code = writeEnrolCode(Buffer.alloc(13, 7), derOf(authority.root));
  expect(await ask(rogue, { code })).toEqual({
    ok: false,
    line: `localhost:${rogue.port} is not the centre that gave this code`,
    cause: 'pin',
  });
  // One that shows our root, which anybody may have, and holds no key of ours.
  const cunning = await centre({ authority: other, roots: [authority.root] });
  expect(await ask(cunning, { code })).toMatchObject({ ok: false, line: expect.stringContaining(`localhost:${cunning.port}: `) });
  expect([...rogue.state.asked, ...cunning.state.asked]).toEqual(['/.well-known/est/cacerts', '/.well-known/est/cacerts']);
  expect(existsSync(folder)).toBe(false);
});

test.each<[string, string, [number, string], RegExp]>([
  ['a refusal', 'est/simpleenroll', [401, 'no such code\n<b>'], /answered 401: no such code/],
  ['no list', 'est/cacerts', [200, 'hello'], /what \/.well-known\/est\/cacerts answered cannot be read/],
  ['an endless answer', 'est/cacerts', [200, 'A'.repeat(1_000_000)], /the answer is too long/],
  ['no place', 'sabha/centre', [200, '{"mqtt":{"port":0}}'], /sabha\/centre answered cannot be read/],
  ['no key', 'sabha/centre', [200, '{"mqtt":{"port":1},"centreKey":"k"}'], /sabha\/centre answered cannot be read/],
])('%s of %s is one line, and nothing is stored', async (_what, path, answer, line) => {
  const at = await centre();
  at.state.answers[`/.well-known/${path}`] = answer;
  const done = await ask(at);
  expect(done).toMatchObject({ ok: false, line: expect.stringMatching(line) });
  expect(!done.ok && done.line.includes('\n')).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test.each([
  ['for another PC', { cn: 'ladakh.leh.pc-2', use: 'client' as const }, 'a certificate for another PC'],
  ['not made for clients', { cn: name, use: 'server' as const }, 'a certificate that opens no broker'],
])('a certificate %s is not taken', async (_what, wanted, line) => {
  const at = await centre();
  at.state.wanted = wanted;
  expect(await ask(at)).toEqual({ ok: false, line: `localhost:${at.port} answered ${line}` });
  expect(existsSync(folder)).toBe(false);
});

test('after an answer that was lost the same code is asked with the same key, which nobody else can read and which is no identity yet', async () => {
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

test('a wrong code, a port where nobody listens and a folder that will not do are one line', async () => {
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
  ['speaks no TLS', (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'), /does not speak as the centre does: check address and port$/],
  [
    'refuses TLS',
    (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
    /does not speak as the centre does: check address and port$/,
  ],
  ['cuts the connection', (socket) => socket.resetAndDestroy(), /the connection was cut: perhaps a firewall between/],
])('somebody who %s showed the words of OpenSSL: one line says what to look at', async (_what, meets, line) => {
  const at = await centre();
  const stranger = createServer(meets).listen(0);
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
  const { port } = stranger.address() as AddressInfo;
  const done = await ask({ ...at, port });
  expect(done).toMatchObject({ ok: false, line: expect.stringMatching(line) });
  expect(done.ok || done.line).not.toMatch(/[A-Z]{4}|routines|getaddrinfo/);
});

test('a renewal is a new key by the old certificate, and brings the roots of today', async () => {
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

test('another root is taken over from a centre that is believed by one of those before', async () => {
  const at = await centre();
  const identity = await enrolled(at);
  expect(await refreshRoots(identity, folder)).toEqual({ ok: true, value: identity });
  at.state.roots = [other.root, authority.root];
  const fresh = await refreshRoots(identity, folder);
  expect(fresh).toMatchObject({ ok: true, value: { key: identity.key, roots: [other.root, authority.root] } });
  expect(openIdentity(folder)).toEqual(fresh);
});
