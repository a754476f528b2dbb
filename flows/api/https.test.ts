/** The HTTPS listener: without a session only the sign-in page and its files are served. */
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { serverSniName } from '@sabha/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../../test/certificate.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { openTestApi } from './routes.test-helper.ts';
import { emptyAccounts, emptySiteOrders, microphoneGone, type ScriptedView, scriptedView, wellSite } from './scripted-view.test-helper.ts';
import type { Api, ApiOptions } from './server.ts';

type HttpsResponse = { status: number; body: string; headers: Record<string, string | string[] | undefined> };
type HttpsRequest = { method?: string; body?: unknown; cookie?: string; headers?: Record<string, string> };
const own = 'correct horse battery';
let tls: { key: string; cert: string };
let view: ScriptedView;
let accounts: ReturnType<typeof emptyAccounts>;
let api: Api;
let agent: Agent;

beforeAll(async () => {
  tls = selfSigned(['sabha.test']);
});
beforeEach(async () => {
  view = scriptedView();
  view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa' }));
  view.state.incidents = [microphoneGone(Date.now()), microphoneGone(Date.now(), { id: 8, scope: 'goa/panaji/vc-1' })];
  accounts = emptyAccounts();
  agent = new Agent({ ca: tls.cert, servername: 'sabha.test', keepAlive: false });
  api = await start();
});
afterEach(() => api.close());
afterAll(() => agent.destroy());

function httpsOptions() {
  return { host: '127.0.0.1', port: 0, names: ['sabha.test'], tls };
}

function start(edit: Partial<ApiOptions> = {}): Promise<Api> {
  const log = { warn: () => {}, error: (...words: unknown[]) => void console.error(words) };
  return openTestApi({ https: httpsOptions(), accounts, view, siteOrders: emptySiteOrders(smallTree()), log, ...edit });
}

