/**
 * Authentication and authorisation of the API, on loopback and by HTTPS. By HTTPS, people sign in and programs send a token.
 * If HTTPS is set, loopback needs a token too. Without HTTPS, every user of this machine may act there, under the name that they give.
 */
import type { Socket } from 'node:net';
import {
  createBuckets,
  type IncidentRow,
  isLoopback,
  isWithin,
  networkOf,
  oneLine,
  pathOfScope,
  type RefusalCode,
  type RollCallSummary,
  type RollCallView,
  type Snapshot,
  type StreamFrame,
  type TokenRole,
} from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../../engine/records/sites.ts';
import type { CentreView } from '../../view/live.ts';
import { type Accounts, type Action, hashOf, mayDo, refusalFor, type Within } from '../accounts/accounts.ts';

const cookieName = '__Host-sabha';
const signInStateName = '__Host-sabha-openid';
/** The page to which a browser without a session is redirected. */
export const loginPage = '/login.html';
/** Permission to read, limited to the viewer's scope. */
export const ownPart = { may: 'read', at: ({ viewer }: FastifyRequest) => viewer.scope } as const;
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
/** Browsers omit the default port of the scheme from the Host header. */
const loopbackHosts: Hosts = (port) => ({
  scheme: 'http',
  names: loopbackNames.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
});
/** Fields about the whole server rather than a place; every viewer receives them. */
const unscopedFields = ['at', 'subscribed', 'away'] as const;
const cutters: Cutters = {
  states: (list, { near }) => list.filter(({ state }) => near(state)),
  sites: (list, { has }) => list.filter(({ site }) => has(site)),
  sitesGone: (list, { has }) => list.filter(has),
  pcs: (list, { has }) => list.filter(({ pc }) => has(pc)),
  pcsGone: (list, { has }) => list.filter(has),
  heard: (list, { has }) => Object.fromEntries(Object.entries(list).filter(([pc]) => has(pc))),
  incidents: (list, { has }) => list.filter((one) => has(pathOf(one))),
};

/** The authenticated sender of a request, with its permissions. */
export type Viewer = {
  /** Null if nobody signed in: on loopback without HTTPS, and for a health check without a token. */
  name: string | null;
  role: TokenRole;
  scope: string;
  once: boolean;
  /** Hash of the session token; '' without a session. */
  session: string;
  has(path: string): boolean;
  /** False once the session or token has ended; then open streams of this viewer end. */
  isOpen(): boolean;
};

/** Counts a request that was refused for its Host, Origin or content type. */
export type CountRefused = (reason: 'host' | 'origin' | 'type') => void;

/** One listener: its accepted host names, and its authentication. `viewerOf` returns undefined without a valid session or token. */
export type HttpAuth = {
  hosts: Hosts;
  /** Requires a token on every route, also on those that are public by HTTPS. */
  needsToken?: boolean;
  viewerOf(request: FastifyRequest): Viewer | undefined;
  /** Proves to a loopback client that this server knows the token, before the client sends it. */
  prove?: Accounts['proof'] | undefined;
};

declare module 'fastify' {
  interface FastifyRequest {
    viewer: Viewer;
  }
  interface FastifyContextConfig {
    /** The action, and the path that the permission must cover. A route without an action is refused to everybody. */
    may?: Action;
    at?: (request: FastifyRequest) => string;
    /** Public, such as the sign-in page. */
    open?: boolean;
    /** A health check; needs no token on loopback. */
    health?: boolean;
    /** For machines, under any host name. The enrolment routes authenticate them; the agent verifies the signature of an update. */
    machine?: boolean;
    /** For any session, also one with a one-time secret that must be replaced. */
    once?: boolean;
    /** Accepts a form of the server's own pages. The form carries a signed proof of the sender, and cookies are ignored. */
    form?: boolean;
    /** A page; without a session the browser is redirected to the sign-in page. */
    page?: boolean;
  }
}

export const wholeTree = (may: Action) => ({ may });

