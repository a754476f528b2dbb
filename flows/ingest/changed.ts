/** What those who look at the desk are told after a commit. */
import type { Op } from '../records/ops.ts';

/** What a commit changed. `sites`: of these the node itself, or one that it inherits from, is another. */
export type Changed = { pcs: readonly string[]; incidents: readonly number[]; sites?: readonly string[]; pcsGone?: readonly string[] };

/** What a batch changed; undefined where nobody sees any of it. */
export function changedBy(
  ops: readonly Op[],
  { sites, pcsGone }: { sites: readonly string[]; pcsGone: readonly string[] },
): Changed | undefined {
  const pcs = ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  if (pcs.length + incidents.length + sites.length + pcsGone.length === 0) return undefined;
  return { pcs, incidents: [...new Set(incidents)], sites, pcsGone };
}
