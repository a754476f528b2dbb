/** What a commit put on disk: the one event that everybody beyond the disk goes by. */
import type { Incident, WireMessage } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Drafts } from './acks.ts';
import type { Report } from './read-message.ts';

/** What a commit changed of what people look at. `sites`: of these the node itself, or one that it inherits from, is another. */
export type Changed = { pcs: readonly string[]; incidents: readonly number[]; sites?: readonly string[]; pcsGone?: readonly string[] };

/** A birth, or answers to commands, as a PC said them. */
export type Heard = Pick<Report, 'pc' | 'event' | 'ops'>;

/** A message for the wires: for the wait node of that id, or for the head. */
export type Offer = { message: WireMessage; node: string | null };

/** What is durable, and what may be done of it now and not before (R20). */
export type Committed = {
  /** Acks that PCs are owed. */
  acks: Drafts;
  /** What PCs are sent besides: configurations, and the bell of a roll call. */
  sends: readonly (() => void)[];
  /** Births and answers to commands. */
  heard: readonly Heard[];
  offers: readonly Offer[];
  /** Rows for the outbox. */
  notices: readonly OutboxRow[];
  /** Incidents of which people said or did something, as they are now. */
  handled: readonly Incident[];
  /** Undefined where nobody sees any of it. */
  changed: Changed | undefined;
};
