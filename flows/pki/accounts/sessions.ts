/** Who is logged in. A session is 32 random bytes in a cookie; here and in the ledger stands only their SHA-256. */
import { hash } from 'node:crypto';
import type { Op } from '../../engine/records/ops.ts';
import type { Account, AccountContents, Login } from '../../engine/records/roster.ts';

const hourMs = 3_600_000;
/** A working day: who goes home is asked again in the morning. A page that is looked at goes on using its session. */
const idleMs = 8 * hourMs;
/** A wall that hangs in a control room never rests; its people say once a week who they are. */
export const sessionLifeMs = 7 * 24 * hourMs;
/** How often its use is written down, for the next start of `flows`. */
const notedEveryMs = 600_000;
/** The oldest of an account makes room: a lost cookie must not fill the ledger. */
const sessionsAtMost = 20;

type SessionsOptions = { contents: AccountContents; commit(ops: Op[]): Promise<unknown>; now(): number; newToken(): string };

/**
 * `account` is the account of a name; `note` writes what nobody waits for.
 * Guarantee: a session is over with its password, its account, after 8 hours without use and after 7 days.
 */
export function createSessions(
  { contents, commit, now, newToken }: SessionsOptions,
  account: (name: string) => Account | undefined,
  note: (op: Op) => void,
) {
  const held = new Map(contents.logins.map((login) => [login.hash, login]));

  /** The account of a session that is not over. A session that a fast clock began is over too: it would last as long as that clock was ahead. */
  function ownerOf(login: Login): Account | undefined {
    const owner = account(login.account);
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
