/** The people who may log in, the programs that have a token, and their way in. The ledger keeps them; who did what stands in its audit. */

import { hash } from 'node:crypto';
import {
  type AccountMade,
  type AccountRole,
  type AccountView,
  accountNamePattern,
  createBuckets,
  hashToken,
  isWithin,
  keepLatest,
  mutex,
  networkOf,
  proofFor,
  type TokenRole,
  type TokenView,
} from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Account, AccountContents, Login } from '../../engine/records/sites.ts';
import { newSecret, type Passwords } from './password.ts';

/** Each takes 32 MiB and a quarter of a second: more at once would be the attack itself. */
const loginsWaitingAtMost = 16;
/** Of the account that is made where nobody can log in yet. */
export const firstName = 'admin';
/** A secret lies in a mail or on a slip of paper: it is good for a long weekend. */
const secretLifeMs = 72 * 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** Begins each token, so that a scanner for leaked secrets can find one in a file. */
const tokenPrefix = 'sabha_';
/** The days of the tokens of this server, which are valid on loopback only. */
const endless = Number.POSITIVE_INFINITY;
const wrong = { ok: false, status: 401, line: 'name or password is wrong', waitMs: 0 } as const;
const acting = ['read', 'acknowledge', 'note', 'assign', 'snooze', 'maintenance', 'rollcall', 'stage', 'roster', 'announce'] as const;
const all = [...acting, 'import', 'pcs', 'tokens', 'commands', 'tabs', 'accounts', 'backup', 'audit', 'people'] as const;
const allowed: Readonly<Record<TokenRole, readonly Action[]>> = {
  reader: ['read'],
  'node-red': ['read'],
  state: acting,
  central: all,
};
/** A name from one network; a network, whatever names it tries; and a name from everywhere, which many networks must try together. */
const kinds = ['pair', 'network', 'name'] as const;
/** Tries that come back. */
const perSecond = 1 / 60;
const pairTries = 5;
/** A network from which a name got in is its own for this long. */
const ownMs = 30 * 24 * 60 * 60_000;
/** Pairs of network and name that are remembered as own. */
const ownAtMost = 10_000;
const hourMs = 3_600_000;
/** A working day: who goes home is asked again in the morning. A page that is looked at goes on using its session. */
const idleMs = 8 * hourMs;
/** A wall that hangs in a control room never rests; its people say once a week who they are. */
export const sessionLifeMs = 7 * 24 * hourMs;
/** How often its use is written down, for the next start of `flows`. */
const notedEveryMs = 600_000;
/** The oldest of an account makes room: a lost cookie must not fill the ledger. */
const sessionsAtMost = 20;

/** What accounts stand on; `now` is the centre's time. */
export type AccountsOptions = {
  contents: AccountContents;
  /** Programs of this machine, whose tokens lie in files and do not expire. */
  programs?: readonly Program[];
  passwords: Passwords;
  commit(ops: Op[]): Promise<unknown>;
  now(): number;
  /** Milliseconds that never jump. */
  up(): number;
  /** 32 random bytes as text. */
  newToken(): string;
  log: { warn(fields: object, line: string): void };
  /** Told when the secret of an account opens nothing any more: where it was written down, it may go. */
  secretGone?(name: string): void;
};

/** `secret` is told this once and kept nowhere. */
export type Made = ({ ok: true } & AccountMade) | { ok: false; status: 404 | 409; line: string };
/** What a login comes to: the session's secret, or why there is none. */
export type LoggedIn =
  | { ok: true; token: string; account: Account }
  | { ok: false; status: 401 | 409 | 429 | 503; line: string; waitMs: number };
/** An account as it is asked for. */
export type NewAccount = { name: string; role: AccountRole; scope: string };
/** A token as it is asked for; it is valid for so many days. */
type NewToken = { name: string; role: TokenRole; scope: string; days: number };
/** A program of this machine, and what its token hashes to. */
export type Program = { name: string; role: TokenRole; hash: string };

/** Who may log in, and who is logged in. */
export type Accounts = ReturnType<typeof createAccounts>;

type State = ReturnType<typeof openState>;

/**
 * Guarantee: whether a name exists shows neither in the answer to a login nor in the time that it takes, but where its person got in from the
 * same network and the tries of that are used up. Nobody is in or out before the ledger
 * has it, with its row of the audit.
 */
