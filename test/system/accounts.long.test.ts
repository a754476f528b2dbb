// @module-tag long
/** Tests accounts and tokens over HTTPS with the real processes, from the first start to the audit log. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { selfSigned } from '../certificate.ts';
import { createSite, isUp, type Site, sabha, startCentre } from './centre-under-test.ts';
import { freePorts } from './processes.ts';

const run = promisify(execFile);
const tls = selfSigned(['sabha.test', 'localhost']);
let port: number;
let site: Site;

beforeEach(async () => {
  [port = 0] = await freePorts(1);
  site = await createSite({ https: { host: '127.0.0.1', port, mqttPort: 0, names: ['sabha.test', 'localhost'] } });
  for (const [name, content] of Object.entries(tls)) writeFileSync(join(site.folder, `https.${name}`), content);
  Object.assign(site.env, { SABHA_HTTPS_KEY: join(site.folder, 'https.key'), SABHA_HTTPS_CERT: join(site.folder, 'https.cert') });
});
afterEach(() => site.remove());

/** Sends a request over HTTPS. Returns the response and, after a sign-in, its cookie. */
async function ask(path: string, { cookie = '', body }: { cookie?: string; body?: object } = {}) {
  const headers = { host: `sabha.test:${port}`, cookie, ...(body && { 'content-type': 'application/json' }) };
  const options = { host: '127.0.0.1', port, path, method: body ? 'POST' : 'GET', ca: tls.cert, servername: 'sabha.test', headers };
  const asked = request({ ...options, agent: false }).end(body && JSON.stringify(body));
  const [response] = await once(asked, 'response');
  const given = await text(response);
  const [set = ''] = response.headers['set-cookie'] ?? [];
  return { status: response.statusCode as number, body: given === '' ? null : JSON.parse(given), cookie: set.split(';')[0] };
}

const said = async (...args: string[]) => (await sabha(site, ...args)).json;

test('the first start names the file of the first password, people sign in and act under their names, and sessions survive a restart', async () => {
  const first = startCentre(site);
  await isUp(first);
  await first.says(`https://sabha.test:${port}, with an account`);
  const { file } = (await first.says('the account "admin" was made')) as unknown as { file: string };
  expect([file, statSync(file).mode & 0o777]).toEqual([join(site.data, 'flows', 'first-secret'), 0o600]);
  const secret = readFileSync(file, 'utf8').trim();
  expect((await ask('/api/snapshot')).status).toBe(401);
  const entered = await ask('/api/login', { body: { name: 'admin', password: secret } });
  expect(entered).toMatchObject({ status: 200, body: { name: 'admin', role: 'central', once: true } });
  const choose = (password: string) => ask('/api/password', { cookie: entered.cookie, body: { old: secret, password } });
  expect([(await choose('aaaaaaaaaaaa')).status, existsSync(file)]).toEqual([400, true]);
  const chosen = await choose('correct horse battery');
  expect([chosen.status, existsSync(file)]).toEqual([200, false]);
  const admin = chosen.cookie;

  const made = await said('accounts', 'add', 'asha', '--role', 'state', '--scope', 'capital');
  const own = await ask('/api/login', { body: { name: 'asha', password: made.secret } });
  const asha = (await ask('/api/password', { cookie: own.cookie, body: { old: made.secret, password: 'another good horse' } })).cookie;
  expect((await ask('/api/rollcalls', { cookie: asha, body: { scope: 'capital', by: 'somebody else' } })).status).toBe(201);
  expect((await ask('/api/rollcalls', { cookie: asha, body: { scope: '' } })).status).toBe(403);
  await first.stop();
  expect(first.lines.filter((line) => JSON.stringify(line).includes(secret))).toEqual([]);

  const second = startCentre(site);
  await isUp(second);
  expect((await ask('/api/me', { cookie: admin })).body).toEqual({
    name: 'admin',
    role: 'central',
    scope: '',
    once: false,
    names: ['admin'],
  });
  expect((await ask('/api/snapshot', { cookie: asha })).status).toBe(200);
  await said('accounts', 'remove', 'asha');
  expect((await ask('/api/snapshot', { cookie: asha })).status).toBe(401);
  expect(await said('accounts', 'list')).toMatchObject([{ name: 'admin', once: false }]);
  await second.stop();
  expect(second.lines.filter((line) => line.msg.includes('there was no account'))).toEqual([]);

  const ledger = new DatabaseSync(join(site.data, 'flows', 'ledger.db'));
  const audit = ledger
    .prepare('SELECT who, what, about FROM audit ORDER BY id')
    .all()
    .map((row) => Object.values(row).join(' | '));
  ledger.close();
  expect(audit).toEqual([
    'sabha.json | site of the settings | capital/this-office',
    'first start | account made | admin: central of the nation',
    'admin | logged in | 127.0.0.1',
    'admin | password chosen | admin',
    'server-cli | account made | asha: state of capital',
    'asha | logged in | 127.0.0.1',
    'asha | password chosen | asha',
    'asha | roll call | capital',
    'server-cli | account removed | asha',
  ]);
});