async function ask(path: string, { method = 'GET', body, cookie, headers = {} }: HttpsRequest = {}): Promise<HttpsResponse> {
  const port = api.httpsPort ?? 0;
  const sent = {
    host: `sabha.test:${port}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(cookie !== undefined && { cookie }),
    ...headers,
  };
  const asked = request({ agent, host: '127.0.0.1', port, path, method, headers: sent });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(asked, 'response');
  return { status: response.statusCode, body: await text(response), headers: response.headers };
}
const post = (path: string, body: unknown, cookie?: string) => ask(path, { method: 'POST', body, ...(cookie !== undefined && { cookie }) });
const lineOf = ({ status, body }: HttpsResponse) => [status, JSON.parse(body).error];

/** Creates an account, chooses its password, signs in, and returns the session cookie. */
async function person(name: string, role: 'reader' | 'state' | 'central', scope = ''): Promise<string> {
  const made = await accounts.add({ name, role, scope }, 'anil');
  if (!made.ok) throw new Error(made.line);
  await accounts.setOwnPassword({ name, address: 'test' }, made.secret, own);
  return cookieOf(await post('/api/login', { name, password: own }));
}

function cookieOf({ headers }: HttpsResponse): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}

/** Every route of the OpenAPI document, with ids that exist in the test data. */
const routes = Object.entries(
  JSON.parse(await import('node:fs').then((fs) => fs.readFileSync('flows/api/openapi.json', 'utf8'))).paths as object,
).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: filled(path) })));
function filled(path: string): string {
  return path
    .replace('incidents/{id}', 'incidents/7')
    .replace('{state}', 'ladakh')
    .replace('{site}', 'leh')
    .replace('{pc}', 'vc-1')
    .replace('{id}', 'call-1')
    .replace('{name}', 'asha');
}

test("after a renewal of the server's own certificate, browsers still get the organisation's certificate, and PCs the server's own", async () => {
  const organisation = selfSigned(['sabha.test'], 'Organisation');
  const roots = [selfSigned(['root'], 'Root').cert];
  const own = selfSigned(['sabha.test'], 'Sabha centre');
  await api.close();
  api = await start({ https: { ...httpsOptions(), tls: { ...own, ca: roots }, organisation } });
  expect([await shownTo('sabha.test'), await shownTo(serverSniName)]).toEqual(['CN=Organisation', 'CN=Sabha centre']);
  api.useTls({ ...selfSigned(['sabha.test'], 'Sabha centre renewed'), ca: roots });
  expect([await shownTo('sabha.test'), await shownTo(serverSniName)]).toEqual(['CN=Organisation', 'CN=Sabha centre renewed']);
});

async function shownTo(servername: string): Promise<string | undefined> {
  const socket = connectTls({ host: '127.0.0.1', port: api.httpsPort ?? 0, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.subject;
  socket.destroy();
  return shown;
}

describe('HTTPS API without a session', () => {
  test('without a session the HTTPS API refuses every route except sign-in with 401, before it reads the body', async () => {
    expect(routes.length).toBeGreaterThan(30);
    for (const { method, path } of routes.filter((one) => one.path !== '/api/login')) {
      const answer = await ask(path, { method, ...(method === 'POST' && { body: { by: 'x' } }) });
      expect([method, path, ...lineOf(answer)]).toEqual([method, path, 401, 'sign in first']);
    }
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE'])
      expect([method, (await ask('/api/sites', { method })).status]).toEqual([method, 401]);
    for (const cookie of ['__Host-sabha=', `__Host-sabha=${'x'.repeat(43)}`, `sabha=${'x'.repeat(43)}`])
      expect((await ask('/api/snapshot', { cookie })).status).toBe(401);
  });

  test('without a session the HTTPS API serves the sign-in page and its files, redirects wall pages to it, and refuses all other files', async () => {
    for (const name of [
      'login.html',
      'login.js',
      'words/words.js',
      'words/html.js',
      'words/preferences.js',
      'style.css',
      'icon.svg',
      'modules/preact.js',
    ])
      expect([name, (await ask(`/${name}`)).status]).toEqual([name, 200]);
    for (const path of ['/', '/index.html']) expect(await ask(path)).toMatchObject({ status: 302, headers: { location: '/login.html' } });
    for (const path of ['/wall.js', '/live/data.js', '/views.css', '/nothing', '/login.html/..', '/modules/..%2fwall.js'])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
  });

  test('S12 the HTTPS API does not serve the Node-RED editor, with or without a session', async () => {
    const cookie = await person('meera', 'central');
    for (const path of ['/flows', '/library/local/functions', '/settings', '/auth/token', '/red/red.js', '/nodes']) {
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
      expect([path, (await ask(path, { cookie })).status]).toEqual([path, 404]);
    }
  });

  test('the HTTPS API refuses a foreign Host or Origin, and a POST with the content type of a form', async () => {
    const cookie = await person('asha', 'state', 'ladakh');
    const port = api.httpsPort;
    const from = (headers: Record<string, string>) => ask('/api/snapshot', { cookie, headers }).then(({ status }) => status);
    expect(await from({ host: 'sabha.test' })).toBe(200);
    for (const host of ['evil.test', `127.0.0.1:${port}`, `localhost:${port}`, 'sabha.test:1', `sabha.test.evil:${port}`, ''])
      expect([host, await from({ host })]).toEqual([host, 403]);
    expect(await from({ origin: `https://sabha.test:${port}` })).toBe(200);
    for (const origin of [`http://sabha.test:${port}`, 'https://evil.test', 'null'])
      expect([origin, await from({ origin })]).toEqual([origin, 403]);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await ask('/api/login', { method: 'POST', body: {}, headers: { 'content-type': type } });
      expect(lineOf(answer)).toEqual([415, 'a POST must be application/json']);
    }
  });
});

