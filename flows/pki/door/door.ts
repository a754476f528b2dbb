/**
 * Authentication of the API, on loopback and by HTTPS. By HTTPS people log in and programs send a token. Where HTTPS is set a token is needed
 * on loopback too; without HTTPS every user of this machine may act there, under the name that they give.
 */
import { isWithin, type TokenRole } from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../../engine/records/roster.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { type Action, mayDo, refusalFor, type Within } from '../accounts/rights.ts';
import { hashOf } from '../accounts/sessions.ts';
import { type Hosts, loopbackHosts, namedHosts, refusalOf } from './guard.ts';
import { Refused } from './refused.ts';

/** Who asks. */
export type Viewer = {
  /** null = the person at this machine. */
  name: string | null;
  role: TokenRole;
  scope: string;
  once: boolean;
  /** Of the session's token. */
  session: string;
  /** Whether a path lies in the scope. */
  has(path: string): boolean;
  /** False once the session is over: what still goes on for it ends. */
  isOpen(): boolean;
};

/** Counts a request that was refused before it was looked at, by what was foreign about it. */
export type CountRefused = (reason: 'host' | 'origin' | 'type') => void;

/** By which names it is reached, and who asks; undefined where nobody has logged in. */
export type Door = {
  hosts: Hosts;
  /** Every route needs a token here, also one that is open to everybody elsewhere. */
  needsToken?: boolean;
  viewerOf(request: FastifyRequest): Viewer | undefined;
  /** Proves to a client on loopback that this is the server whose token it is about to send. */
  prove?: Accounts['proof'] | undefined;
};

declare module 'fastify' {
  interface FastifyRequest {
    viewer: Viewer;
  }
  interface FastifyContextConfig {
    /** What is done here, and to which path of the tree. A route that does not say it is open to nobody. */
    may?: Action;
    at?: (request: FastifyRequest) => string;
    /** For everybody: the way in. */
    open?: boolean;
    /** Tells whether the server works: needs no token on loopback. */
    health?: boolean;
    /** For machines, which come by any name: enrolment, where they prove themselves to the route, and updates, which prove themselves to them. */
    machine?: boolean;
    /** For whoever has logged in, also with a secret that is to be replaced. */
    once?: boolean;
    /** Takes the form of a page of ours: what it carries proves by itself who sends it, and no cookie counts. */
    form?: boolean;
    /** A page: who has not logged in is led to the login. */
    page?: boolean;
  }
}

const cookieName = '__Host-sabha';
const begunName = '__Host-sabha-openid';
/** Where who has not logged in is led. */
export const loginPage = '/login.html';

/** Reading that is cut to what the viewer may see. */
export const ownPart = { may: 'read', at: ({ viewer }: FastifyRequest) => viewer.scope } as const;

/** What concerns the whole tree. */
export const whole = (may: Action) => ({ may });

/** Loopback without HTTPS: every user of this machine may do everything. */
export function plainDoor(prove?: Accounts['proof']): Door {
  const viewer: Viewer = { name: null, role: 'central', scope: '', once: false, session: '', has: () => true, isOpen: () => true };
  return { hosts: loopbackHosts, viewerOf: () => viewer, prove };
}

/** Loopback where HTTPS is set: only programs with a token. */
export function tokenDoor(accounts: Pick<Accounts, 'holderOf' | 'proof'>, within: Within = isWithin): Door {
  const anybody: Viewer = { name: null, role: 'reader', scope: '', once: false, session: '', has: () => true, isOpen: () => true };
  return {
    hosts: loopbackHosts,
    needsToken: true,
    prove: accounts.proof,
    viewerOf: (request) => programOf(request, accounts, within) ?? (request.routeOptions.config.health ? anybody : undefined),
  };
}

/** HTTPS: a person has the cookie of a session, a program a token. */
export function loginDoor(names: readonly string[], accounts: Pick<Accounts, 'find' | 'holderOf'>, within: Within = isWithin): Door {
  return {
    hosts: namedHosts(names),
    viewerOf(request) {
      if (tokenOf(request) !== undefined) return programOf(request, accounts, within);
      const cookie = cookieOf(request, cookieName);
      const session = hashOf(cookie ?? '');
      return cookie === undefined ? undefined : viewing(() => accounts.find(session), session, within);
    },
  };
}