/** Loopback without HTTPS: every local user has the role `central`. */
export function openLoopback(prove?: Accounts['proof']): HttpAuth {
  const viewer: Viewer = { name: null, role: 'central', scope: '', once: false, session: '', has: () => true, isOpen: () => true };
  return { hosts: loopbackHosts, viewerOf: () => viewer, prove };
}

/** Loopback with HTTPS set: only programs with a token, plus health checks. */
export function tokenLoopback(accounts: Pick<Accounts, 'holderOf' | 'proof'>, within: Within = isWithin): HttpAuth {
  const anybody: Viewer = { name: null, role: 'reader', scope: '', once: false, session: '', has: () => true, isOpen: () => true };
  return {
    hosts: loopbackHosts,
    needsToken: true,
    prove: accounts.proof,
    viewerOf: (request) => programOf(request, accounts, within) ?? (request.routeOptions.config.health ? anybody : undefined),
  };
}

/** HTTPS: people by session cookie, programs by token. */
export function httpsSignIn(names: readonly string[], accounts: Pick<Accounts, 'find' | 'holderOf'>, within: Within = isWithin): HttpAuth {
  return {
    // The host name without a port is accepted too, because a firewall may forward port 443 to this port.
    hosts: (port) => ({ scheme: 'https', names: names.flatMap((name) => [name, `${name}:${port}`]) }),
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

/** Returns the viewer of an account. `isOpen` calls `find` again, so that a stream ends with its session or token. */
function viewing(find: () => Account | undefined, session: string, within: Within): Viewer | undefined {
  const account = find();
  return account && { ...account, session, has: (path) => within(account.scope, path), isOpen: () => find() !== undefined };
}

/** Returns the session cookie: sent to this host only, over TLS only, not with cross-site requests, and hidden from scripts. */
export function sessionCookie(token: string, lifeMs: number): string {
  return `${cookieName}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1_000)}`;
}

/** Returns the cookie of a sign-in in progress. SameSite=Lax, because the browser returns from the identity provider, another site. */
export function signInStateCookie(begun: string, lifeMs: number): string {
  return `${signInStateName}=${begun}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(lifeMs / 1_000)}`;
}

export function signInStateOf(request: FastifyRequest): string {
  return cookieOf(request, signInStateName) ?? '';
}

/** Returns the token of a program (RFC 6750). */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1];
}

function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  return new RegExp(`(?:^|; ?)${name}=([\\w-]{43,1024})(?:;|$)`).exec(headers.cookie ?? '')?.[1];
}

/**
 * Adds authentication and authorisation to every route that is registered later.
 * Guarantee: no handler runs before these checks pass. A handler receives the name of the account or token as `by`, whatever the body says.
 */
export function addAuthentication(
  app: FastifyInstance,
  { hosts, viewerOf, prove, needsToken = false }: HttpAuth,
  count?: CountRefused,
): void {
  app.decorateRequest('viewer', null as unknown as Viewer);
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.machine && !needsToken) return;
    const refusal = refusalOf(request, hosts(request.socket.localPort ?? 0));
    if (refusal !== undefined) {
      count?.(refusal.reason);
      throw new RequestError(refusal.status, refusal.line);
    }
    const viewer = viewerOf(request);
    if (viewer === undefined && needsToken)
      throw new RequestError(401, refusedToken(request) ?? 'a token is needed here; people sign in over HTTPS');
    const proof = request.routeOptions.config.health && prove?.(`${request.headers['sabha-challenge']}`);
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
  throw isOfRole ? new RequestError(403, line, { code: 'role' }) : outsideScope(viewer, path);
}

/**
 * Returns the refusal of a path outside the scope of an account.
 * Guarantee: 404 with the same line whether the path exists or not; 403 for the whole tree, whose existence is no secret.
 */
export function outsideScope({ scope }: Pick<Viewer, 'scope'>, path: string): RequestError {
  return new RequestError(path === '' ? 403 : 404, `this account is for ${scope} only`, { code: 'scope', about: { scope } });
}

function refusedToken(request: FastifyRequest): string | undefined {
  return tokenOf(request) && 'this token is unknown, revoked or expired';
}

