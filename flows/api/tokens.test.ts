/** Tokens of programs, by HTTPS and on loopback, and the responses on loopback without a token. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { hashToken, proofFor, proveServer } from '@sabha/contracts';
import { toJsonSchema } from '@valibot/to-json-schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../../test/certificate.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { openTestApi } from './routes.test-helper.ts';
import { routes } from './routes.ts';
import { emptyAccounts, emptySiteOrders, microphoneGone, type ScriptedView, scriptedView, wellSite } from './scripted-view.test-helper.ts';
import type { Api } from './server.ts';

/** `token: null` sends no token. */
type TokenRequest = { body?: object; token?: string | null };
const tls = selfSigned(['sabha.test']);
const command = 'the token of the command';
const gone = [401, 'this token is unknown, revoked or expired'];
let now: number;
let view: ScriptedView;
let accounts: ReturnType<typeof emptyAccounts>;
let api: Api;

beforeEach(async () => {
  now = Date.now();
  view = scriptedView();
  view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa' }));
  view.state.incidents = [microphoneGone(now), microphoneGone(now, { id: 8, scope: 'goa/panaji/vc-1' })];
  accounts = emptyAccounts({ now: () => now, programs: [{ name: 'server-cli', role: 'central', hash: hashToken(command) }] });
  await start(true);
});
afterEach(() => api.close());

async function start(hasHttps: boolean): Promise<void> {
  const https = hasHttps ? { host: '127.0.0.1', port: 0, names: ['sabha.test'], tls } : undefined;
  api = await openTestApi({ https, accounts, view, siteOrders: emptySiteOrders(smallTree()), updatesDir: 'flows' });
}

/** Sends a request on loopback, by default with the token of the command line. A body makes it a POST. */
async function plain(path: string, { body, token = command }: TokenRequest = {}): Promise<{ status: number; body: string }> {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...(token !== null && { authorization: `Bearer ${token}` }) };
  const asked = { headers, redirect: 'manual' as const, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
  const answer = await fetch(`http://127.0.0.1:${api.port}${path}`, asked);
  return { status: answer.status, body: await answer.text() };
}

/** Sends a request by HTTPS and returns the response before its body is read. */
async function opened(path: string, { body, token = null }: TokenRequest) {
  const headers = {
    host: `sabha.test:${api.httpsPort}`,
    ...(body && { 'content-type': 'application/json' }),
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };
  const agent = new Agent({ ca: tls.cert, servername: 'sabha.test' });
  const asked = request({ agent, host: '127.0.0.1', port: api.httpsPort ?? 0, path, method: body ? 'POST' : 'GET', headers });
  asked.on('error', () => {}).end(body && JSON.stringify(body));
  const [response] = await once(asked, 'response');
  return response;
}

async function ask(path: string, asked: TokenRequest): Promise<{ status: number; body: string }> {
  const response = await opened(path, asked);
  return { status: response.statusCode, body: await text(response) };
}
const lineOf = ({ status, body }: { status: number; body: string }) => [status, JSON.parse(body).error];

const grant = { name: 'grafana', role: 'reader', scope: 'ladakh', days: 30 };
const post = (path: string, body: object = {}) => plain(path, { body: { by: 'asha.devi', ...body } });
async function make(more: object = {}): Promise<string> {
  const made = await post('/api/program-tokens', { ...grant, ...more });
  expect(made.status).toBe(201);
  return JSON.parse(made.body).secret;
}
const audit = () => accounts.committed.flatMap((op) => (op.op === 'audit' ? [`${op.who}: ${op.what}, ${op.about}`] : []));