function programOf(request: FastifyRequest, accounts: Pick<Accounts, 'holderOf'>, within: Within): Viewer | undefined {
  const token = tokenOf(request);
  return token === undefined ? undefined : viewing(() => accounts.holderOf(token, request.protocol === 'http'), '', within);
}

/** `find` is called again as long as something is sent to the viewer: a stream ends with its session or token. */
function viewing(find: () => Account | undefined, session: string, within: Within): Viewer | undefined {
  const account = find();
  return account && { ...account, session, has: (path) => within(account.scope, path), isOpen: () => find() !== undefined };
}

/** The browser sends it to this host alone, over TLS alone, with no request that another site began; no script reads it. */
export function sessionCookie(token: string, lifeMs: number): string {
  return `${cookieName}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1_000)}`;
}

/** It comes back with the browser from the directory, another site, and so cannot be as strict. */
export function begunCookie(begun: string, lifeMs: number): string {
  return `${begunName}=${begun}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(lifeMs / 1_000)}`;
}

/** What a login through the directory began with; '' where there is none. */
export function begunOf(request: FastifyRequest): string {
  return cookieOf(request, begunName) ?? '';
}

/** The token that a program sends (RFC 6750). */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1];
}

function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  return new RegExp(`(?:^|; ?)${name}=([\\w-]{43,1024})(?:;|$)`).exec(headers.cookie ?? '')?.[1];
}

/**
 * Puts the checks of a door before every route that is added from now on.
 * Guarantee: no handler runs before they have passed, and a handler finds the name of the account or the token as `by`, whatever was sent.
 */
export function addDoor(app: FastifyInstance, { hosts, viewerOf, prove, needsToken = false }: Door, count?: CountRefused): void {
  app.decorateRequest('viewer', null as unknown as Viewer);
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.machine && !needsToken) return;
    const { method, headers, socket, routeOptions } = request;
    const form = routeOptions.config.form === true;
    const refusal = refusalOf({ method, headers, hosts: hosts(socket.localPort ?? 0), form });
    if (refusal !== undefined) {
      count?.(refusal.reason);
      throw new Refused(refusal.status, refusal.line);
    }
    const viewer = viewerOf(request);
    if (viewer === undefined && needsToken)
      throw new Refused(401, refusedToken(request) ?? 'a token is needed here; people log in over HTTPS');
    const proof = routeOptions.config.health && prove?.(`${headers['sabha-challenge']}`);
    if (proof) reply.header('sabha-proof', proof);
    return admit(request, reply, viewer);
  });
  app.addHook('preHandler', async (request) => {
    const { viewer, body, routeOptions } = request;
    const { open, once, may, at, machine } = routeOptions.config;
    if (request.is404 || open || machine) return;
    if (!once) refuseUnless(viewer, may, at?.(request) ?? '');
    if (viewer.name !== null && typeof body === 'object' && body !== null) Object.assign(body, { by: viewer.name });
  });
}

function refuseUnless(viewer: Viewer, may: Action | undefined, path: string): void {
  const line = may === undefined ? 'nobody may do this' : refusalFor(viewer, may, path);
  if (line === undefined) return;
  const isOfRole = may === undefined || !mayDo(viewer.role, may);
  throw isOfRole ? new Refused(403, line, { code: 'role' }) : outside(viewer, path);
}

/**
 * The refusal of a path outside the scope of an account.
 * Guarantee: 404 with the same line whether the path exists or not; 403 for the whole tree, which every account knows.
 */
export function outside({ scope }: Pick<Viewer, 'scope'>, path: string): Refused {
  return new Refused(path === '' ? 403 : 404, `this account is for ${scope} only`, { code: 'scope', about: { scope } });
}

function refusedToken(request: FastifyRequest): string | undefined {
  return tokenOf(request) === undefined ? undefined : 'this token is unknown, revoked or expired';
}

function admit(request: FastifyRequest, reply: FastifyReply, viewer: Viewer | undefined): FastifyReply | undefined {
  const { open, once, page } = request.routeOptions.config;
  if (viewer !== undefined) request.viewer = viewer;
  if (open || (viewer && (once || !viewer.once))) return undefined;
  if (page) return reply.redirect(loginPage);
  if (viewer === undefined) throw new Refused(401, refusedToken(request) ?? 'log in first');
  throw new Refused(403, 'choose a password of your own first');
}