describe('sign-in by HTTPS', () => {
  test('sign-in sets a cookie that is bound to this host, Secure, HttpOnly and SameSite=Strict', async () => {
    const made = await accounts.add({ name: 'asha', role: 'state', scope: 'ladakh' }, 'anil');
    const answer = await post('/api/login', { name: ' Asha ', password: made.ok ? made.secret : '' });
    expect(JSON.parse(answer.body)).toEqual({ name: 'asha', role: 'state', scope: 'ladakh', once: true });
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-sabha=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=604800$/),
    ]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('sign-in with a one-time secret allows only the choice of a password', async () => {
    const made = await accounts.add({ name: 'asha', role: 'central', scope: '' }, 'anil');
    const secret = made.ok ? made.secret : '';
    const cookie = cookieOf(await post('/api/login', { name: 'asha', password: secret }));
    expect(JSON.parse((await ask('/api/me?by=Meera', { cookie })).body)).toMatchObject({ once: true, names: ['Asha Devi', 'asha'] });
    for (const { method, path } of routes.filter((one) => !['/api/me', '/api/login', '/api/password', '/api/logout'].includes(one.path))) {
      const answer = await ask(path, { method, cookie, ...(method === 'POST' && { body: {} }) });
      expect([method, path, ...lineOf(answer)]).toEqual([method, path, 403, 'choose your own password first']);
    }
    expect(await ask('/', { cookie })).toMatchObject({ status: 302, headers: { location: '/login.html' } });
    const choose = (old: string, password: string) => post('/api/password', { old, password }, cookie);
    expect(lineOf(await choose(secret, 'short'))).toEqual([400, 'password: expected a length >=12, found 5']);
    expect(lineOf(await choose(secret, secret))).toEqual([400, 'password: choose one that differs from the old one']);
    expect(lineOf(await choose('wrong', own))).toEqual([401, 'name or password is wrong']);
    const chosen = await choose(secret, own);
    expect([chosen.status, JSON.parse(chosen.body).once]).toEqual([200, false]);
    expect((await ask('/api/me', { cookie })).status).toBe(401);
    expect((await ask('/', { cookie: cookieOf(chosen) })).status).toBe(200);
    expect((await ask('/wall.js', { cookie: cookieOf(chosen) })).status).toBe(200);
  });

  test('sign-in returns the same line for each wrong password, then 429 with a waiting time', async () => {
    await person('asha', 'reader');
    const guess = (name: string) => post('/api/login', { name, password: 'guess' });
    expect(lineOf(await guess('asha'))).toEqual(lineOf(await guess('nobody')));
    for (let nth = 0; nth < 4; nth += 1) await guess('asha');
    const answer = await guess('asha');
    expect([...lineOf(answer), answer.headers['retry-after']]).toEqual([429, 'too many wrong passwords: try again in 60 s', '60']);
  });

  test('sign-out ends the session, so its cookie is refused', async () => {
    const cookie = await person('asha', 'reader');
    expect((await ask('/api/snapshot', { cookie })).status).toBe(200);
    const answer = await post('/api/logout', {}, cookie);
    expect([answer.status, answer.headers['set-cookie']?.[0]]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await ask('/api/snapshot', { cookie })).status).toBe(401);
  });

  test('GET requests change no state', async () => {
    const cookie = await person('meera', 'central');
    const before = JSON.stringify([view.state, accounts.list(), accounts.committed]);
    for (const { path } of routes.filter(({ path, method }) => method === 'GET' && path !== '/api/stream')) await ask(path, { cookie });
    expect(JSON.stringify([view.state, accounts.list(), accounts.committed]).replace(/"at":\d+/g, '')).toBe(
      before.replace(/"at":\d+/g, ''),
    );
  });
});