export function createAccounts(options: AccountsOptions) {
  const state = openState(options);
  const { held, sessions, changing } = state;
  // Any page can send a browser here with a refusal: it counts for nothing else.
  const refusals = createLimits(options.up);
  return {
    find: sessions.find,
    list: (): AccountView[] =>
      sorted(held).flatMap(({ name, role, scope, once, madeAt, token }) => (token ? [] : [{ name, role, scope, once, madeAt }])),

    add: (account: NewAccount, by: string) => changing(() => add(state, account, by)),

    /** Another secret in the place of the password. */
    renew: (name: string, by: string) => changing(() => renew(state, name, by)),

    remove: (name: string, by: string) => changing(() => remove(state, 'account', { name, by })),

    ...tokensOf(state),

    /** Where nobody can log in yet: an account that may do everything. */
    first: (by: string): Promise<Made | undefined> =>
      changing(async () =>
        held.values().some((one) => !one.token) ? undefined : add(state, { name: firstName, role: 'central', scope: '' }, by),
      ),

    async login(tried: Tried, password: string): Promise<LoggedIn> {
      const account = accountNamePattern.test(tried.name) ? await proven(state, tried, password) : wrong;
      return 'name' in account ? changing(() => login(state, account, tried.address)) : account;
    },

    /** A failed login through the directory; true where it is worth a line in the log, which no stranger is to fill. */
    refusedFrom: (address: string): boolean => refusals.take({ name: 'directory', address }) === 0,

    /** Somebody for whom the directory vouches. A name that is another's already is refused; another role or scope ends older sessions. */
    enterAs: (account: NewAccount & { openid: string }, address: string) => changing(() => enterAs(state, account, address)),

    /** The person's own choice; all sessions of the account are over, and the answer is a new one. */
    async choose(tried: Tried, old: string, password: string): Promise<LoggedIn> {
      const account = await proven(state, tried, old);
      return 'name' in account ? changing(() => choose(state, account, password)) : account;
    },

    /** May the account do this to the whole tree? A secret that is to be replaced first opens nothing else. */
    may(name: string, action: Action): boolean {
      const account = held.get(name);
      return account !== undefined && !account.once && refusalFor(account, action, '') === undefined;
    },

    /** Is the password its own? For a door that keeps sessions of its own. */
    async vouches(tried: Tried, password: string): Promise<boolean> {
      const account = await proven(state, tried, password);
      if (!('name' in account) || account.once) return false;
      state.note(audit(state, { who: account.name, what: 'logged in', about: tried.address }));
      return true;
    },

    logout: (hash: string, name: string): Promise<void> => sessions.end(hash, audit(state, { who: name, what: 'logged out', about: name })),
  };
}

function tokensOf(state: State) {
  const { options, held, changing } = state;
  return {
    tokens: (): TokenView[] => sorted(held).flatMap((one) => (one.token ? [tokenViewOf(one, one.token)] : [])),

    addToken: (token: NewToken, by: string) => changing(() => addToken(state, token, by)),

    revokeToken: (name: string, by: string) => changing(() => remove(state, 'token', { name, by })),

    /** The response to the challenge of a client that is about to send a token of this server; undefined for every other name. */
    proof(challenge: string): string | undefined {
      const token = held.get(challenge.split(':')[0] ?? '')?.token;
      return token?.days === endless ? proofFor(challenge, token.hash) : undefined;
    },

    /** The account that a token belongs to; undefined if the token is unknown, revoked or expired, or of this server and not sent on loopback. */
    holderOf(token: string, isLoopback = true): Account | undefined {
      const hash = hashToken(token);
      const holder = held.values().find(({ token: one }) => one?.hash === hash && (isLoopback || one.days !== endless));
      // A token that was made while the clock was ahead does not last until then.
      const isValid = holder?.token && Math.abs(options.now() - holder.madeAt) <= holder.token.days * dayMs;
      return isValid ? holder : undefined;
    },
  };
}

function openState(options: AccountsOptions) {
  const { contents, programs = [], commit, passwords, log } = options;
  const own = programs.map(({ hash, ...one }) =>
    programAccount({ ...one, scope: '', madeAt: 0, token: { hash, days: endless } }, passwords),
  );
  const held = new Map([...contents.accounts, ...own].map((one) => [one.name, one]));
  const note = (op: Op) => void commit([op]).catch((error: Error) => log.warn({}, `of a login nothing was written: ${error.message}`));
  return {
    options,
    held,
    limits: createLimits(options.up),
    sessions: createSessions(options, held, note),
    /** What a password is compared with where nobody has the name. */
    nobody: passwords.nobody(),
    /** Passwords are checked one after the other, and so are accounts changed. */
    checking: mutex(),
    changing: mutex(),
    waiting: 0,
    /** Writes what nobody waits for. */
    note,
  };
}

