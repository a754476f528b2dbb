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
/** Events received before `before`, or by a clock that was ahead, after `ahead`. */
export type PageAsk = { after: PagePlace; before: number; ahead: number };
/** `next` is null behind the last spool. */
export type LeavingPage = { events: LeavingEvent[]; next: PagePlace | null };

/** Numbers side by side, both ends in it. */
export type Run = { a: number; b: number };
/** What a segment holds of a spool; `sha256` of its lines there, `newest` = when the last of them was received. */
export type SegmentSpool = { spool: number; runs: Run[]; sha256: string; newest: number };
/** A part of the archive of a month, whole on the disk: where it begins, how long it is, the SHA-256 of its bytes. */
export type Segment = { month: string; at: number; bytes: number; sha256: string; spools: SegmentSpool[] };

/** The steps, by their name. */
export type Retention = {
  /** Some events that may leave, by spool and number. */
  page(ask: PageAsk): LeavingPage;
  /** How long the archive of a month is, as far as it counts. */
  end(month: string): number;
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

/** The steps as they are asked of the ledger's thread. */
export type LedgerRetention = { [K in keyof Retention]: (...args: Parameters<Retention[K]>) => Promise<ReturnType<Retention[K]>> };
