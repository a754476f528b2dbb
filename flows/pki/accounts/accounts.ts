/** Accounts of people, tokens of programs, and sign-in. The ledger stores them, and its audit records each change. */

import { hash } from 'node:crypto';
import {
  type AccountMade,
  type AccountRole,
  type AccountView,
  accountNamePattern,
  createBuckets,
  createMutex,
  hashToken,
  isWithin,
  keepLatest,
  networkOf,
  proofFor,
  type TokenRole,
  type TokenView,
} from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Account, AccountContents, AccountSession } from '../../engine/records/sites.ts';
import { newSecret, type Passwords } from './password.ts';

/** Limits concurrent password checks. Each takes 32 MiB and 250 ms, so more would overload the server. */
const loginsWaitingAtMost = 16;
/** Name of the account that is created while nobody can sign in. */
export const firstName = 'admin';
/** Lifetime of a one-time secret: long enough for a long weekend, because it is sent by mail or on paper. */
const secretLifeMs = 72 * 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** Prefix of each token, so that scanners for leaked secrets find it. */
const tokenPrefix = 'sabha_';
/** Lifetime of the tokens of this server's own programs, which are valid on loopback only. */
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
/** Rate limits of sign-in: by name and network together, by network for all names, and by name for all networks. */
const kinds = ['pair', 'network', 'name'] as const;
/** Refill rate: one attempt a minute. */
const perSecond = 1 / 60;
const pairTries = 5;
/** Time for which a network counts as trusted for a name after a successful sign-in there. */
const ownMs = 30 * 24 * 60 * 60_000;
/** Limit of remembered pairs of network and account name. After a sign-in, wrong passwords from elsewhere do not block this pair. */
const ownAtMost = 10_000;
const hourMs = 3_600_000;
/** Session expiry without use: a working day, so that a person signs in again each morning. An open page counts as use. */
const idleMs = 8 * hourMs;
/** Longest session, for a wall that is never idle: its users sign in once a week. */
export const sessionLifeMs = 7 * 24 * hourMs;
/** Interval at which the last use of a session is stored, so that it survives a restart. */
const notedEveryMs = 600_000;
/** Sessions per account. A new one replaces the oldest, so that scripts which lose their cookie do not fill the ledger. */
const sessionsAtMost = 20;

/** Options of the accounts. `now` is the wall clock of the server. */
export type AccountsOptions = {
  contents: AccountContents;
  /** Programs of this server, whose tokens are in files and do not expire. */
  programs?: readonly Program[];
  passwords: Passwords;
  commit(ops: Op[]): Promise<unknown>;
  now(): number;
  /** Monotonic clock, milliseconds. */
  up(): number;
  newToken(): string;
  log: { warn(fields: object, line: string): void };
  /** Called when the secret of an account becomes invalid, so that a file with that secret can be deleted. */
  secretGone?(name: string): void;
};

/** `secret` is returned once and never stored. */
export type AccountResult = ({ ok: true } & AccountMade) | { ok: false; status: 404 | 409; line: string };
/** Result of a sign-in: the session token, or the reason for the refusal. */
export type SignInResult =
  | { ok: true; token: string; account: Account }
  | { ok: false; status: 401 | 409 | 429 | 503; line: string; waitMs: number };
export type NewAccount = { name: string; role: AccountRole; scope: string };
/** A request for a token. `days` is its lifetime. */
type NewToken = { name: string; role: TokenRole; scope: string; days: number };
export type Program = { name: string; role: TokenRole; hash: string };

export type Accounts = ReturnType<typeof createAccounts>;

type AccountsState = ReturnType<typeof openState>;

/**
 * Creates the accounts over their stored state.
 * Guarantee: neither the response to a sign-in nor its duration reveals whether a name exists. Exception: rate limits differ in a network
 * where that person signed in before.
 * Each change is in effect only after its commit, together with its audit row.
 */