async function add(state: State, account: NewAccount, by: string): Promise<Made> {
  const { name } = account;
  if (state.held.has(name)) return taken(state, name);
  const secret = newSecret();
  const now = state.options.now();
  const made = { ...account, openid: null, once: true, secretAt: now, madeAt: now };
  await write(state, { account: made, password: secret }, audit(state, { who: by, what: 'account made', about: aboutOf(account) }));
  return { ok: true, name, secret };
}

async function renew(state: State, name: string, by: string): Promise<Made> {
  const account = state.held.get(name);
  if (account === undefined || account.token) return missing(name);
  if (account.openid !== null) return { ok: false, status: 409, line: `"${name}" logs in through the directory` };
  const secret = newSecret();
  const { usedAt: _, ...rest } = account;
  const fresh = { ...rest, once: true, secretAt: state.options.now() };
  await write(state, { account: fresh, password: secret }, audit(state, { who: by, what: 'password reset', about: name }));
  state.options.secretGone?.(name);
  return { ok: true, name, secret };
}

async function remove(state: State, what: 'account' | 'token', { name, by }: { name: string; by: string }): Promise<Made> {
  const account = state.held.get(name);
  if (account === undefined || (account.token !== undefined) !== (what === 'token')) return missing(name, what);
  if (account.token?.days === endless) return { ok: false, status: 409, line: `"${name}" is a program of this server` };
  const row = audit(state, { who: by, what: what === 'token' ? 'token revoked' : 'account removed', about: name });
  await state.options.commit([{ op: 'account-gone', name }, row]);
  state.held.delete(name);
  state.options.secretGone?.(name);
  return { ok: true, name, secret: '' };
}

async function addToken(state: State, { days, ...grant }: NewToken, by: string): Promise<Made> {
  const { options, held } = state;
  if (held.has(grant.name)) return taken(state, grant.name);
  const secret = `${tokenPrefix}${options.newToken()}`;
  const account = programAccount({ ...grant, madeAt: options.now(), token: { hash: hashToken(secret), days } }, options.passwords);
  const row = audit(state, { who: by, what: 'token made', about: `${aboutOf(grant)}, for ${days} ${days === 1 ? 'day' : 'days'}` });
  await options.commit([{ op: 'account', account }, row]);
  held.set(grant.name, account);
  return { ok: true, name: grant.name, secret };
}

/** The account of a program: no password opens it. */
function programAccount(one: Pick<Account, 'name' | 'role' | 'scope' | 'madeAt' | 'token'>, passwords: Passwords): Account {
  return { ...one, password: passwords.nobody(), once: false, openid: null, stamp: '' };
}

/** The account under a new password, by which all its sessions are over. */
async function remade({ options }: State, account: Omit<Account, 'password' | 'stamp'>, password: string): Promise<Account> {
  return { ...account, password: await options.passwords.hash(password), stamp: options.newToken() };
}

async function write(state: State, at: { account: Omit<Account, 'password' | 'stamp'>; password: string }, op: Op): Promise<void> {
  const { account, password } = at;
  const fresh = await remade(state, account, password);
  await state.options.commit([{ op: 'account', account: fresh }, op]);
  state.held.set(fresh.name, fresh);
}

/** The account, if the password is its own; else why not. */
async function proven(state: State, tried: Tried, password: string): Promise<Account | Extract<LoggedIn, { ok: false }>> {
  const { limits, held, nobody, checking } = state;
  // Before it counts as a try: nobody looks at the password.
  if (state.waiting >= loginsWaitingAtMost) return { ok: false, status: 503, line: 'too many people log in: try again', waitMs: 1_000 };
  const waitMs = limits.take(tried);
  const seconds = Math.ceil(waitMs / 1_000);
  if (waitMs > 0) return { ok: false, status: 429, line: `too many wrong passwords: try again in ${seconds} s`, waitMs };
  const account = held.get(tried.name);
  state.waiting += 1;
  const right = await checking(() => state.options.passwords.matches(password, account?.password ?? nobody)).finally(() => {
    state.waiting -= 1;
  });
  if (!right || account === undefined || held.get(tried.name) !== account) {
    if (account !== undefined) state.note(audit(state, { who: tried.name, what: 'wrong password', about: tried.address }));
    return wrong;
  }
  limits.succeeded(tried);
  // A secret that a clock far ahead made is refused too: it would open for as long as that clock was ahead.
  const isOver = account.once && Math.abs(state.options.now() - (account.secretAt ?? account.madeAt)) > secretLifeMs;
  if (isOver) state.options.secretGone?.(account.name);
  return isOver ? { ...wrong, line: 'this secret is older than three days: ask for another one' } : account;
}

