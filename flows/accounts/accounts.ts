/** The people who may log in, and their way in. The ledger keeps them; who did what stands in its audit. */
import { type AccountMade, type AccountRole, type AccountView, accountNamePattern } from '#contracts';
import type { Op } from '../ledger/model.ts';
import { turns } from '../turns.ts';
import { createLimits, type Tried } from './limits.ts';
import type { Account, AccountContents } from './model.ts';
import { newSecret, type Passwords } from './password.ts';
import { createSessions } from './sessions.ts';

/** Each takes 32 MiB and a quarter of a second: more at once would be the attack itself. */
const loginsWaitingAtMost = 16;
const firstName = 'admin';

export type AccountsOptions = {
  contents: AccountContents;
  passwords: Passwords;
  commit(ops: Op[]): Promise<unknown>;
  now(): number;
  /** Milliseconds that never jump. */
  up(): number;
  /** 32 random bytes as text. */
  newToken(): string;
  log: { warn(fields: object, line: string): void };
};

/** `secret` is told this once and kept nowhere. */
export type Made = ({ ok: true } & AccountMade) | { ok: false; status: 404 | 409; line: string };
export type LoggedIn =
  | { ok: true; token: string; account: Account }
  | { ok: false; status: 401 | 409 | 429 | 503; line: string; waitMs: number };
export type NewAccount = { name: string; role: AccountRole; scope: string };

export type Accounts = ReturnType<typeof createAccounts>;

const wrong = { ok: false, status: 401, line: 'name or password is wrong', waitMs: 0 } as const;

/** Guarantee: whether a name exists shows neither in the answer to a login nor in the time that it takes. */
export function createAccounts(options: AccountsOptions) {
  const { contents, passwords, commit, now, newToken, log } = options;
  const held = new Map(contents.accounts.map((one) => [one.name, one]));
  const limits = createLimits(options.up);
  const note = (op: Op) => void commit([op]).catch((error: Error) => log.warn({}, `of a login nothing was written: ${error.message}`));
  const audit = (who: string, what: string, about: string): Op => ({ op: 'audit', at: now(), who, what, about });
  const sessions = createSessions({ ...options, logins: contents.logins, account: (name) => held.get(name), note });
  const nobody = passwords.nobody();
  const checking = turns();
  const changing = turns();
  let waiting = 0;

  /** Writes the account under a new password, by which all its sessions are over. */
  async function write(account: Omit<Account, 'password' | 'stamp'>, password: string, op: Op): Promise<Account> {
    const fresh = { ...account, password: await passwords.hash(password), stamp: newToken() };
    await commit([{ op: 'account', account: fresh }, op]);
    held.set(fresh.name, fresh);
    return fresh;
  }

  /** The account, if the password is its own; else why not. */
  async function proven(tried: Tried, password: string): Promise<Account | Extract<LoggedIn, { ok: false }>> {
    const waitMs = limits.take(tried);
    const seconds = Math.ceil(waitMs / 1_000);
    if (waitMs > 0) return { ok: false, status: 429, line: `too many wrong passwords: try again in ${seconds} s`, waitMs };
    if (waiting >= loginsWaitingAtMost) return { ok: false, status: 503, line: 'too many people log in: try again', waitMs: 1_000 };
    const account = held.get(tried.name);
    waiting += 1;
    const right = await checking(() => passwords.matches(password, account?.password ?? nobody)).finally(() => {
      waiting -= 1;
    });
    if (!right || account === undefined || held.get(tried.name) !== account) {
      if (account !== undefined) note(audit(tried.name, 'wrong password', tried.address));
      return wrong;
    }
    limits.succeeded(tried);
    return account;
  }

  async function enter(account: Account): Promise<LoggedIn> {
    return { ok: true, token: await sessions.start(account), account };
  }

  const missing = (name: string): Made => ({ ok: false, status: 404, line: `there is no account "${name}"` });

  return {
    find: sessions.find,
    list: (): AccountView[] => [...held.values()].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1)),

    add: (account: NewAccount, by: string) =>
      changing(async (): Promise<Made> => {
        const { name } = account;
        if (held.has(name)) return { ok: false, status: 409, line: `there is an account "${name}" already` };
        const secret = newSecret();
        await write({ ...account, openid: null, once: true, madeAt: now() }, secret, audit(by, 'account made', aboutOf(account)));
        return { ok: true, name, secret };
      }),

    /** Another secret in the place of the password. */
    renew: (name: string, by: string) =>
      changing(async (): Promise<Made> => {
        const account = held.get(name);
        if (account === undefined) return missing(name);
        if (account.openid !== null) return { ok: false, status: 409, line: `"${name}" logs in through the directory` };
        const secret = newSecret();
        await write({ ...account, once: true }, secret, audit(by, 'password reset', name));
        return { ok: true, name, secret };
      }),

    remove: (name: string, by: string) =>
      changing(async (): Promise<Made> => {
        if (!held.has(name)) return missing(name);
        await commit([{ op: 'account-gone', name }, audit(by, 'account removed', name)]);
        held.delete(name);
        return { ok: true, name, secret: '' };
      }),

    /** Where nobody can log in yet: an account that may do everything. */
    first: async (by: string): Promise<AccountMade | undefined> => {
      if (held.size > 0) return undefined;
      const secret = newSecret();
      const account = { name: firstName, role: 'central', scope: '' } as const;
      await write({ ...account, openid: null, once: true, madeAt: now() }, secret, audit(by, 'account made', aboutOf(account)));
      return { name: firstName, secret };
    },

    async login(tried: Tried, password: string): Promise<LoggedIn> {
      const account = isName(tried.name) ? await proven(tried, password) : wrong;
      if (!('name' in account)) return account;
      note(audit(account.name, 'logged in', tried.address));
      return enter(account);
    },

    /** Somebody for whom the directory vouches. A name that is another's already is refused; another role or scope ends older sessions. */
    enterAs: (account: NewAccount & { openid: string }, address: string) =>
      changing(async (): Promise<LoggedIn> => {
        const { name, role, scope, openid } = account;
        const found = held.get(name);
        if (found && found.openid !== openid) return { ok: false, status: 409, line: `the account "${name}" is another's`, waitMs: 0 };
        note(audit(name, 'logged in', address));
        if (found?.role === role && found.scope === scope) return enter(found);
        const fresh = { ...account, once: false, madeAt: found?.madeAt ?? now() };
        return enter(await write(fresh, newSecret(), audit('directory', 'account made', aboutOf(account))));
      }),

    /** The person's own choice; all sessions of the account are over, and the answer is a new one. */
    async choose(tried: Tried, old: string, password: string): Promise<LoggedIn> {
      const account = await proven(tried, old);
      if (!('name' in account)) return account;
      return changing(async () => {
        if (held.get(account.name) !== account) return wrong;
        return enter(await write({ ...account, once: false }, password, audit(account.name, 'password chosen', account.name)));
      });
    },

    logout(hash: string, name: string): void {
      sessions.end(hash);
      note(audit(name, 'logged out', name));
    },
  };
}

function isName(name: string): boolean {
  return accountNamePattern.test(name);
}

function viewOf({ name, role, scope, once, madeAt }: Account): AccountView {
  return { name, role, scope, once, madeAt };
}

function aboutOf({ name, role, scope }: NewAccount): string {
  return `${name}: ${role} of ${scope || 'the nation'}`;
}