describe('permissions of an account by HTTPS', () => {
  test.each([
    ['reader', '', { read: 200, audit: 200, act: 403, roll: 403, stage: 403, import: 403, tokens: 403, accounts: 403 }],
    ['reader', 'ladakh', { read: 200, audit: 403, act: 403, roll: 403, stage: 403, import: 403, tokens: 403, accounts: 403 }],
    ['state', 'ladakh', { read: 200, audit: 403, act: 204, roll: 201, stage: 409, import: 403, tokens: 403, accounts: 403 }],
    ['state', 'goa', { read: 200, audit: 403, act: 404, roll: 404, stage: 404, import: 403, tokens: 403, accounts: 403 }],
    ['central', '', { read: 200, audit: 200, act: 204, roll: 201, stage: 409, import: 422, tokens: 404, accounts: 200 }],
  ] as const)('an account with the role %s and the scope "%s" has exactly the permissions of its role', async (role, scope, may) => {
    const cookie = await person('asha', role, scope);
    const status = async (answer: Promise<HttpsResponse>) => (await answer).status;
    expect({
      read: await status(ask('/api/snapshot', { cookie })),
      audit: await status(ask('/api/audit', { cookie })),
      act: await status(post('/api/incidents/7/acknowledge', {}, cookie)),
      roll: await status(post('/api/rollcalls', { scope: 'ladakh' }, cookie)),
      stage: await status(post('/api/sites/ladakh/leh/stage', { stage: 'live' }, cookie)),
      import: await status(post('/api/sites/import', { csv: '' }, cookie)),
      tokens: await status(post('/api/tokens', { pcs: ['ladakh/leh/vc-9'] }, cookie)),
      accounts: await status(ask('/api/accounts', { cookie })),
    }).toEqual(may);
  });

  test('an account reads only its scope, and a path outside the scope returns 404 as if it did not exist', async () => {
    const cookie = await person('asha', 'state', 'ladakh');
    const json = async (path: string) => JSON.parse((await ask(path, { cookie })).body);
    expect((await json('/api/snapshot?pcs=all')).sites.map(({ site }: { site: string }) => site)).toEqual(['ladakh/leh']);
    expect((await json('/api/sites')).length).toBe(1);
    expect((await json('/api/incidents')).map(({ id }: { id: number }) => id)).toEqual([7]);
    for (const path of ['/api/incidents/8', '/api/sites/goa/panaji', '/api/sites/goa/panaji/history', '/api/profile/goa'])
      expect([path, (await ask(path, { cookie })).status]).toEqual([path, 404]);
    expect((await ask('/api/profile', { cookie })).status).toBe(403);
    expect((await ask('/api/profile/ladakh/leh', { cookie })).status).toBe(200);
    const table = (await ask('/api/sites/table.csv', { cookie })).body.split('\r\n').slice(1, -1);
    expect(table.length).toBeGreaterThan(1);
    expect(table.every((row) => row.startsWith('ladakh,'))).toBe(true);
  });

  test('`by` is the name of the account, whatever the body says', async () => {
    const cookie = await person('asha', 'state', 'ladakh');
    expect((await post('/api/incidents/7/acknowledge', { by: 'Meera' }, cookie)).status).toBe(204);
    expect((await post('/api/incidents/7/note', { text: 'new cable' }, cookie)).status).toBe(204);
    expect(view.incident(7)).toMatchObject({ acknowledged: { by: 'asha' }, notes: [{ by: 'asha', text: 'new cable' }] });
  });
});

