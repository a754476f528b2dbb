/** Sign-in through OpenID Connect: from the sign-in page to the provider, back, and to a session. */
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { OpenIdSettings } from '@sabha/contracts';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { selfSigned } from '../../test/certificate.ts';
import { createOpenId } from '../pki/accounts/openid.ts';
import { startIssuer, type TestIssuer } from './issuer.test-helper.ts';
import { openTestApi } from './routes.test-helper.ts';
import { emptyAccounts } from './scripted-view.test-helper.ts';
import type { Api } from './server.ts';

let tls: { key: string; cert: string };
let issuer: TestIssuer;
let accounts: ReturnType<typeof emptyAccounts>;
let api: Api;
let agent: Agent;
let warned: string[];
let settings: OpenIdSettings;
let up: number;

beforeAll(() => {
  tls = selfSigned(['sabha.test']);
});
beforeEach(async () => {
  issuer = await startIssuer();
  accounts = emptyAccounts();
  warned = [];
  up = 0;
  agent = new Agent({ ca: tls.cert, servername: 'sabha.test', keepAlive: false });
  settings = {
    issuer: issuer.at,
    clientId: 'sabha',
    secretFile: '',
    scope: 'openid email',
    nameClaim: 'email',
    claim: 'groups',
    grants: [
      { value: 'sabha-ladakh', role: 'state', scope: 'ladakh' },
      { value: 'sabha-central', role: 'central', scope: '' },
    ],
  };
  const openid = createOpenId({ settings, secret: 'clientsecret', up: () => up });
  const https = { host: '127.0.0.1', port: 0, names: ['sabha.test'], tls, openid };
  const log = { warn: (...words: unknown[]) => void warned.push(String(words[1])), error: () => {} };
  api = await openTestApi({ https, accounts, log });
});
afterEach(async () => {
  await api.close();
  await issuer.close();
});

async function get(path: string, cookie = '') {
  const headers = { host: `sabha.test:${api.httpsPort}`, cookie };
  const [response] = await once(request({ agent, host: '127.0.0.1', port: api.httpsPort, path, headers }).end(), 'response');
  const cookies = ((response.headers['set-cookie'] ?? []) as string[]).map((one) => one.split(';')[0] ?? '');
  return {
    status: response.statusCode as number,
    location: String(response.headers.location ?? ''),
    cookies,
    set: response.headers['set-cookie'],
    body: await text(response),
  };
}

/** Acts as the browser: follows the redirect to the provider, signs in, and returns the callback address. */
async function begin() {
  const begun = await get('/api/openid');
  const there = await fetch(begun.location, { redirect: 'manual' });
  const back = new URL(there.headers.get('location') ?? '');
  return { begun, back: `${back.pathname}${back.search}`, state: begun.cookies[0] ?? '' };
}
async function enter() {
  const { back, state } = await begin();
  return get(back, state);
}
const sessionOf = ({ cookies }: { cookies: string[] }) => cookies.find((one) => one.startsWith('__Host-sabha=')) ?? '';
const who = async (session: string) => JSON.parse((await get('/api/me', session)).body);

