import fastify from 'fastify';
import { expect, test } from 'vitest';
import { addDoor, loginDoor, ownPart, plainDoor } from './door.ts';

test('a route that does not say what it does is open to nobody, at either door', async () => {
  const accounts = { find: () => ({ name: 'meera', role: 'central', scope: '', once: false }) as never };
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
