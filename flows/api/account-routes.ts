/** Routes for signing in and out, accounts of people, and tokens of programs. */
import {
  accountMade,
  accountNamePattern,
  accountRoles,
  accountView,
  meView,
  oneLine,
  type TokenRole,
  tokenRoles,
  tokenView,
  whoView,
} from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import * as v from 'valibot';
import { type AccountResult, type Accounts, type SignInResult, sessionLifeMs } from '../pki/accounts/accounts.ts';
import { type OpenId, openIdLifeMs } from '../pki/accounts/openid.ts';
import { isWeakPassword } from '../pki/accounts/password.ts';
import { loginPage, RequestError, sessionCookie, signInStateCookie, signInStateOf, wholeTree } from '../pki/http-auth/http-auth.ts';
import { by, defineRoute, order, orRefuse, type Route, scopeOrGroup, textMatching } from './kit/route.ts';

/** A name or password as sent. The length limit bounds the work of a sign-in attempt. */
const typedText = v.pipe(v.string(), v.maxLength(200));
const typedName = v.pipe(typedText, v.trim(), v.toLowerCase());
/** Least length of a password without a second factor, as NIST and OWASP require. Character classes are not required. */
const chosen = v.pipe(v.string(), v.minLength(12), v.maxLength(200));
const name = textMatching((text) => accountNamePattern.test(text), 'lower-case letters, digits and . @ _ -, at most 64');
/** `all` and '' both mean the whole tree. The role `state` accepts only `all`, because '' may come from an unset shell variable. */
const grantedScope = textMatching(
  (text) => text === 'all' || v.is(scopeOrGroup, text),
  'Invalid scope: "all" for everywhere, a state, state/site, or group:NAME',
);
const right = wholeTree('accounts');
const makes = { answer: accountMade, done: 201, refusals: [404, 409] } as const;
const onceForLogin = 'shown this once, for one sign-in';
/** Token lifetime in days. The limit of one year ensures that a forgotten token expires. */
const tokenDays = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(366));

/** Routes for the caller's own identity, on both listeners, and for the management of accounts and tokens. */
export const accountRoutes: readonly Route[] = [
  defineRoute('view')(
    ['get /api/me', 'The account of the caller, its part of the tree, and its names in incidents; `by` counts where nobody signs in.'],
    { right: { once: true }, query: v.strictObject({ by: v.optional(by) }), answer: meView },
    (view, { viewer: { name: who, role, scope: of, once }, query }) => {
      const said = who ?? query.by;
      return { name: who, role, scope: of, once, names: said === undefined ? [] : [...view.names(said)] };
    },
  ),
  defineRoute('accounts', ['accounts list', 'अकाउंट की सूची दिखाता है।', { columns: 'name role scope once madeAt' }])(
    ['get /api/accounts', 'Lists the accounts.'],
    { right, answer: v.array(accountView) },
    ({ accounts }) => accounts.list(),
  ),
  defineRoute('accounts', [
    'accounts add NAME --role reader|state|central [--scope all|STATE|STATE/SITE|group:NAME]',
    'वॉल का अकाउंट बनाता है; उसका गुप्त शब्द एक ही बार दिखता है।',
    { note: onceForLogin },
  ])(
    ['post /api/accounts', 'Makes an account for the wall; its secret is shown this once, for one sign-in.'],
    { right, body: v.strictObject({ by, name, role: v.picklist(accountRoles), scope: v.optional(grantedScope) }), ...makes },
    async ({ accounts, has }, { body: { by: who, name: called, role, scope: given } }) =>
      orAccountRefusal(await accounts.add({ name: called, role, scope: scopeFor(role, given, has) }, who)),
  ),
  defineRoute('accounts', ['accounts password NAME', 'अकाउंट का नया गुप्त शब्द बनाता है, जो एक ही बार दिखता है।', { note: onceForLogin }])(
    ['post /api/accounts/{name}/password', 'Makes a new secret for an account, shown this once; all its sessions end.'],
    { right, body: order, answer: accountMade, refusals: [404] },
    async ({ accounts }, { params, body }) => orAccountRefusal(await accounts.renew(params.name, body.by)),
  ),
  defineRoute('accounts', ['accounts remove NAME', 'अकाउंट हटाता है।', { json: { removed: 'name' } }])(
    ['post /api/accounts/{name}/remove', 'Removes an account; all its sessions end.'],
    { right, body: order, refusals: [404] },
    async ({ accounts }, { params, body }) => void orAccountRefusal(await accounts.remove(params.name, body.by)),
  ),
  defineRoute('accounts', ['tokens list', 'टोकन की सूची दिखाता है।', { columns: 'name role scope endsAt' }])(
    ['get /api/program-tokens', 'Lists the tokens of programs.'],
    { right, answer: v.array(tokenView) },
    ({ accounts }) => accounts.tokens(),
  ),
  defineRoute('accounts', [
    'tokens add NAME --role reader|state|central|node-red --scope all|STATE|STATE/SITE|group:NAME --days N',
    'HTTPS से API चलाने वाले प्रोग्राम का टोकन बनाता है, जो एक ही बार दिखता है।',
    { note: 'shown this once' },
  ])(
    ['post /api/program-tokens', 'Makes a token for a program, shown this once; the program sends it as `Authorization: Bearer`.'],
    { right, body: v.strictObject({ by, name, role: v.picklist(tokenRoles), scope: grantedScope, days: tokenDays }), ...makes },
    async ({ accounts, has }, { body: { by: who, ...token } }) =>
      orAccountRefusal(await accounts.addToken({ ...token, scope: scopeFor(token.role, token.scope, has) }, who)),
  ),
  defineRoute('accounts', ['tokens revoke NAME', 'टोकन बंद करता है।', { json: { revoked: 'name' } }])(
    ['post /api/program-tokens/{name}/revoke', 'Revokes a token.'],
    { right, body: order, refusals: [404, 409] },
    async ({ accounts }, { params, body }) => void orAccountRefusal(await accounts.revokeToken(params.name, body.by)),
  ),
];