test('a person whom the identity provider confirms gets the role and scope of the first matching grant', async () => {
  expect(JSON.parse((await get('/api/login')).body)).toEqual({ openid: true, directory: new URL(issuer.at).host });
  const { begun, back, state } = await begin();
  const asked = new URL(begun.location).searchParams;
  expect(Object.fromEntries(asked)).toMatchObject({
    response_type: 'code',
    client_id: 'sabha',
    redirect_uri: `https://sabha.test:${api.httpsPort}/api/openid/back`,
    code_challenge_method: 'S256',
  });
  expect(begun.set).toEqual([expect.stringMatching(/; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/)]);
  const entered = await get(back, state);
  expect([entered.status, entered.location]).toEqual([302, '/login.html']);
  expect(await who(sessionOf(entered))).toEqual({
    name: 'asha@office.test',
    role: 'state',
    scope: 'ladakh',
    once: false,
    names: ['asha@office.test'],
  });
  expect(issuer.state.authorized).toBe('sabha:clientsecret');
  expect(issuer.state.asked[0]?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
  expect(JSON.stringify(accounts.committed)).not.toContain('clientsecret');
});

test('a changed role applies at the next sign-in and ends older sessions, and an unchanged role keeps them', async () => {
  const first = sessionOf(await enter());
  const second = sessionOf(await enter());
  expect((await get('/api/snapshot', first)).status).toBe(200);
  issuer.state.claims = { groups: 'sabha-central' };
  const third = sessionOf(await enter());
  expect(await who(third)).toMatchObject({ role: 'central', scope: '' });
  expect([(await get('/api/snapshot', first)).status, (await get('/api/snapshot', second)).status]).toEqual([401, 401]);
  await accounts.remove('asha@office.test', 'anil');
  expect((await get('/api/snapshot', third)).status).toBe(401);
});

test.each([
  ['no group of ours', { groups: ['staff'] }, /^no grant applies to asha@office\.test$/],
  ['no group at all', { groups: undefined }, /^no grant applies/],
  ['a name that can be none', { email: '../x' }, /claim email holds no name/],
  ['no name', { email: undefined }, /claim email holds no name/],
  ['a token for another client', { aud: 'other' }, /JWT claim value/],
  ['a token of another directory', { iss: 'http://evil.test' }, /JWT claim value/],
  ['a token of another login', { nonce: 'another' }, /JWT claim value/],
  ['a token that is over', { exp: 1 }, /JWT timestamp claim value/],
])('sign-in is refused for a token or account like this, and only the log has the reason: %s', async (_what, claims, line) => {
  issuer.state.claims = claims;
  const answer = await enter();
  expect([answer.status, answer.location, sessionOf(answer)]).toEqual([302, '/login.html?directory', '']);
  expect(warned).toEqual([expect.stringMatching(/^a sign-in through the directory failed: /)]);
  expect(warned[0]?.slice('a sign-in through the directory failed: '.length)).toMatch(line);
  expect(accounts.list()).toEqual([]);
});

test('a token with a foreign signature or none is refused', async () => {
  issuer.state.forge = true;
  expect(sessionOf(await enter())).toBe('');
  Object.assign(issuer.state, { forge: false, alg: 'none' });
  expect(sessionOf(await enter())).toBe('');
  expect(warned).toHaveLength(2);
});

test('a callback with the cookie of another browser, a repeated callback, and a late callback are refused', async () => {
  const [mine, another] = [await begin(), await begin()];
  for (const cookie of ['', another.state]) expect(sessionOf(await get(mine.back, cookie))).toBe('');
  const own = await begin();
  expect(sessionOf(await get(own.back, own.state))).not.toBe('');
  expect(sessionOf(await get(own.back, own.state))).toBe('');
  const late = await begin();
  up += 600_001;
  expect(sessionOf(await get(late.back, late.state))).toBe('');
  expect(warned.at(-1)).toContain('too long ago');
});

test('10,000 sign-ins that strangers begin neither delay nor end the sign-in of another person', { tags: ['long'] }, async () => {
  const openid = createOpenId({ settings, secret: 'clientsecret', up: () => up });
  const mine = await openid.begin('https://sabha.test/api/openid/back');
  for (let nth = 0; nth < 10_000; nth += 1) await openid.begin('https://sabha.test/api/openid/back');
  const there = await fetch(mine.url, { redirect: 'manual' });
  expect(await openid.finish(new URL(there.headers.get('location') ?? ''), mine.cookie)).toMatchObject({ ok: true });
});

test('S21 repeated invalid callbacks write a limited number of log lines', async () => {
  for (let nth = 0; nth < 30; nth += 1) expect((await get(`/api/openid/back?code=${nth}`)).location).toBe('/login.html?directory');
  expect(warned).toHaveLength(5);
  expect(sessionOf(await enter())).not.toBe('');
});

test('the provider cannot take over a local account, nor one provider user the account of another', async () => {
  await accounts.add({ name: 'asha@office.test', role: 'central', scope: '' }, 'anil');
  expect(sessionOf(await enter())).toBe('');
  await accounts.remove('asha@office.test', 'anil');
  expect(sessionOf(await enter())).not.toBe('');
  issuer.state.claims = { sub: 'u-2' };
  expect(sessionOf(await enter())).toBe('');
  expect(warned).toEqual(Array(2).fill(`a sign-in through the directory failed: the account "asha@office.test" belongs to another person`));
  expect(await accounts.login({ name: 'asha@office.test', address: 'x' }, '')).toMatchObject({ ok: false, status: 401 });
  expect(await accounts.renew('asha@office.test', 'anil')).toMatchObject({ ok: false, status: 409 });
});

test('an unreachable provider redirects to the sign-in page with one log line, and the next attempt contacts it again', async () => {
  const { at } = issuer;
  await issuer.close();
  expect((await get('/api/openid')).location).toBe('/login.html?away');
  expect(warned).toHaveLength(1);
  issuer = await startIssuer(Number(new URL(at).port));
  expect(sessionOf(await enter())).not.toBe('');
  expect(warned).toHaveLength(1);
});