export function createAccounts(options: AccountsOptions) {
  const state = openState(options);
  const { held, sessions, changing } = state;
  // A separate limit for the identity provider, because any web page can redirect a browser here with an error. Such errors must not delay
  // passwords.
  const refusals = createSignInLimits(options.up);
  return {
    find: sessions.find,
    list: (): AccountView[] =>
      sorted(held).flatMap(({ name, role, scope, once, madeAt, token }) => (token ? [] : [{ name, role, scope, once, madeAt }])),

    add: (account: NewAccount, by: string) => changing(() => add(state, account, by)),

    /** Replaces the password by a new one-time secret. */
    renew: (name: string, by: string) => changing(() => renew(state, name, by)),

    remove: (name: string, by: string) => changing(() => remove(state, 'account', { name, by })),

    ...tokensOf(state),

    /** Creates an account with all permissions, unless people can sign in already. */
    createFirstAdmin: (by: string): Promise<AccountResult | undefined> =>
      changing(async () =>
        held.values().some((one) => !one.token) ? undefined : add(state, { name: firstName, role: 'central', scope: '' }, by),
      ),

    async login(tried: SignInAttempt, password: string): Promise<SignInResult> {
      const account = accountNamePattern.test(tried.name) ? await checkPassword(state, tried, password) : wrong;
      return 'name' in account ? changing(() => login(state, account, tried.address)) : account;
    },

    /** Counts a failed sign-in through the identity provider. Returns true if it should be logged, which is rate limited. */
    shouldLogRefusal: (address: string): boolean => refusals.take({ name: 'directory', address }) === 0,

    /**
     * Signs in a person whom the identity provider vouches for. Refuses a name of another account. A changed role or scope ends older
     * sessions.
     */
    enterAs: (account: NewAccount & { openid: string }, address: string) => changing(() => enterAs(state, account, address)),

    /** Sets the person's own password. Ends all sessions of the account and returns a new one. */
    async setOwnPassword(tried: SignInAttempt, old: string, password: string): Promise<SignInResult> {
      const account = await checkPassword(state, tried, old);
      return 'name' in account ? changing(() => choose(state, account, password)) : account;
    },

    /** Returns whether the account may do this to the whole tree. An account with a one-time secret may not. */
    may(name: string, action: Action): boolean {
      const account = held.get(name);
      return account !== undefined && !account.once && refusalFor(account, action, '') === undefined;
    },

    /** Checks a password without starting a session, for the Node-RED editor, which keeps separate sessions. */
    async verifyPassword(tried: SignInAttempt, password: string): Promise<boolean> {
      const account = await checkPassword(state, tried, password);
      if (!('name' in account) || account.once) return false;
      state.note(audit(state, { who: account.name, what: 'logged in', about: tried.address }));
      return true;
    },

    logout: (hash: string, name: string): Promise<void> => sessions.end(hash, audit(state, { who: name, what: 'logged out', about: name })),
  };
}