function scopeFor(role: TokenRole, given: string | undefined, has: (scope: string) => boolean): string {
  if (role === 'state' && !given) throw new RequestError(400, 'scope: the role state needs its part of the tree, or "all"');
  const of = given === 'all' ? '' : (given ?? '');
  if (role === 'central' && of !== '') throw new RequestError(400, 'scope: the role central is for everywhere');
  if (!has(of)) throw new RequestError(404, `there is no ${of}`);
  return of;
}

export const loginRoutes: readonly Route[] = [
  defineRoute('accounts')(
    ['get /api/login', 'The ways to sign in besides the password.'],
    { right: { open: true }, answer: v.object({ openid: v.boolean(), directory: v.nullable(v.string()) }) },
    ({ directory }) => ({ openid: directory !== null, directory }),
  ),
  defineRoute('logins')(
    ['post /api/login', 'HTTPS only. Answers with the cookie of a session; 429 names in Retry-After how long to wait.'],
    { right: { open: true }, body: v.strictObject({ name: typedName, password: typedText }), answer: whoView, refusals: [401, 429, 503] },
    async (accounts, { body: { name: who, password }, request, reply }) =>
      sendSignIn(await accounts.login({ name: who, address: request.ip }, password), reply),
  ),
  defineRoute('logins')(
    ['post /api/password', 'HTTPS only. Sets a new password; all other sessions of the account end.'],
    { right: { once: true }, body: v.strictObject({ by, old: typedText, password: chosen }), answer: whoView, refusals: [401, 429, 503] },
    async (accounts, { body: { by: who, old, password }, request, reply }) => {
      if (password === old) throw new RequestError(400, 'password: choose one that differs from the old one');
      if (isWeakPassword(password, who))
        throw new RequestError(400, 'password: it is easy to guess: use no row of letters, no repeated piece and not your name');
      return sendSignIn(await accounts.setOwnPassword({ name: who, address: request.ip }, old, password), reply);
    },
  ),
  defineRoute('logins')(
    ['post /api/logout', 'HTTPS only. Ends the session.'],
    { right: { once: true } },
    async (accounts, { viewer, reply }) => {
      await accounts.logout(viewer.session, viewer.name ?? '');
      reply.header('set-cookie', sessionCookie('', 0));
      return undefined;
    },
  ),
];

type SignInParts = { accounts: Accounts; openid: OpenId; log: { warn(fields: object, line: string): void } };

/** Routes to the identity provider and back. Failures are only logged, because their text would inform an attacker. */
export function addOpenId(app: FastifyInstance, { accounts, openid, log }: SignInParts): void {
  const refused = ({ ip }: FastifyRequest, reply: FastifyReply, { line, isAway }: { line: string; isAway?: boolean }) => {
    if (accounts.shouldLogRefusal(ip)) log.warn({}, `a sign-in through the directory failed: ${line}`);
    return reply.redirect(`${loginPage}?${isAway ? 'away' : 'directory'}`);
  };
  const addressOf = ({ headers, url }: FastifyRequest) => new URL(url, `https://${headers.host}`);
  app.get('/api/openid', { config: { open: true } }, async (request, reply) => {
    try {
      const { cookie, url } = await openid.begin(new URL('/api/openid/back', addressOf(request)).href);
      return reply.header('set-cookie', signInStateCookie(cookie, openIdLifeMs)).redirect(url);
    } catch (error) {
      return refused(request, reply, { line: oneLine((error as Error).message, 200), isAway: true });
    }
  });
  app.get('/api/openid/back', { config: { open: true } }, async (request, reply) => {
    const vouched = await openid.finish(addressOf(request), signInStateOf(request));
    if (!vouched.ok) return refused(request, reply, vouched);
    const result = await accounts.enterAs(vouched.account, request.ip);
    if (!result.ok) return refused(request, reply, result);
    return reply.header('set-cookie', [sessionCookie(result.token, sessionLifeMs), signInStateCookie('', 0)]).redirect(loginPage);
  });
}

function sendSignIn(result: SignInResult, reply: FastifyReply) {
  if (!result.ok) {
    if (result.waitMs > 0) reply.header('retry-after', `${Math.ceil(result.waitMs / 1_000)}`);
    throw new RequestError(result.status, result.line);
  }
  const { name: who, role, scope: of, once } = result.account;
  reply.header('set-cookie', sessionCookie(result.token, sessionLifeMs));
  return { name: who, role, scope: of, once };
}

function orAccountRefusal(result: AccountResult) {
  const { name: called, secret } = orRefuse(result);
  return { name: called, secret };
}