describe('loopback listener', () => {
  test('the loopback listener returns 401 without a token on every route except health, if HTTPS is set', async () => {
    const health = ['/healthz', '/readyz'];
    for (const path of health) expect([path, (await plain(path, { token: null })).status]).toEqual([path, 200]);
    const paths = JSON.parse(readFileSync('flows/api/openapi.json', 'utf8')).paths as Record<string, object>;
    const routes = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })));
    const files = ['/', '/login.html', '/style.css', '/link-test', '/updates/manifest.json', '/nothing'];
    const others = [...routes.filter(({ path }) => !health.includes(path)), ...files.map((path) => ({ method: 'get', path }))];
    for (const { method, path } of others) {
      const answer = await plain(path, { token: null, ...(method === 'post' && { body: { by: 'asha.devi' } }) });
      expect([method, path, ...lineOf(answer)]).toEqual([method, path, 401, 'a token is needed here; people sign in over HTTPS']);
    }
    expect(accounts.committed).toEqual([]);
  });

  test.each([true, false])(
    'the loopback listener proves to a client that it knows the token of this server, with HTTPS %s',
    async (hasHttps) => {
      await api.close();
      await start(hasHttps);
      const address = `http://127.0.0.1:${api.port}`;
      await proveServer(address, { name: 'server-cli', text: command });
      const line = `another program listens on 127.0.0.1:${api.port}, the token was not sent`;
      for (const other of [
        { name: 'server-cli', text: 'a guess' },
        { name: 'nobody', text: command },
      ])
        await expect(proveServer(address, other)).rejects.toThrow(line);
      const headers = { 'sabha-challenge': 'server-cli:nonce', ...(hasHttps && { authorization: `Bearer ${command}` }) };
      const proofAt = async (path: string) => (await fetch(`${address}${path}`, { headers })).headers.get('sabha-proof');
      expect(await Promise.all(['/healthz', '/api/me'].map(proofAt))).toEqual([proofFor('server-cli:nonce', hashToken(command)), null]);
    },
  );

  test('the loopback listener acts under the name of the token, whatever `by` says', async () => {
    const byHeader = async (authorization: string) =>
      (await fetch(`http://127.0.0.1:${api.port}/api/me`, { headers: { authorization } })).status;
    expect([await byHeader(`bearer ${command}`), await byHeader(`Basic ${command}`)]).toEqual([200, 401]);
    expect((await post('/api/accounts', { name: 'anil', role: 'central' })).status).toBe(201);
    expect((await post('/api/incidents/7/acknowledge')).status).toBe(204);
    expect(view.incident(7)?.acknowledged?.by).toBe('server-cli');
    expect(audit()).toEqual(['server-cli: account made, anil: central of the nation']);
  });

  test('the loopback listener needs no token without HTTPS, and acts with the role central under the name in the request', async () => {
    await api.close();
    await start(false);
    const me = { name: null, role: 'central', scope: '', once: false, names: [] };
    expect(JSON.parse((await plain('/api/me', { token: null })).body)).toEqual(me);
    expect((await plain('/api/incidents/7/acknowledge', { token: null, body: { by: 'Anil' } })).status).toBe(204);
    expect(view.incident(7)?.acknowledged?.by).toBe('Anil');
    expect((await plain('/api/login', { token: null, body: { name: 'a', password: 'b' } })).status).toBe(404);
  });
});

test('the body of every POST may have `by`, which the server replaces by the name of the account or token', () => {
  const bodies = routes.flatMap(({ method, path, definition: { body, right } }) =>
    method === 'post' && body && !right.open ? [{ path, body }] : [],
  );
  const without = bodies.filter(
    ({ body }) => !('by' in JSON.parse(JSON.stringify(toJsonSchema(body, { errorMode: 'ignore' }))).properties),
  );
  expect([bodies.length > 30, without.map(({ path }) => path)]).toEqual([true, []]);
});

