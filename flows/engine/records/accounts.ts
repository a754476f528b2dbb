/** An account and a login as the ledger keeps them: of password, token and session it knows only what they hash to. */
import type { TokenRole } from '@sabha/contracts';

/** scrypt's parameters stand beside each hash, so that a later version may choose stronger ones. Salt and key in base64url. */
export type PasswordHash = { n: number; r: number; p: number; salt: string; key: string };

/** One who may log in. */
export type Account = {
  name: string;
  role: TokenRole;
  /** The part of the tree that it sees and acts on: '' = all of it. */
  scope: string;
  password: PasswordHash;
  /** The password is a secret of ours: nothing opens with it but the choice of another one. */
  once: boolean;
  /** When that secret was made, and when somebody came in by it. */
  secretAt?: number;
  usedAt?: number;
  /** Whom the directory knows it as; null = it logs in by its password. */
  openid: string | null;
  /** Set for a program, which sends a token and has no password: what the token hashes to (`hashToken`), and how long it is valid. */
  token?: { hash: string; days: number };
  /** Another one with each password: a session that began under an older one is over. */
  stamp: string;
  madeAt: number;
};

/** One who is logged in. */
export type Login = {
  /** SHA-256 of the session's token, in base64url. */
  hash: string;
  account: string;
  stamp: string;
  startedAt: number;
  /** To within some minutes. */
  usedAt: number;
};

/** All accounts and logins that the ledger holds. */
export type AccountContents = { accounts: Account[]; logins: Login[] };