describe('event stream by HTTPS', () => {
  /** Opens a stream. Returns the text received so far and whether the stream has ended. */
  async function open(cookie: string) {
    const port = api.httpsPort ?? 0;
    const headers = { host: `sabha.test:${port}`, cookie };
    const asked = request({ agent, host: '127.0.0.1', port, path: '/api/stream', headers }).end();
    asked.on('error', () => {});
    const [response] = await once(asked, 'response');
    const heard = { status: response.statusCode, text: '', isOver: false };
    response.on('data', (piece: Buffer) => {
      heard.text += piece;
    });
    response.on('error', () => {});
    response.on('close', () => {
      heard.isOver = true;
    });
    return heard;
  }

  test("the event stream sends only the account's scope, and ends at sign-out", async () => {
    const cookie = await person('asha', 'state', 'ladakh');
    const [own, other] = [await open(cookie), await open(await person('meera', 'reader', 'goa'))];
    view.change({ sites: [wellSite({ open: 4 })] });
    await expect.poll(() => own.text).toContain('"open":4');
    await post('/api/logout', {}, cookie);
    view.change({ sites: [wellSite({ open: 5 }), wellSite({ site: 'goa/panaji', state: 'goa', open: 6 })] });
    await expect.poll(() => [own.isOver, other.text.includes('"open":6')]).toEqual([true, true]);
    expect(own.text).not.toContain('"open":5');
    expect(own.text).not.toContain('goa');
    expect(other.text).not.toContain('leh');
    expect(other.isOver).toBe(false);
  });

  test('an account may have 16 event streams, and the limit of one account does not affect another', async () => {
    const [asha, meera] = [await person('asha', 'reader'), await person('meera', 'reader')];
    for (let nth = 0; nth < 16; nth += 1) expect((await open(asha)).status).toBe(200);
    expect(lineOf(await ask('/api/stream', { cookie: asha }))).toEqual([503, '16 streams of this account are open already']);
    expect((await open(meera)).status).toBe(200);
  });
});

describe('account management by HTTPS', () => {
  test('an account with the role central creates, renews and removes accounts, and a secret is shown only in the response', async () => {
    const cookie = await person('meera', 'central');
    const made = await post('/api/accounts', { name: 'asha', role: 'state', scope: 'ladakh' }, cookie);
    expect([made.status, JSON.parse(made.body)]).toEqual([201, { name: 'asha', secret: expect.stringMatching(/^[\w-]{20}$/) }]);
    const list = (await ask('/api/accounts', { cookie })).body;
    expect(JSON.parse(list)).toMatchObject([{ name: 'asha', role: 'state', scope: 'ladakh', once: true }, { name: 'meera' }]);
    expect(list).not.toMatch(/password|stamp|salt|key/);
    const renewed = await post('/api/accounts/asha/password', {}, cookie);
    expect(JSON.parse(renewed.body).secret).not.toBe(JSON.parse(made.body).secret);
    expect((await post('/api/accounts/asha/remove', {}, cookie)).status).toBe(204);
    expect(lineOf(await post('/api/accounts/asha/remove', {}, cookie))).toEqual([404, 'there is no account "asha"']);
    const who = accounts.committed.flatMap((op) => (op.op === 'audit' ? [`${op.who}: ${op.what}`] : []));
    expect(who.slice(-3)).toEqual(['meera: account made', 'meera: password reset', 'meera: account removed']);
  });
});

describe('S20 start of HTTPS with invalid settings', () => {
  test('HTTPS with an invalid or mismatched key pair, or with a port in use, rejects with one line and nothing listens', async () => {
    const other = selfSigned(['other.test']);
    const https = (edit: object) => ({ ...httpsOptions(), ...edit });
    for (const bad of [
      { ...tls, key: '' },
      { ...tls, cert: 'no certificate' },
      { ...tls, key: other.key },
    ]) {
      const begun = start({ https: https({ tls: bad }) });
      await expect(begun).rejects.toThrow(/^API: key and certificate for HTTPS cannot be used: [^\n]+$/);
    }
    const port = api.httpsPort ?? 0;
    const free = await start({ https: undefined });
    await free.close();
    await expect(start({ port: free.port, https: https({ port }) })).rejects.toThrow(
      `API: port ${port} on 127.0.0.1 is in use; stop the other program or set https.port in sabha.json`,
    );
    const { port: same, httpsPort, close } = await start({ port: free.port, https: undefined });
    expect([same, httpsPort, await close()]).toEqual([free.port, null, undefined]);
  });
});
