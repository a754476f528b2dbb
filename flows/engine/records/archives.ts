/** What leaves the ledger for its age: events for the archive of a month, and what is deleted. Each call is one slice, short enough to stand between two commits. */

/** An event as it leaves, with the PC and the name of its spool; `body` as it is stored. */
export type LeavingEvent = {
  spool: number;
  pc: string;
  name: string;
  seq: number;
  mark: string;
  received: number;
  boot: string;
  at: number;
  grade: string;
  kind: string;
  body: string;
};

/** Where a page begins: behind this number of this spool. */
export type PagePlace = { spool: number; seq: number };
/** Events that may leave: received before `before`, or by a clock that was ahead, after `ahead`. */
export type LeavingAsk = { after: PagePlace; before: number; ahead: number };
/** Those, or all that the ledger has of a PC or site. */
export type PageAsk = LeavingAsk | { after: PagePlace; path: string };
/** `next` is null behind the last spool. */
export type LeavingPage = { events: LeavingEvent[]; next: PagePlace | null };

/** Numbers side by side, both ends in it. */
export type Run = { a: number; b: number };
/** What a segment holds of a spool; `newest` = when the last of them was received. */
export type SegmentSpool = { spool: number; runs: Run[]; newest: number };
/** A part of the archive of a month, whole on the disk: where it begins, how long it is, the SHA-256 of its bytes. */
export type Segment = { month: string; at: number; bytes: number; sha256: string; spools: SegmentSpool[] };

/** How many events of a spool stand in the archive of a month, which is the first, when the last of them was received, and whether it was given up. */
export type HeldMonth = { pc: string; name: string; month: string; a: number; count: number; newest: number; expired: boolean };
/** What archives hold of a PC or site, and where the segments of those months lie; `known`: it said something once. */
export type HeldOf = { known: boolean; months: HeldMonth[]; segments: Omit<Segment, 'spools'>[] };

/** The steps, by their name. */
export type Retention = {
  /** Some of the events that are asked for, by spool and number. */
  page(ask: PageAsk): LeavingPage;
  /** How long the archive of a month is, as far as it counts. */
  end(month: string): number;
  /** What has left of a PC or site. */
  held(path: string): HeldOf;
  /** From now on the events of a segment count as held by it. Throws where it does not begin at the end of its archive. */
  seal(segment: Segment): void;
  /** Takes some of what is sealed out of the ledger; false where nothing is left to take. */
  leave(): boolean;
  /** Deletes some of what is older than this; false where nothing is left. */
  forget(before: number): boolean;
  /** Gives some free pages back to the disk; false where enough are given. */
  shrink(): boolean;
  /** Keeps so many months; answers those that were given up in an earlier call, whose files may go. */
  expire(kept: number): string[];
};

/** Functions that another thread runs: each returns a promise of its result. */
export type Async<T extends Record<keyof T, (...args: never[]) => unknown>> = {
  [K in keyof T]: (...args: Parameters<T[K]>) => Promise<ReturnType<T[K]>>;
};
/** The steps as they are asked of the ledger's thread. */
export type LedgerRetention = Async<Retention>;