function tokensOf(state: AccountsState) {
  const { options, held, changing } = state;
  return {
    tokens: (): TokenView[] => sorted(held).flatMap((one) => (one.token ? [tokenViewOf(one, one.token)] : [])),

    addToken: (token: NewToken, by: string) => changing(() => addToken(state, token, by)),

    revokeToken: (name: string, by: string) => changing(() => remove(state, 'token', { name, by })),

    /** Returns the response to a challenge for a token of this server's programs; undefined for every other name. */
    proof(challenge: string): string | undefined {
      const token = held.get(challenge.split(':')[0] ?? '')?.token;
      return token?.days === endless ? proofFor(challenge, token.hash) : undefined;
    },

    /**
     * Returns the account of a token; undefined if it is unknown, revoked or expired, or a server token that did not come over loopback.
     */
    holderOf(token: string, isLoopback = true): Account | undefined {
      const hash = hashToken(token);
      const holder = held.values().find(({ token: one }) => one?.hash === hash && (isLoopback || one.days !== endless));
      // Math.abs rejects a token made while the clock was ahead, which would otherwise last that much longer.
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
  const note = (op: Op) => void commit([op]).catch((error: Error) => log.warn({}, `a sign-in was not recorded: ${error.message}`));
  return {
    options,
    held,
    limits: createSignInLimits(options.up),
    sessions: createSessions(options, held, note),
    /** A hash that is compared if the name is unknown, so that the duration does not reveal whether the name exists. */
    nobody: passwords.dummyHash(),
    /** Passwords are checked one at a time, and so are changes of accounts. */
    checking: createMutex(),
    changing: createMutex(),
    waiting: 0,
    note,
  };
}

async function add(state: AccountsState, account: NewAccount, by: string): Promise<AccountResult> {
  const { name } = account;
  if (state.held.has(name)) return nameTakenRefusal(state, name);
  const secret = newSecret();
  const now = state.options.now();
  const made = { ...account, openid: null, once: true, secretAt: now, madeAt: now };
  await write(state, { account: made, password: secret }, audit(state, { who: by, what: 'account made', about: aboutOf(account) }));
  return { ok: true, name, secret };
}

async function renew(state: AccountsState, name: string, by: string): Promise<AccountResult> {
  const account = state.held.get(name);
  if (account === undefined || account.token) return missingRefusal(name);
  if (account.openid !== null) return { ok: false, status: 409, line: `"${name}" signs in through the directory` };
  const secret = newSecret();
  const { usedAt: _, ...rest } = account;
  const fresh = { ...rest, once: true, secretAt: state.options.now() };
  await write(state, { account: fresh, password: secret }, audit(state, { who: by, what: 'password reset', about: name }));
  state.options.secretGone?.(name);
  return { ok: true, name, secret };
}

async function remove(state: AccountsState, what: 'account' | 'token', { name, by }: { name: string; by: string }): Promise<AccountResult> {
  const account = state.held.get(name);
  if (account === undefined || (account.token !== undefined) !== (what === 'token')) return missingRefusal(name, what);
  if (account.token?.days === endless) return { ok: false, status: 409, line: `"${name}" is a program of this server` };
  const row = audit(state, { who: by, what: what === 'token' ? 'token revoked' : 'account removed', about: name });
  await state.options.commit([{ op: 'account-gone', name }, row]);
  state.held.delete(name);
  state.options.secretGone?.(name);
  return { ok: true, name, secret: '' };
}

async function addToken(state: AccountsState, { days, ...grant }: NewToken, by: string): Promise<AccountResult> {
  const { options, held } = state;
  if (held.has(grant.name)) return nameTakenRefusal(state, grant.name);
  const secret = `${tokenPrefix}${options.newToken()}`;
  const account = programAccount({ ...grant, madeAt: options.now(), token: { hash: hashToken(secret), days } }, options.passwords);
  const row = audit(state, { who: by, what: 'token made', about: `${aboutOf(grant)}, for ${days} ${days === 1 ? 'day' : 'days'}` });
  await options.commit([{ op: 'account', account }, row]);
  held.set(grant.name, account);
  return { ok: true, name: grant.name, secret };
}

/** Returns the account of a program, which no password matches. */
function programAccount(one: Pick<Account, 'name' | 'role' | 'scope' | 'madeAt' | 'token'>, passwords: Passwords): Account {
  return { ...one, password: passwords.dummyHash(), once: false, openid: null, stamp: '' };
}

/** Returns the account with a new password and a new stamp, which invalidates all its sessions. */
async function withNewPassword(
  { options }: AccountsState,
  account: Omit<Account, 'password' | 'stamp'>,
  password: string,
): Promise<Account> {
  return { ...account, password: await options.passwords.hash(password), stamp: options.newToken() };
}

async function write(state: AccountsState, at: { account: Omit<Account, 'password' | 'stamp'>; password: string }, op: Op): Promise<void> {
  const { account, password } = at;
  const fresh = await withNewPassword(state, account, password);
  await state.options.commit([{ op: 'account', account: fresh }, op]);
  state.held.set(fresh.name, fresh);
}

/** Returns the account if the password matches, else the refusal. */
async function checkPassword(
  state: AccountsState,
  tried: SignInAttempt,
  password: string,
): Promise<Account | Extract<SignInResult, { ok: false }>> {
  const { limits, held, nobody, checking } = state;
  // This check comes before the rate limit, because the password is not checked.
  if (state.waiting >= loginsWaitingAtMost)
    return { ok: false, status: 503, line: 'too many people sign in at once: try again', waitMs: 1_000 };
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
  // A secret created by a clock far ahead is refused too, because it would stay valid for that long.
  const isOver = account.once && Math.abs(state.options.now() - (account.secretAt ?? account.madeAt)) > secretLifeMs;
  if (isOver) state.options.secretGone?.(account.name);
  return isOver ? { ...wrong, line: 'this secret is older than three days: ask for another one' } : account;
}

/**
 * A one-time secret signs in once. A second use gets a separate message, so that the rightful owner notices a theft and requests another
 * secret.
 */
async function login(state: AccountsState, account: Account, address: string): Promise<SignInResult> {
  const { name, once, usedAt } = account;
  if (state.held.get(name) !== account) return wrong;
  const row = audit(state, { who: name, what: 'logged in', about: address });
  if (!once) return startSession(state, account, [row]);
  if (usedAt !== undefined) return { ...wrong, line: 'this secret has been used already: ask for another one' };
  const used = { ...account, usedAt: state.options.now() };
  return startSession(state, used, [{ op: 'account', account: used }, row]);
}

/** Starts a session in one transaction with `ops`, which record it. */
async function startSession(state: AccountsState, account: Account, ops: readonly Op[]): Promise<SignInResult> {
  const token = await state.sessions.start(account, ops);
  state.held.set(account.name, account);
  return { ok: true, token, account };
}

async function enterAs(state: AccountsState, account: NewAccount & { openid: string }, address: string): Promise<SignInResult> {
  const { name, role, scope, openid } = account;
  const found = state.held.get(name);
  if (found && found.openid !== openid)
    return { ok: false, status: 409, line: `the account "${name}" belongs to another person`, waitMs: 0 };
  const row = audit(state, { who: name, what: 'logged in', about: address });
  if (found?.role === role && found.scope === scope) return startSession(state, found, [row]);
  const fresh = { ...account, once: false, madeAt: found?.madeAt ?? state.options.now() };
  const made = await withNewPassword(state, fresh, newSecret());
  return startSession(state, made, [
    { op: 'account', account: made },
    audit(state, { who: 'directory', what: 'account made', about: aboutOf(account) }),
    row,
  ]);
}

async function choose(state: AccountsState, account: Account, password: string): Promise<SignInResult> {
  const { name } = account;
  if (state.held.get(name) !== account) return wrong;
  const chosen = await withNewPassword(state, { ...account, once: false }, password);
  const entered = await startSession(state, chosen, [
    { op: 'account', account: chosen },
    audit(state, { who: name, what: 'password chosen', about: name }),
  ]);
  state.options.secretGone?.(name);
  return entered;
}

function audit({ options }: AccountsState, step: Audit): Op {
  return { op: 'audit', at: options.now(), ...step };
}

function missingRefusal(name: string, what = 'account'): AccountResult {
  return { ok: false, status: 404, line: `there is no ${what} "${name}"` };
}

function nameTakenRefusal({ held }: AccountsState, name: string): AccountResult {
  return { ok: false, status: 409, line: `there is ${held.get(name)?.token ? 'a token' : 'an account'} "${name}" already` };
}

function sorted(held: AccountsState['held']): Account[] {
  return [...held.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tokenViewOf({ name, role, scope, madeAt }: Account, { days }: NonNullable<Account['token']>): TokenView {
  return { name, role, scope, madeAt, endsAt: Number.isFinite(days) ? madeAt + days * dayMs : null };
}

function aboutOf({ name, role, scope }: Pick<Account, 'name' | 'role' | 'scope'>): string {
  return `${name}: ${role} of ${scope || 'the nation'}`;
}

/**
 * An action that a role may allow:
 * - `acknowledge`: acknowledge an incident, and report it fixed
 * - `pcs`: move, replace, retire and revoke PCs
 * - `roster`: recipients, their numbers and their days off
 * - `tokens`: credentials of PCs, including enrolment codes
 * - `audit`: read the actions of people and the events of PCs
 * - `people`: export and delete all data of a person
 */
export type Action = (typeof all)[number];

export type Within = (scope: string, path: string) => boolean;
/** Role and scope of a viewer. `has` decides what lies in the scope, for groups of sites; by default the path does. */
export type AccessGrant = { role: TokenRole; scope: string; has?(path: string): boolean };

export function mayDo(role: TokenRole, action: Action): boolean {
  return Object.hasOwn(allowed, role) && allowed[role].includes(action);
}

/**
 * Returns why an account may not do an action at a path ('' = the whole tree); undefined if it may.
 * Guarantee: an unknown role, action or path is refused.
 */
export function refusalFor(
  { role, scope, has = (own) => isWithin(scope, own) }: AccessGrant,
  action: Action,
  path: string,
): string | undefined {
  if (!mayDo(role, action)) return `an account with the role "${role}" may not do this`;
  return has(path) ? undefined : `this account is for ${scope} only`;
}

/** The name in a sign-in attempt, and its source address. Many people of an office share one address. */
export type SignInAttempt = { name: string; address: string };

/**
 * Rate limits of sign-in attempts. `up` is a monotonic clock in milliseconds.
 * Guarantee: for 30 days after a sign-in, only wrong passwords for the same name from the same network delay that person there.
 */
export function createSignInLimits(up: () => number) {
  const buckets = {
    pair: createBuckets({ perSecond, burst: pairTries }),
    network: createBuckets({ perSecond, burst: 20 }),
    name: createBuckets({ perSecond, burst: 50 }),
  };
  const own = new Map<string, number>();
  /** Returns the limits that apply: only the limit of the pair in a trusted network, else all three. */
  const countedBy = ({ pair }: AccountKeys) => (up() - (own.get(pair) ?? Number.NEGATIVE_INFINITY) < ownMs ? (['pair'] as const) : kinds);
  return {
    /**
     * Returns milliseconds to wait; 0 = allowed. An attempt counts as failed until `succeeded`, so that concurrent attempts do not bypass
     * the limit.
     */
    take(tried: SignInAttempt): number {
      const keys = keysOf(tried);
      const counts = countedBy(keys);
      const waitMs = Math.max(...counts.map((kind) => buckets[kind].waitMs(keys[kind], 1, up())));
      if (waitMs === 0) for (const kind of counts) buckets[kind].take(keys[kind], 1, up());
      return waitMs;
    },
    /**
     * Resets the limit of the pair. The network and the name get back one attempt only, so that a valid account cannot reset them for
     * others.
     */
    succeeded(tried: SignInAttempt): void {
      const keys = keysOf(tried);
      for (const kind of countedBy(keys)) buckets[kind].take(keys[kind], kind === 'pair' ? -pairTries : -1, up());
      keepLatest(own, [keys.pair, up()], ownAtMost);
    },
  };
}

type AccountKeys = Record<(typeof kinds)[number], string>;

function keysOf({ name, address }: SignInAttempt): AccountKeys {
  const network = networkOf(address);
  return { pair: `${network} ${name}`, network, name };
}

/**
 * Creates the sessions in memory and in the ledger. `note` commits in the background. Guarantee: a session ends with its password or
 * account, after 8 hours without use, and after 7 days.
 */
function createSessions(options: AccountsOptions, accounts: ReadonlyMap<string, Account>, note: (op: Op) => void) {
  const { contents, commit, now, newToken } = options;
  const held = new Map(contents.logins.map((login) => [login.hash, login]));

  /** Returns the account of a valid session. A session from a clock that was ahead is invalid, because it would last that much longer. */
  function ownerOf(login: AccountSession): Account | undefined {
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
    /** Resolves with the token after the commit of the session and `ops` in one transaction. */
    async start({ name, stamp }: Account, ops: readonly Op[]): Promise<string> {
      makeRoom(name);
      const token = newToken();
      const login = { hash: hashOf(token), account: name, stamp, startedAt: now(), usedAt: now() };
      await commit([...ops, { op: 'login', login }]);
      held.set(login.hash, login);
      return token;
    },
    /** Returns the account of a token hash, and records the use. */
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
    /** Ends the session in memory at once. Rejects if the ledger refuses, because the session would return after a restart. */
    async end(hash: string, op: Op): Promise<void> {
      held.delete(hash);
      await commit([{ op: 'login-gone', hash }, op]);
    },
  };
}

export function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
