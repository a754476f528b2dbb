/**
 * Authentication of the API, on loopback and by HTTPS. By HTTPS people log in and programs send a token. Where HTTPS is set a token is needed
 * on loopback too; without HTTPS every user of this machine may act there, under the name that they give.
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
const begunName = '__Host-sabha-openid';
/** Where who has not logged in is led. */
export const loginPage = '/login.html';
/** Reading that is cut to what the viewer may see. */
export const ownPart = { may: 'read', at: ({ viewer }: FastifyRequest) => viewer.scope } as const;
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
/** A browser leaves the port away where it is the scheme's own. */
const loopbackHosts: Hosts = (port) => ({
  scheme: 'http',
  names: loopbackNames.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
});
/** Of the whole centre, and of no place: when it is, whether it hears, when it last heard nobody. */
const ofAll = ['at', 'subscribed', 'away'] as const;
const keep: Keep = {
  states: (list, { near }) => list.filter(({ state }) => near(state)),
  sites: (list, { has }) => list.filter(({ site }) => has(site)),
  sitesGone: (list, { has }) => list.filter(has),
  pcs: (list, { has }) => list.filter(({ pc }) => has(pc)),
  pcsGone: (list, { has }) => list.filter(has),
  heard: (list, { has }) => Object.fromEntries(Object.entries(list).filter(([pc]) => has(pc))),
  incidents: (list, { has }) => list.filter((one) => has(pathOf(one))),
};

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
    // Without a port too: a firewall may lead the usual one here.
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
    const refusal = refusalOf(request, hosts(request.socket.localPort ?? 0));
    if (refusal !== undefined) {
      count?.(refusal.reason);
      throw new Refused(refusal.status, refusal.line);
    }
    const viewer = viewerOf(request);
    if (viewer === undefined && needsToken)
      throw new Refused(401, refusedToken(request) ?? 'a token is needed here; people log in over HTTPS');
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
  return tokenOf(request) && 'this token is unknown, revoked or expired';
}

function admit(request: FastifyRequest, reply: FastifyReply, viewer: Viewer | undefined): FastifyReply | undefined {
  const { open, once, page } = request.routeOptions.config;
  if (viewer !== undefined) request.viewer = viewer;
  if (open || (viewer && (once || !viewer.once))) return undefined;
  if (page) return reply.redirect(loginPage);
  if (viewer === undefined) throw new Refused(401, refusedToken(request) ?? 'log in first');
  throw new Refused(403, 'choose a password of your own first');
}

export type RefusedWhy = { code: RefusalCode; about?: Record<string, string | number> };

/** The answer to a request that cannot be served: its status, its one line, and why. */
export class Refused extends Error {
  readonly statusCode: number;
  readonly why: RefusedWhy | undefined;
  constructor(statusCode: number, line: string, why?: RefusedWhy) {
    super(line);
    this.statusCode = statusCode;
    this.why = why;
  }
}

/** `names` = what a Host may say, `scheme` = that of its own pages. */
type Hosts = (port: number) => { scheme: 'http' | 'https'; names: readonly string[] };
/** `reason` names what was foreign, for the counter. */
type Refusal = { status: 403 | 415; reason: Parameters<CountRefused>[0]; line: string };

/**
 * Returns why a request is refused; undefined if it is accepted.
 * Guarantee: what passes names this server as its Host, comes from no foreign Origin, and a POST is JSON, which no foreign form can send.
 * A form of its own pages has a proof in it, and a foreign page has none to send: no Origin is asked, which some phones keep back.
 */
function refusalOf({ method, headers, routeOptions }: FastifyRequest, { scheme, names }: ReturnType<Hosts>): Refusal | undefined {
  const form = routeOptions.config.form === true;
  if (!names.includes(headers.host ?? ''))
    return { status: 403, reason: 'host', line: `the Host "${shown(headers.host)}" is not this server` };
  const { origin } = headers;
  if (origin !== undefined && !form && !names.some((name) => origin === `${scheme}://${name}`)) {
    return { status: 403, reason: 'origin', line: `the Origin "${shown(origin)}" is not this server` };
  }
  if (method === 'POST' && !form && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, reason: 'type', line: 'a POST must be application/json' };
  }
  return undefined;
}

