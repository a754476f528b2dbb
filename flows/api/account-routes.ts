/** The way in and out, and the accounts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { accountNamePattern, accountRoles, isId, oneLine } from '#contracts';
import type { Accounts, LoggedIn, Made } from '../accounts/accounts.ts';
import { type OpenId, openIdLifeMs } from '../accounts/openid.ts';
import { sessionLifeMs } from '../accounts/sessions.ts';
import { begunCookie, begunOf, loginPage, sessionCookie, whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { read } from './routes.ts';
import { by } from './schemas.ts';

type Named = FastifyRequest<{ Params: { name: string } }>;

/** Whatever somebody wants to try. */
const tried = v.pipe(v.string(), v.maxLength(200));
const typed = v.pipe(tried, v.trim(), v.toLowerCase());
/** Length is what counts; twelve are what NIST and OWASP ask of one that stands alone. */
const chosen = v.pipe(v.string(), v.minLength(12), v.maxLength(200));
const name = v.pipe(
  v.string(),
  v.check((text) => accountNamePattern.test(text), 'lower-case letters, digits and . @ _ -, at most 64'),
);
const scope = v.pipe(
  v.string(),
  v.check(
    (text) => text === '' || (text.split('/').length <= 2 && text.split('/').every(isId)),
    '"" for everywhere, a state, or state/site',
  ),
);
export const loggingIn = v.strictObject({ name: typed, password: tried });
export const choosing = v.strictObject({ by, old: tried, password: chosen });
export const making = v.strictObject({ by, name, role: v.picklist(accountRoles), scope: v.optional(scope, '') });
const order = v.strictObject({ by });

type Around = {
  accounts: Accounts /** There is such a place. */;
  has(scope: string): boolean /** A directory vouches for people. */;
  openid: boolean;
};

/** Who asks and how one gets in, at both doors; and the accounts, for those who may. */
export function addAccounts(app: FastifyInstance, { accounts, has, openid }: Around): void {
  app.get('/api/login', { config: { open: true } }, () => ({ openid }));
  app.get('/api/me', { config: { once: true } }, ({ viewer: { name: who, role, scope: of, once } }) => ({
    name: who,
    role,
    scope: of,
    once,
  }));
  app.get('/api/accounts', whole('accounts'), () => accounts.list());
  app.post('/api/accounts', whole('accounts'), async (request, reply) => {
    const { by: who, ...account } = read(making, request.body);
    if (account.role === 'central' && account.scope !== '')
      throw new Refused(400, 'scope: an account with the role central is for everywhere');
    if (!has(account.scope)) throw new Refused(404, `there is no ${account.scope}`);
    return reply.code(201).send(made(await accounts.add(account, who)));
  });
  app.post('/api/accounts/:name/password', whole('accounts'), async ({ params, body }: Named) =>
    made(await accounts.renew(params.name, read(order, body).by)),
  );
  app.post('/api/accounts/:name/remove', whole('accounts'), async ({ params, body }: Named, reply) => {
    made(await accounts.remove(params.name, read(order, body).by));
    return reply.code(204).send();
  });
}

/** Only where people log in. */
export function addLogin(app: FastifyInstance, accounts: Accounts): void {
  app.post('/api/login', { config: { open: true } }, async (request, reply) => {
    const { name: who, password } = read(loggingIn, request.body);
    return entered(await accounts.login({ name: who, address: request.ip }, password), reply);
  });
  app.post('/api/password', { config: { once: true } }, async (request, reply) => {
    const { by: who, old, password } = read(choosing, request.body);
    if (password === old) throw new Refused(400, 'password: choose another one than the old one');
    return entered(await accounts.choose({ name: who, address: request.ip }, old, password), reply);
  });
  app.post('/api/logout', { config: { once: true } }, async ({ viewer }, reply) => {
    await accounts.logout(viewer.session, viewer.name ?? '');
    return reply.header('set-cookie', sessionCookie('', 0)).code(204).send();
  });
}

/** Leads to the directory and back. What went wrong there stands in the log: to a stranger it says too much. */
export function addOpenId(
  app: FastifyInstance,
  accounts: Accounts,
  openid: OpenId,
  log: { warn(fields: object, line: string): void },
): void {
  const refused = ({ ip }: FastifyRequest, reply: FastifyReply, line: string) => {
    if (accounts.refusedFrom(ip)) log.warn({}, `a login through the directory failed: ${line}`);
    return reply.redirect(`${loginPage}?directory`);
  };
  const addressOf = ({ headers, url }: FastifyRequest) => new URL(url, `https://${headers.host}`);
  app.get('/api/openid', { config: { open: true } }, async (request, reply) => {
    try {
      const { cookie, url } = await openid.begin(new URL('/api/openid/back', addressOf(request)).href);
      return reply.header('set-cookie', begunCookie(cookie, openIdLifeMs)).redirect(url);
    } catch (error) {
      return refused(request, reply, oneLine((error as Error).message, 200));
    }
  });
  app.get('/api/openid/back', { config: { open: true } }, async (request, reply) => {
    const vouched = await openid.finish(addressOf(request), begunOf(request));
    if (!vouched.ok) return refused(request, reply, vouched.line);
    const result = await accounts.enterAs(vouched.account, request.ip);
    if (!result.ok) return refused(request, reply, result.line);
    return reply.header('set-cookie', [sessionCookie(result.token, sessionLifeMs), begunCookie('', 0)]).redirect(loginPage);
  });
}

function entered(result: LoggedIn, reply: FastifyReply): FastifyReply {
  if (!result.ok) {
    if (result.waitMs > 0) reply.header('retry-after', `${Math.ceil(result.waitMs / 1_000)}`);
    throw new Refused(result.status, result.line);
  }
  const { name: who, role, scope: of, once } = result.account;
  return reply.header('set-cookie', sessionCookie(result.token, sessionLifeMs)).send({ name: who, role, scope: of, once });
}

function made(result: Made) {
  if (!result.ok) throw new Refused(result.status, result.line);
  return { name: result.name, secret: result.secret };
}
