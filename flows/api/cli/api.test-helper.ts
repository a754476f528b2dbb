/** An API for tests of the `sabha` command: real routes for the site table, scripted responses for all others. */

import { hashToken, type RolloutView } from '@sabha/contracts';
import fastify from 'fastify';
import { addAuthentication, openLoopback, ownPart } from '../../pki/http-auth/http-auth.ts';
import { createSiteOperations } from '../../sites/site-orders.ts';
import { record, recordsOf, smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { addRoutes } from '../routes.ts';
import { emptyAccounts } from '../scripted-view.test-helper.ts';

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

/** Listens on a free loopback port. `scripted` holds responses by method and address; a function is called per request. */
export async function startTestApi() {
  const state = {
    table: createSiteTable(smallTree()),
    who: [] as string[],
    staged: [] as string[],
    rollout: null as RolloutView | null,
    asked: [] as { url: string; body: unknown }[],
    authorization: [] as (string | undefined)[],
    scripted: {} as Record<string, unknown>,
    /** The name of the token in use; null without one. */
    holder: null as string | null,
  };
  const app = fastify();
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
  const siteOrders = createSiteOperations({
    table: () => state.table,
    records: () => recordsOf(record('ladakh/leh/vc-1', { config: 2 })),
    wanted: () => 3,
    now: () => 9,
    rollout: () => state.rollout,
    release: async () => {},
    newToken: () => 'secret-token',
    entry: (pc) => (pc === 'ladakh/leh/vc-1' ? { pc, tokenHash: 'a'.repeat(64), certificates: [], revoked: false } : undefined),
    apply: async ({ nodes, gone, audit, staged }) => {
      if (staged) state.staged.push(staged.by);
      state.who.push(`${audit?.who}: ${audit?.what}`);
      state.table = createSiteTable([...state.table.nodes(), ...nodes].filter(({ path }) => !gone.some((one) => one.path === path)));
    },
  });
  app.addHook('onRequest', async ({ headers }) => void state.authorization.push(headers.authorization));
  const accounts = emptyAccounts({ programs: [{ name: 'server-cli', role: 'central', hash: hashToken('of the command') }] });
  addAuthentication(app, openLoopback(accounts.proof));
  app.get('/healthz', { config: { ...ownPart, health: true } }, () => ({ alive: true }));
  const has = (scope: string) => scope === '' || state.table.node(scope) !== undefined;
  addRoutes(app, { siteOrders, accounts: { accounts, has, directory: null } });
  app.get('/api/me', { config: ownPart }, () => ({ name: state.holder }));
  app.all('/*', { config: ownPart }, async ({ method, url, body }, reply) => {
    state.asked.push({ url, body });
    const answer = state.scripted[`${method} ${url}`];
    if (answer === undefined) return reply.code(404).send({ error: `there is no route ${method} ${url}` });
    return typeof answer === 'function' ? answer() : answer;
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { state, address, close: () => app.close() };
}

/** Returns a function that gives the responses in turn, and then repeats the last. */
export function inTurn(...all: unknown[]): () => unknown {
  return () => (all.length > 1 ? all.shift() : all[0]);
}
