import { hashToken } from '@sabha/contracts';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { emptyAccounts } from '../../api/scripted-view.test-helper.ts';
import { addDoor, loginDoor, ownPart, plainDoor, tokenDoor } from './door.ts';

test('a route that does not say what it does is open to nobody, at either door', async () => {
  const holder = () => ({ name: 'meera', role: 'central', scope: '', once: false }) as never;
  const accounts = { find: holder, holderOf: holder };
  for (const door of [plainDoor(), loginDoor(['sabha.test'], accounts)]) {
    const app = fastify();
    addDoor(app, { ...door, hosts: () => ({ scheme: 'http', names: ['sabha.test'] }) });
    app.get('/forgotten', () => 'secret');
    app.get('/said', { config: ownPart }, () => 'known');
    const headers = { host: 'sabha.test', cookie: `__Host-sabha=${'x'.repeat(43)}` };
    expect((await app.inject({ url: '/said', headers })).body).toBe('known');
    expect((await app.inject({ url: '/forgotten', headers })).json()).toMatchObject({ statusCode: 403, message: 'nobody may do this' });
    await app.close();
  }
});

test('what is refused by its Host, its Origin or its kind is counted by that, and nothing else is', async () => {
  const app = fastify();
  const counted: string[] = [];
  addDoor(app, { ...plainDoor(), hosts: () => ({ scheme: 'http', names: ['sabha.test'] }) }, (reason) => counted.push(reason));
  app.get('/said', { config: ownPart }, () => 'known');
  app.post('/said', { config: ownPart }, () => 'known');
  const host = 'sabha.test';
  const statuses = [
    await app.inject({ url: '/said', headers: { host: 'rebound.test' } }),
    await app.inject({ url: '/said', headers: { host, origin: 'http://foreign.test' } }),
    await app.inject({ method: 'POST', url: '/said', headers: { host, 'content-type': 'text/plain' }, payload: 'x' }),
    await app.inject({ url: '/said', headers: { host } }),
  ].map(({ statusCode }) => statusCode);
  expect(statuses).toEqual([403, 403, 415, 200]);
  expect(counted).toEqual(['host', 'origin', 'type']);
  await app.close();
});

describe('tokenDoor', () => {
  const host = 'sabha.test';
  /** A server with a route of each kind, for a reader and an administrator of this machine. */
  function server() {
    const names = { reader: hashToken('of the exporter'), central: hashToken('of the command') } as const;
    const programs = Object.entries(names).map(([role, hash]) => ({ name: `server-${role}`, role: role as 'reader' | 'central', hash }));
    const app = fastify();
    addDoor(app, { ...tokenDoor(emptyAccounts({ programs })), hosts: () => ({ scheme: 'http', names: [host] }) });
    app.get('/health', { config: { ...ownPart, health: true } }, () => 'alive');
    app.get('/read', { config: ownPart }, ({ viewer }) => viewer.name);
    app.get('/page', { config: { ...ownPart, page: true } }, () => 'page');
    app.get('/open', { config: { open: true } }, () => 'open');
    app.get('/machine', { config: { machine: true } }, () => 'file');
    app.post('/act', { config: { may: 'import' } }, ({ body }) => (body as { by: string }).by);
    const asked = (method: 'GET' | 'POST', url: string, authorization?: string) =>
      app.inject({
        method,
        url,
        headers: { host, ...(authorization && { authorization }) },
        ...(method === 'POST' && { payload: { by: 'asha' } }),
      });
    return { app, asked };
  }

  test('refuses every route but health without a token, whatever the route is open to elsewhere', async () => {
    const { app, asked } = server();
    expect((await asked('GET', '/health')).body).toBe('alive');
    for (const [method, url] of [
      ...['/read', '/page', '/open', '/machine', '/nowhere'].map((one) => ['GET', one] as const),
      ['POST', '/act'] as const,
    ]) {
      expect([url, (await asked(method, url)).json()]).toMatchObject([
        url,
        { statusCode: 401, message: 'a token is needed here; people log in over HTTPS' },
      ]);
      const wrong = await asked(method, url, 'Bearer of somebody else');
      expect([url, wrong.json()]).toMatchObject([url, { statusCode: 401, message: 'this token is unknown, revoked or expired' }]);
    }
    expect((await asked('GET', '/read', 'Basic of the exporter')).statusCode).toBe(401);
    await app.close();
  });

  test('lets a token do what its role may, under the name of the token', async () => {
    const { app, asked } = server();
    expect((await asked('GET', '/read', 'Bearer of the exporter')).body).toBe('server-reader');
    expect((await asked('POST', '/act', 'Bearer of the exporter')).statusCode).toBe(403);
    expect((await asked('POST', '/act', 'bearer of the command')).body).toBe('server-central');
    await app.close();
  });
});
