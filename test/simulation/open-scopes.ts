/** Checks after each commit that a ledger has at most one open incident for a room or cause (R20, one transaction per batch). */
import type { Op } from '../../flows/engine/records/ops.ts';

export function createOpenScopes() {
  const open = new Map<string, Set<number>>();
  const twice: string[] = [];
  return {
    /** Complaints: one for each commit that left two open incidents of one scope. */
    twice: twice as readonly string[],
    took(ops: readonly Op[]): void {
      const touched = new Set<string>();
      for (const op of ops) {
        if (op.op !== 'incident') continue;
        const { id, scope, over } = op.incident;
        const ids = open.getOrInsertComputed(scope, () => new Set<number>());
        if (over === null) ids.add(id);
        else ids.delete(id);
        touched.add(scope);
      }
      for (const scope of touched) {
        const ids = [...(open.get(scope) ?? [])];
        if (ids.length > 1) twice.push(`${scope} has the incidents ${ids.join(' and ')} open at one time`);
      }
    },
    forget: () => open.clear(),
  };
}