describe('token of a program (instead of a password)', () => {
  test('a program token acts by HTTPS with its role, scope and name', async () => {
    const token = await make({ name: 'desk', role: 'state' });
    expect(JSON.parse((await ask('/api/me', { token })).body)).toMatchObject({ name: 'desk', role: 'state', scope: 'ladakh' });
    expect((await ask('/api/incidents/7/acknowledge', { token, body: { by: 'asha' } })).status).toBe(204);
    expect(view.incident(7)?.acknowledged?.by).toBe('desk');
    expect((await ask('/api/incidents/8/acknowledge', { token, body: {} })).status).toBe(404);
    expect((await ask('/api/accounts', { token, body: { name: 'x', role: 'central' } })).status).toBe(403);
    const { body } = await ask('/api/incidents', { token });
    expect([body.includes('leh'), body.includes('goa')]).toEqual([true, false]);
  });

  test.each(['reader', 'node-red'])('a program token with the role %s can only read', async (role) => {
    const token = await make({ role });
    expect((await ask('/api/snapshot', { token })).status).toBe(200);
    expect((await ask('/api/incidents/7/acknowledge', { token, body: {} })).status).toBe(403);
  });

  test('a program token is refused in one line after its revocation and after its last day', async () => {
    const [token, other] = [await make(), await make({ name: 'other', days: 2 })];
    expect((await ask('/api/snapshot', { token })).status).toBe(200);
    expect((await post('/api/program-tokens/grafana/revoke')).status).toBe(204);
    for (const answer of [await ask('/api/snapshot', { token }), await plain('/api/snapshot', { token })])
      expect(lineOf(answer)).toEqual(gone);
    now += 2 * 86_400_000;
    expect((await ask('/api/snapshot', { token: other })).status).toBe(200);
    now += 1;
    expect(lineOf(await ask('/api/snapshot', { token: other }))).toEqual(gone);
    expect(lineOf(await ask('/api/snapshot', { token: 'a guess' }))).toEqual(gone);
  });

  test('a program token with the role state is valid everywhere if its scope is "all"', async () => {
    const token = await make({ name: 'desk', role: 'state', scope: 'all' });
    expect(JSON.parse((await ask('/api/me', { token })).body)).toMatchObject({ role: 'state', scope: '' });
  });

  test('a program token is valid on loopback only, if it belongs to the server itself', async () => {
    expect((await plain('/api/me', { token: command })).status).toBe(200);
    for (const path of ['/api/me', '/api/snapshot', '/api/accounts']) expect(lineOf(await ask(path, { token: command }))).toEqual(gone);
  });

  test('a program token appears in no list and no audit row, and the audit names who made and who revoked it', async () => {
    const token = await make();
    const list = (await plain('/api/program-tokens')).body;
    const own = { name: 'grafana', role: 'reader', scope: 'ladakh', madeAt: now, endsAt: now + 30 * 86_400_000 };
    expect(JSON.parse(list)).toEqual([own, { name: 'server-cli', role: 'central', scope: '', madeAt: 0, endsAt: null }]);
    expect((await plain('/api/accounts')).body).toBe('[]');
    await post('/api/program-tokens/grafana/revoke');
    expect(audit()).toEqual(['server-cli: token made, grafana: reader of ladakh, for 30 days', 'server-cli: token revoked, grafana']);
    expect(list + JSON.stringify(accounts.committed)).not.toContain(token);
  });

  test.each([
    [{ role: 'owner' }, [400, /^role: .*found "owner"$/]],
    [{ scope: 'kerala' }, [404, /^there is no kerala$/]],
    [{ scope: 'ladakh/leh/vc-1' }, [400, /^scope: /]],
    [{ role: 'central' }, [400, /central is for everywhere/]],
    [{ role: 'state', scope: '' }, [400, /^scope: the role state needs its part of the tree, or "all"$/]],
    [{ days: 0 }, [400, /^days: .*found 0$/]],
    [{ days: 367 }, [400, /^days: .*found 367$/]],
    [{ days: 1.5 }, [400, /^days: .*found 1\.5$/]],
    [{ name: 'Grafana 2' }, [400, /^name: .*lower-case/]],
    [{ name: 'meera' }, [409, /^there is an account "meera" already$/]],
    [{ name: 'server-cli' }, [409, /^there is a token "server-cli" already$/]],
  ] as const)('a program token with %j is refused in one line', async (wrong, [status, line]) => {
    await accounts.add({ name: 'meera', role: 'reader', scope: '' }, 'anil');
    expect(lineOf(await post('/api/program-tokens', { ...grant, ...wrong }))).toEqual([status, expect.stringMatching(line)]);
  });
});
