/** Maintenance as the ledger keeps it: times in which nothing of a place is told. Times of day are those of a zone, as of a meeting. */
import type { Rule } from './meetings.ts';

/** What somebody has planned: once, or again and again. */
export type Maintenance = {
  id: string;
  /** A state, a site or a room. */
  scope: string;
  /** What for, in the words of whoever planned it. */
  title: string;
  /** When it begins, the first time, as the clock on the wall shows it. */
  start: string;
  /** An IANA name, or an offset; null = the zone of the site. */
  zone: string | null;
  minutes: number;
  /** Null where it is held once. */
  rule: Rule | null;
  /** The rule as it was said. */
  ruleText: string | null;
  by: string;
  at: number;
};

/** One of its times. */
export type MaintenanceDate = Pick<Maintenance, 'id' | 'scope' | 'title'> & { from: number; to: number };