function admit(request: FastifyRequest, reply: FastifyReply, viewer: Viewer | undefined): FastifyReply | undefined {
  const { open, once, page } = request.routeOptions.config;
  if (viewer !== undefined) request.viewer = viewer;
  if (open || (viewer && (once || !viewer.once))) return undefined;
  if (page) return reply.redirect(loginPage);
  if (viewer === undefined) throw new RequestError(401, refusedToken(request) ?? 'sign in first');
  throw new RequestError(403, 'choose your own password first');
}

export type RefusalDetail = { code: RefusalCode; about?: Record<string, string | number> };

/** Error of a refused request: HTTP status, one line, and a reason code. */
export class RequestError extends Error {
  readonly statusCode: number;
  readonly why: RefusalDetail | undefined;
  constructor(statusCode: number, line: string, why?: RefusalDetail) {
    super(line);
    this.statusCode = statusCode;
    this.why = why;
  }
}

/** `names` = accepted values of the Host header, `scheme` = that of the server's own origin. */
type Hosts = (port: number) => { scheme: 'http' | 'https'; names: readonly string[] };
/** `reason` names the foreign part, for the counter. */
type RequestRefusal = { status: 403 | 415; reason: Parameters<CountRefused>[0]; line: string };

/**
 * Returns why a request is refused; undefined if it is accepted.
 * Guarantee: an accepted request names this server as its Host and has no foreign Origin. A POST is JSON, which no cross-site form can
 * send.
 * The server's own forms carry a proof that a foreign page lacks. Their Origin is not checked, because some phones withhold it.
 */
function refusalOf({ method, headers, routeOptions }: FastifyRequest, { scheme, names }: ReturnType<Hosts>): RequestRefusal | undefined {
  const form = routeOptions.config.form === true;
  if (!names.includes(headers.host ?? ''))
    return { status: 403, reason: 'host', line: `the Host "${shortened(headers.host)}" is not this server` };
  const { origin } = headers;
  if (origin !== undefined && !form && !names.some((name) => origin === `${scheme}://${name}`)) {
    return { status: 403, reason: 'origin', line: `the Origin "${shortened(origin)}" is not this server` };
  }
  if (method === 'POST' && !form && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, reason: 'type', line: 'a POST must be application/json' };
  }
  return undefined;
}

/** Hashes of inline scripts and styles, for the content security policy. */
export type InlineHashes = { scripts: readonly string[]; styles: readonly string[] };

/** HTML for the head of a response page. */
export type PageHead = { style: string; script: string; inline: InlineHashes };