test('a token works over HTTPS from another machine and on loopback until it is revoked; loopback without a token is refused', async () => {
  const centre = startCentre(site);
  await isUp(centre);
  expect(centre.lines.filter(({ msg }) => msg.includes('no sign-in'))).toEqual([]);
  const plain = `http://127.0.0.1:${site.ports.api}`;
  const statusOf = async (path: string, init?: RequestInit) => (await fetch(`${plain}${path}`, init)).status;
  const forged = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'asha.devi', name: 'x', role: 'central' }),
  };
  expect([await statusOf('/readyz'), await statusOf('/api/snapshot'), await statusOf('/api/accounts', forged)]).toEqual([200, 401, 401]);
  await centre.says('the API of flows answers');
  expect([statSync(join(site.data, 'cli.token')).mode & 0o777, statSync(join(site.data, 'dashboards/api.token')).mode & 0o777]).toEqual([
    0o600, 0o600,
  ]);

  const made = await said('tokens', 'add', 'desk', '--role', 'state', '--scope', 'capital', '--days', '7');
  const remote = (...args: string[]) => elsewhere(args, { SABHA_API: `https://localhost:${port}`, SABHA_TOKEN: made.secret });
  expect(JSON.parse((await remote('pcs', 'list', '--json')).out)).toMatchObject([{ pc: 'capital/this-office/this-pc' }]);
  await remote('rollcall', 'start', '--scope', 'capital', '--by', 'asha.devi');
  expect(await remote('accounts', 'list')).toMatchObject({ code: 1, err: 'an account with the role "state" may not do this\n' });
  const stranger = await elsewhere(['pcs', 'list'], { SABHA_API: `https://localhost:${port}`, NODE_EXTRA_CA_CERTS: '' });
  expect(stranger.err).toContain(`the certificate of the server at https://localhost:${port} is not trusted here`);
  const local = (...args: string[]) => elsewhere(args, { SABHA_API: plain });
  expect((await local('pcs', 'list')).err).toBe('a token is needed: set SABHA_TOKEN\n');

  await said('tokens', 'revoke', 'desk');
  expect(await remote('pcs', 'list')).toMatchObject({ code: 1, err: 'this token is unknown, revoked or expired\n' });
  expect(await said('tokens', 'list')).toMatchObject([{ name: 'server-cli' }, { name: 'server-exporter' }]);
  const acts = (await said('audit', 'log')).map(({ who, what }: { who: string; what: string }) => `${who}: ${what}`);
  expect(acts).toEqual(expect.arrayContaining(['server-cli: token made', 'desk: roll call', 'server-cli: token revoked']));
  expect(acts.join()).not.toContain('asha.devi');
  await centre.stop();
});

/** Runs `sabha` without a data folder, as on another machine. */
function elsewhere(args: string[], env: Record<string, string>): Promise<{ code: number; out: string; err: string }> {
  const all = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(site.folder, 'https.cert'), ...env };
  return run(process.execPath, ['flows/api/cli/cli.ts', ...args], { env: all }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
  );
}
