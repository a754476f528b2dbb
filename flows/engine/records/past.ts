/** What happened, as the ledger holds it for whoever plays it once more. */
import type { Incident, Transition } from './incidents.ts';
import type { OutboxRow } from './notices.ts';

/** A message to a person as it was written down. */
export type Sent = Pick<OutboxRow, 'key' | 'createdAt'>;
/** What stands in the audit behind an acknowledgement that was taken back at once. */
export const withdrawnWord = 'withdrawn';
/** An answer of a PC's component. */
export type PcChange = { pc: string; component: string; at: number; status: string; faults: string[] };

/** Some incidents with all that belongs to them. */
export type Past = { incidents: Incident[]; transitions: Transition[]; changes: PcChange[]; sent: Sent[] };

/** Incidents above `after` that were not over at `since`. */
export type PastQuery = { since: number; after: number; most?: number };
/** A part of the past as JSON, so that whoever only hands it on need not read it; `last`: its highest incident, null where there is none. */
export type PastPage = { json: string; last: number | null };
