/** What a commit put on disk: the one event that everybody beyond the disk goes by. */
import type { Incident, WireMessage } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Op } from '../engine/records/ops.ts';
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

/** What a batch changed of what people look at; undefined where nobody sees any of it. */
export function changedBy(
  ops: readonly Op[],
  { sites, pcsGone }: { sites: readonly string[]; pcsGone: readonly string[] },
): Changed | undefined {
  const pcs = pcsIn(ops);
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  if (pcs.length + incidents.length + sites.length + pcsGone.length === 0) return undefined;
  return { pcs, incidents: [...new Set(incidents)], sites, pcsGone };
}

/** The rows that a batch adds to the outbox. */
export function noticesIn(ops: readonly Op[]): OutboxRow[] {
  return ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
}

/** The incidents in a batch of which people said or did something. */
export function handledIn(ops: readonly Op[]): Incident[] {
  return ops.flatMap((op) => (op.op === 'incident' && (op.incident.deeds ?? op.incident.answers) ? [op.incident] : []));
}

/** The PCs whose records a batch writes. */
export function pcsIn(ops: readonly Op[]): string[] {
  return ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
}