/** What stands in the pages themselves, by its hash. */
export type Inline = { scripts: readonly string[]; styles: readonly string[] };

/** What stands in the head of an answer's page, as HTML. */
export type Head = { style: string; script: string; inline: Inline };

/** What every answer carries. */
export function securityHeaders({ scripts, styles }: Inline): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${ownAnd(scripts)}`,
    `style-src ${ownAnd(styles)}`,
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // Names the one worker that shows what is pushed, and nothing else: it takes no address.
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

/** Sources of a policy: what this server sends, and what stands in its pages. */
export function ownAnd(hashes: readonly string[]): string {
  return ["'self'", ...hashes.map((hash) => `'${hash}'`)].join(' ');
}

function shown(text: string | undefined): string {
  return oneLine(text ?? '', 80);
}

/**
 * `most` at once; so many new ones a second, after the first `most`.
 * Ends a connection of a network that has its share already, or that opens them one after the other: the handshake is what a stranger makes
 * us compute. This machine is spared: a proxy on it speaks for everybody.
 */
export function createShare({ most, perSecond, up }: { most: number; perSecond: number; up(): number }): (socket: Socket) => void {
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

/** What may be cut to a scope. Commands are of the whole tree: whoever looks after a part has none of them. */
export type ScopedView = Omit<CentreView, 'commands'>;

/** A scope, and what lies in it. A state's name is no secret: it stands above its sites, `near`. */
type Part = { scope: string; has(path: string): boolean; near(state: string): boolean };

/**
 * The view of a part of the tree, or of a group of sites, as `within` knows it: and as the tree says where that is absent.
 * Guarantee: nothing of a place outside the scope is shown, and nothing is done to it; it is as if it were not there. Each member is named
 * here, so that the types refuse one that nobody has cut.
 */
export function scopedView(view: CentreView, scope: string, within: Within = isWithin): ScopedView {
  if (scope === '') return view;
  const has = (path: string) => within(scope, path);
  const near = (state: string) => has(state) || isWithin(state, scope) || view.sites().some((one) => one.state === state && has(one.site));
  const part: Part = { scope, has, near };
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

type Cut = Exclude<keyof StreamFrame | keyof Snapshot, (typeof ofAll)[number] | 'rollcall'>;
type Lists = Pick<StreamFrame, Cut>;
type Keep = { [K in Cut]: (list: NonNullable<Lists[K]>, part: Part) => object };

/** Of each list what lies in the scope; what is no list that is known here is left out. */
function cut<T extends Lists>(frame: T, part: Part): T {
  const kept: Record<string, ((list: never, within: Part) => unknown) | undefined> = keep;
  const seen = Object.entries(frame).flatMap(([name, value]) => {
    if (ofAll.some((one) => one === name)) return [[name, value]];
    return value === undefined || kept[name] === undefined ? [] : [[name, kept[name](value as never, part)]];
  });
  return Object.fromEntries(seen) as T;
}

function filled(frame: StreamFrame): StreamFrame {
  return Object.fromEntries(
    Object.entries(frame).filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  ) as StreamFrame;
}

/** A call of the scope or within it as it is; of one of the nation the part of a state, which is counted by itself. */
function summaryIn<T extends RollCallSummary>({ scope, has }: Part, call: T): T | undefined {
  if (has(call.scope)) return call;
  const own = call.scope === '' ? call.states.find(({ state }) => state === scope) : undefined;
  if (own === undefined) return undefined;
  const { state: _, ...counts } = own;
  return { ...call, scope, counts, states: [own] };
}

function callIn(part: Part, call: RollCallView): RollCallView | undefined {
  const own = summaryIn(part, call);
  return own && { ...own, rows: own.rows.filter(({ pc }) => part.has(pc)) };
}

/** The part of the tree that an incident is about. */
function pathOf({ scope, spread }: Pick<IncidentRow, 'scope' | 'spread'>): string {
  return spread?.path ?? pathOfScope(scope);
}
