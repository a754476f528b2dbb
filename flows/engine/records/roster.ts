/** The roster as the ledger keeps it: who is told, when they are on duty, and who stands in for them. */
import type { Person, Role } from '@sabha/contracts';
import type { DayHours } from './meetings.ts';

/** Days off, the first and the last, by the calendar on the wall: `2027-01-10`. */
export type Leave = { from: string; to: string };

/** A shift that somebody else has taken over, until it ends. */
export type Relief = { by: string; until: number };

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
  /** The shift that runs, taken over by somebody else. */
  relief?: Relief;
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
