import fastify from 'fastify';
import { expect, test } from 'vitest';
import { addAuthentication, httpsSignIn, openLoopback, ownPart } from './http-auth.ts';

test('a route without a declared permission is refused to everybody, on loopback and by HTTPS', async () => {
  const holder = () => ({ name: 'meera', role: 'central', scope: '', once: false }) as never;
  const accounts = { find: holder, holderOf: holder };
  for (const door of [openLoopback(), httpsSignIn(['sabha.test'], accounts)]) {
    const app = fastify();
    addAuthentication(app, { ...door, hosts: () => ({ scheme: 'http', names: ['sabha.test'] }) });
    app.get('/forgotten', () => 'secret');
    app.get('/said', { config: ownPart }, () => 'known');
    const headers = { host: 'sabha.test', cookie: `__Host-sabha=${'x'.repeat(43)}` };
    expect((await app.inject({ url: '/said', headers })).body).toBe('known');
    expect((await app.inject({ url: '/forgotten', headers })).json()).toMatchObject({ statusCode: 403, message: 'nobody may do this' });
    await app.close();
  }
});

test('refusals for Host, Origin or content type are counted by reason, and accepted requests are not', async () => {
  const app = fastify();
  const counted: string[] = [];
  addAuthentication(app, { ...openLoopback(), hosts: () => ({ scheme: 'http', names: ['sabha.test'] }) }, (reason) => counted.push(reason));
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
