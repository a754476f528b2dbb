/** What people do about an incident, and what is told once more for it. */
import type { AgainReason, DeedKind, Severity } from '@sabha/contracts';

/** One thing that was done; `by` is empty where nobody did it. `to`: who was asked, or from whom it was taken. */
export type Deed = { at: number; by: string; did: DeedKind; to?: string; until?: number };

/** Who is on it. `instead`: what stood before, while this can still be taken back. */
export type Taken = {
  by: string;
  at: number;
  severity: Severity;
  instead?: Pick<Handling, 'assigned' | 'fixed'> & { acknowledged: Taken | null };
};

/** How an incident is handled, beside being taken. */
export type Handling = {
  /** `to` is the id of a person. */
  assigned?: { to: string; by: string; at: number };
  /** Somebody says that it is fixed: telemetry has until `until` to agree. */
  fixed?: { by: string; at: number; until: number };
  /** Nothing of it is told until then, but what is worse than this, or newly critical. */
  snoozed?: { by: string; at: number; until: number; severity: Severity };
  /** The newest last; a bounded number of them. */
  deeds?: Deed[];
};

/** Why what people know of is told once more. `to` = persons who hear it first; the tabs choose where it is empty. */
export type Again = { why: AgainReason; by: string; to: string[] };

/** What a person orders about an incident. */
export type HandlingOrder =
  | { type: 'acknowledge' | 'withdraw' | 'fixed'; incident: number; by: string }
  | { type: 'assign'; incident: number; by: string; to: string }
  | { type: 'snooze'; incident: number; by: string; until: number };