/** A secret lets in once: who comes second learns that somebody was first, whoever that was, and asks for another one. */
async function login(state: State, account: Account, address: string): Promise<LoggedIn> {
  const { name, once, usedAt } = account;
  if (state.held.get(name) !== account) return wrong;
  const row = audit(state, { who: name, what: 'logged in', about: address });
  if (!once) return enter(state, account, [row]);
  if (usedAt !== undefined) return { ...wrong, line: 'this secret has been used already: ask for another one' };
  const used = { ...account, usedAt: state.options.now() };
  return enter(state, used, [{ op: 'account', account: used }, row]);
}

/** Begins a session in one transaction with `ops`, which tell of it. */
async function enter(state: State, account: Account, ops: readonly Op[]): Promise<LoggedIn> {
  const token = await state.sessions.start(account, ops);
  state.held.set(account.name, account);
  return { ok: true, token, account };
}

async function enterAs(state: State, account: NewAccount & { openid: string }, address: string): Promise<LoggedIn> {
  const { name, role, scope, openid } = account;
  const found = state.held.get(name);
  if (found && found.openid !== openid) return { ok: false, status: 409, line: `the account "${name}" is another's`, waitMs: 0 };
  const row = audit(state, { who: name, what: 'logged in', about: address });
  if (found?.role === role && found.scope === scope) return enter(state, found, [row]);
  const fresh = { ...account, once: false, madeAt: found?.madeAt ?? state.options.now() };
  const made = await remade(state, fresh, newSecret());
  return enter(state, made, [
    { op: 'account', account: made },
    audit(state, { who: 'directory', what: 'account made', about: aboutOf(account) }),
    row,
  ]);
}

async function choose(state: State, account: Account, password: string): Promise<LoggedIn> {
  const { name } = account;
  if (state.held.get(name) !== account) return wrong;
  const chosen = await remade(state, { ...account, once: false }, password);
  const entered = await enter(state, chosen, [
    { op: 'account', account: chosen },
    audit(state, { who: name, what: 'password chosen', about: name }),
  ]);
  state.options.secretGone?.(name);
  return entered;
}

function audit({ options }: State, step: Audit): Op {
  return { op: 'audit', at: options.now(), ...step };
}

function missing(name: string, what = 'account'): Made {
  return { ok: false, status: 404, line: `there is no ${what} "${name}"` };
}

function taken({ held }: State, name: string): Made {
  return { ok: false, status: 409, line: `there is ${held.get(name)?.token ? 'a token' : 'an account'} "${name}" already` };
}

