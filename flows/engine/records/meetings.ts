/** Meetings as the ledger keeps them, and the hours of an office. Times of day are those of a zone, so that they outlive a change of its rules. */

/** One meeting, with all its dates. Local times are `2027-01-15T11:00:00`. */
export type Meeting = {
  /** The UID of its calendar, or what was made of its line. */
  id: string;
  title: string;
  /** Which rooms it concerns: paths of the tree, '' for all. */
  scopes: string[];
  /** Its first date, as the clock on the wall shows it. */
  start: string;
  /** An IANA name, or an offset such as `+05:30`; null = the zone of the site. */
  zone: string | null;
  minutes: number;
  /** Null where it is held once. */
  rule: Rule | null;
  /** Starts that fall out, as `start` has them. */
  except: string[];
  /** Single dates that are held at another time, by the start that they had; `scopes` where it is in other rooms. */
  moved: { of: string; start: string; zone: string | null; minutes: number; scopes?: string[] }[];
};

/** How a meeting comes back: the part of RFC 5545 that calendars of people write. */
export type Rule = {
  frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  interval: number;
  /** ISO weekdays, Monday is 1; `nth` of the month, counted from its end where negative, 0 = each. */
  weekdays: { day: number; nth: number }[];
  monthDays: number[];
  months: number[];
  positions: number[];
  /** The last local start that may be; null = none. */
  until: string | null;
  /** `until` is a time of UTC. */
  untilUtc: boolean;
  weekStart: number;
};

/** A date of a meeting. */
export type Occurrence = { id: string; title: string; from: number; to: number };

/** A span of a day on some weekdays (ISO, Monday is 1); minutes after midnight. */
export type DayHours = { days: number[]; from: number; to: number };

/** When a site confers, and when its people go home; null = it does not say. */
export type OfficeHours = { vc: DayHours[] | null; closes: number | null };

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
