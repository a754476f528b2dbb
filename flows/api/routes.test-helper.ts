/** Starts the API, or only its routes, for tests. */
import { type AccountRole, isWithin } from '@sabha/contracts';
import fastify from 'fastify';
import { onTestFinished } from 'vitest';
import { addAuthentication, openLoopback, type Viewer } from '../pki/http-auth/http-auth.ts';
import { bodyLimitBytes, type ScopedApiParts } from './kit/route.ts';
import { addRoutes } from './routes.ts';
import { emptyAccounts, emptyProof, emptySiteOrders, scriptedView } from './scripted-view.test-helper.ts';
import { type ApiOptions, startApi } from './server.ts';

/** Starts an API on a free loopback port, over a scripted view, with the files of the wall. */
export function openTestApi(edit: Partial<ApiOptions> = {}) {
  const parts = { view: scriptedView(), siteOrders: emptySiteOrders(), accounts: emptyAccounts(), proof: emptyProof };
  const files = { wallDir: 'dashboards/wall', modulesDir: 'node_modules' };
  return startApi({ port: 0, ...parts, ...files, log: { warn() {}, error() {} }, ...edit });
}

export function viewerOf(role: AccountRole, scope: string, name: string | null = 'asha'): Viewer {
  return { name, role, scope, once: false, session: '', has: (path) => isWithin(scope, path), isOpen: () => true };
}

/** Returns the given routes behind loopback authentication, without a listening server. They close at the end of the test. */
export function routesOf(parts: ScopedApiParts, viewer: () => Viewer = () => viewerOf('central', '', null)) {
  const app = fastify({ bodyLimit: bodyLimitBytes });
  onTestFinished(() => app.close());
  addAuthentication(app, { ...openLoopback(), hosts: () => ({ scheme: 'http', names: ['localhost:80'] }), viewerOf: viewer });
  addRoutes(app, parts);
  const ask = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const { statusCode: status, body, headers } = await app.inject({ method, url, ...(payload && { payload }) });
    const isJson = `${headers['content-type']}`.startsWith('application/json');
    return { status, headers, body: isJson ? JSON.parse(body) : body };
  };
  return { get: (url: string) => ask('GET', url), post: (url: string, payload: object) => ask('POST', url, payload) };
}