function sorted(held: State['held']): Account[] {
  return [...held.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tokenViewOf({ name, role, scope, madeAt }: Account, { days }: NonNullable<Account['token']>): TokenView {
  return { name, role, scope, madeAt, endsAt: Number.isFinite(days) ? madeAt + days * dayMs : null };
}

function aboutOf({ name, role, scope }: Pick<Account, 'name' | 'role' | 'scope'>): string {
  return `${name}: ${role} of ${scope || 'the nation'}`;
}

/** `acknowledge` = to be on it, and to say that it is fixed; `pcs` = move, replace, retire, revoke; `roster` = who is told, with their numbers, and their days off; `audit` = to read who did what and what PCs said, `people` = all that stands of a person, and to take it out, `tokens` = whatever lets a PC in, enrolment codes too. */
export type Action = (typeof all)[number];

/** Whether a path lies in a scope. */
export type Within = (scope: string, path: string) => boolean;
/** What somebody may do, and where; `has` knows what lies there, groups of sites too, and is as the tree says where it is absent. */
export type Grant = { role: TokenRole; scope: string; has?(path: string): boolean };

/** Whether a role may do a thing anywhere at all. */
export function mayDo(role: TokenRole, action: Action): boolean {
  return Object.hasOwn(allowed, role) && allowed[role].includes(action);
}

/**
 * Why an account may not do a thing to a path of the tree ('' = the whole of it); undefined where it may.
 * Guarantee: a role, an action or a path that is not named is refused.
 */
export function refusalFor({ role, scope, has = (own) => isWithin(scope, own) }: Grant, action: Action, path: string): string | undefined {
  if (!mayDo(role, action)) return `an account with the role "${role}" may not do this`;
  return has(path) ? undefined : `this account is for ${scope} only`;
}

/** What is tried, and the address from which. An office has one address for many. */
export type Tried = { name: string; address: string };

/**
 * `up` = milliseconds that never jump.
 * Guarantee: a person who got in from a network lately is held up there only by wrong passwords for their own name from that network.
 */
export function createLimits(up: () => number) {
  const buckets = {
    pair: createBuckets({ perSecond, burst: pairTries }),
    network: createBuckets({ perSecond, burst: 20 }),
    name: createBuckets({ perSecond, burst: 50 }),
  };
  const own = new Map<string, number>();
  /** What counts a try: where the name got in lately, the name from that network alone. */
  const countedBy = ({ pair }: Keys) => (up() - (own.get(pair) ?? Number.NEGATIVE_INFINITY) < ownMs ? (['pair'] as const) : kinds);
  return {
    /** Milliseconds to wait; 0 = try now, which counts as failed until `succeeded`, so that a hundred at once are no hundred free tries. */
    take(tried: Tried): number {
      const keys = keysOf(tried);
      const counts = countedBy(keys);
      const waitMs = Math.max(...counts.map((kind) => buckets[kind].waitMs(keys[kind], 1, up())));
      if (waitMs === 0) for (const kind of counts) buckets[kind].take(keys[kind], 1, up());
      return waitMs;
    },
    /** The name begins anew there; else only this try is given back, or one good account would open the way to all others. */
    succeeded(tried: Tried): void {
      const keys = keysOf(tried);
      for (const kind of countedBy(keys)) buckets[kind].take(keys[kind], kind === 'pair' ? -pairTries : -1, up());
      keepLatest(own, [keys.pair, up()], ownAtMost);
    },
  };
}

type Keys = Record<(typeof kinds)[number], string>;

function keysOf({ name, address }: Tried): Keys {
  const network = networkOf(address);
  return { pair: `${network} ${name}`, network, name };
}

/**
 * `accounts` holds the accounts by name; `note` writes what nobody waits for.
 * Guarantee: a session is over with its password, its account, after 8 hours without use and after 7 days.
 */
function createSessions(options: AccountsOptions, accounts: ReadonlyMap<string, Account>, note: (op: Op) => void) {
  const { contents, commit, now, newToken } = options;
  const held = new Map(contents.logins.map((login) => [login.hash, login]));

  /** The account of a session that is not over. A session that a fast clock began is over too: it would last as long as that clock was ahead. */
  function ownerOf(login: Login): Account | undefined {
    const owner = accounts.get(login.account);
    const far = (at: number) => Math.abs(now() - at);
    const isOver = owner?.stamp !== login.stamp || far(login.startedAt) > sessionLifeMs || far(login.usedAt) > idleMs;
    return isOver ? undefined : owner;
  }

  function end(hash: string): void {
    if (held.delete(hash)) note({ op: 'login-gone', hash });
  }

  function makeRoom(name: string): void {
    for (const [hash, login] of [...held]) if (ownerOf(login) === undefined) end(hash);
    const own = [...held.values()].filter((login) => login.account === name).sort((a, b) => a.startedAt - b.startedAt);
    for (const { hash } of own.slice(0, Math.max(0, own.length + 1 - sessionsAtMost))) end(hash);
  }

  return {
    /** Resolves with the token once the ledger has the session, with `ops` in one transaction. */
    async start({ name, stamp }: Account, ops: readonly Op[]): Promise<string> {
      makeRoom(name);
      const token = newToken();
      const login = { hash: hashOf(token), account: name, stamp, startedAt: now(), usedAt: now() };
      await commit([...ops, { op: 'login', login }]);
      held.set(login.hash, login);
      return token;
    },
    /** The account behind a token's hash, and that counts as use. */
    find(hash: string): Account | undefined {
      const login = held.get(hash);
      if (login === undefined) return undefined;
      const found = ownerOf(login);
      if (found === undefined) end(hash);
      else if (now() - login.usedAt > notedEveryMs) {
        const used = { ...login, usedAt: now() };
        held.set(hash, used);
        note({ op: 'login', login: used });
      }
      return found;
    },
    /** It is over at once; rejects where the ledger does not take that, which would know it again after a start. */
    async end(hash: string, op: Op): Promise<void> {
      held.delete(hash);
      await commit([{ op: 'login-gone', hash }, op]);
    },
  };
}

/** What is kept of a session's secret. */
export function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
