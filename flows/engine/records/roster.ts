/** The roster as the ledger keeps it: who is told, when they are on duty, and who stands in for them. */
import type { Person, Role, TokenRole } from '@sabha/contracts';
import type { DayHours } from './meetings.ts';

/** Days off, the first and the last, by the calendar on the wall: `2027-01-10`. */
export type Leave = { from: string; to: string };

/** A person with all that decides when they are told. `role` and `scope` are the first of `roles` and `scopes`. */
export type Member = Person & {
  /** In the order in which they are tried; none named = each that reaches the person. */
  channels: string[];
  groups: string[];
  roles: Role[];
  /** Paths of the tree, '' = everywhere. */
  scopes: string[];
  /** The hours of duty, of which the end may lie after 24:00; null = always. */
  duty: DayHours[] | null;
  /** The zone of duty and leave. */
  zone: string;
  leave: Leave[];
  /** Who is told instead while the person is away. */
  deputy: string | null;
  /** The shift that runs, taken over by somebody else until it ends. */
  relief?: { by: string; until: number };
};

/** When a channel last was proven to reach a person. */
export type Proof = { person: string; channel: string; at: number };

/** The roster as it is read at the start. `devices`: those of each person, as they were written. */
export type RosterContents = { members: Member[]; proofs: Proof[]; devices?: Readonly<Record<string, string>> };

/** `ids`: by which programs name the person; `texts`: name, phone, addresses, as people write them. `alias`: what stands in their place. */
export type PersonWords = { ids: readonly string[]; texts: readonly string[]; alias: string };
/** A row in which the person stands. */
export type PersonRow = { table: string; row: Record<string, unknown> };
/** Who forgets whom, and when. */
export type Forgetting = { words: PersonWords; by: string; at: number };
/** Out of how many rows a person was taken. */
export type Forgotten = { audit: number; elsewhere: number };

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