export function securityHeaders({ scripts, styles }: InlineHashes): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${sourcesWith(scripts)}`,
    `style-src ${sourcesWith(styles)}`,
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // Allows the one trusted-types policy, which creates the push worker. It accepts no URL as input.
    'trusted-types worker',
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  };
}

export function sourcesWith(hashes: readonly string[]): string {
  return ["'self'", ...hashes.map((hash) => `'${hash}'`)].join(' ');
}

function shortened(text: string | undefined): string {
  return oneLine(text ?? '', 80);
}

/**
 * Returns a connection handler that limits each client network: `most` connections at once, then `perSecond` new ones.
 * It closes excess connections before the TLS handshake, which is the expensive part. Loopback is exempt, because a local proxy carries
 * many clients.
 */
export function createConnectionLimit({
  most,
  perSecond,
  up,
}: {
  most: number;
  perSecond: number;
  up(): number;
}): (socket: Socket) => void {
  const open = new Map<string, number>();
  const buckets = createBuckets({ perSecond, burst: most });

  return (socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    if (isLoopback(network)) return;
    const count = (open.get(network) ?? 0) + 1;
    if (count > most || !buckets.tryTake(network, 1, up())) return void socket.destroy();
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  };
}

/** The view as a scope may see it. Commands affect the whole tree, so they are left out. */
export type ScopedView = Omit<CentreView, 'commands'>;

/** A scope and the test of what lies in it. `near` also accepts the state above a site, because its name is no secret. */
type ScopePart = { scope: string; has(path: string): boolean; near(state: string): boolean };

/**
 * Limits the view to a part of the tree, or to a group of sites. `within` decides, by default by path. Guarantee: a place outside the scope
 * cannot be read or changed, as if it did not exist. Each member is listed explicitly, so that a new member of the view does not compile
 * without such a limit.
 */
export function scopedView(view: CentreView, scope: string, within: Within = isWithin): ScopedView {
  if (scope === '') return view;
  const has = (path: string) => within(scope, path);
  const near = (state: string) => has(state) || isWithin(state, scope) || view.sites().some((one) => one.state === state && has(one.site));
  const part: ScopePart = { scope, has, near };
  const incident = (id: number) => {
    const found = view.incident(id);
    return found && has(pathOf(found)) ? found : undefined;
  };
  return {
    unready: view.unready,
    now: view.now,
    names: view.names,
    incident,
    snapshot(pcs) {
      const { rollcall, ...rest } = view.snapshot(pcs);
      return { ...cut(rest, part), rollcall: rollcall && (summaryIn(part, rollcall) ?? null) };
    },
    sites: () => view.sites().filter(({ site }) => has(site)),
    site: (path) => (has(path) ? view.site(path) : undefined),
    history: async (path, from) => (has(path) ? view.history(path, from) : undefined),
    pcs: (choice) => view.pcs(choice).filter(({ pc }) => has(pc)),
    incidents: () => view.incidents().filter((one) => has(pathOf(one))),
    act: async (id, by, act) => (incident(id) === undefined ? 'missing' : view.act(id, by, act)),
    rollcalls: {
      start: (call) => (has(call.scope) ? view.rollcalls.start({ ...call, within: scope }) : 'unknown'),
      list: async () => (await view.rollcalls.list()).flatMap((call) => summaryIn(part, call) ?? []),
      async one(id) {
        const call = await view.rollcalls.one(id);
        return call && callIn(part, call);
      },
    },
    onChange(pcs, listener) {
      let subscribed: boolean | undefined;
      return view.onChange(pcs, (frame) => {
        const { rollcall, ...rest } = frame;
        const own = rollcall && callIn(part, rollcall);
        const seen = filled({ ...cut(rest, part), ...(own && { rollcall: own }) });
        const isNews = seen.subscribed !== subscribed || Object.keys(seen).length > 2;
        subscribed = seen.subscribed;
        if (isNews) listener(seen);
      });
    },
  };
}

type CutField = Exclude<keyof StreamFrame | keyof Snapshot, (typeof unscopedFields)[number] | 'rollcall'>;
type CutLists = Pick<StreamFrame, CutField>;
type Cutters = { [K in CutField]: (list: NonNullable<CutLists[K]>, part: ScopePart) => object };

/** Limits each list to the scope. An unknown list is omitted. */
function cut<T extends CutLists>(frame: T, part: ScopePart): T {
  const kept: Record<string, ((list: never, within: ScopePart) => unknown) | undefined> = cutters;
  const seen = Object.entries(frame).flatMap(([name, value]) => {
    if (unscopedFields.some((one) => one === name)) return [[name, value]];
    return value === undefined || kept[name] === undefined ? [] : [[name, kept[name](value as never, part)]];
  });
  return Object.fromEntries(seen) as T;
}

function filled(frame: StreamFrame): StreamFrame {
  return Object.fromEntries(
    Object.entries(frame).filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  ) as StreamFrame;
}

/** Returns a roll call in the scope unchanged. A state gets its own part of a nationwide roll call, with its own counts. */
function summaryIn<T extends RollCallSummary>({ scope, has }: ScopePart, call: T): T | undefined {
  if (has(call.scope)) return call;
  const own = call.scope === '' ? call.states.find(({ state }) => state === scope) : undefined;
  if (own === undefined) return undefined;
  const { state: _, ...counts } = own;
  return { ...call, scope, counts, states: [own] };
}

function callIn(part: ScopePart, call: RollCallView): RollCallView | undefined {
  const own = summaryIn(part, call);
  return own && { ...own, rows: own.rows.filter(({ pc }) => part.has(pc)) };
}

function pathOf({ scope, spread }: Pick<IncidentRow, 'scope' | 'spread'>): string {
  return spread?.path ?? pathOfScope(scope);
}
