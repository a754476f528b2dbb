/** What of a PC's record is news for the strips of its site: its presence, and the answer of each component. */
import type { Check, Status } from '#contracts';
import type { PcRecord } from '../records/incidents.ts';
import type { Change } from '../records/ops.ts';

type Answer = Pick<Change, 'status' | 'faults'>;

/** The changes from one record to the next; none of a record that is new, and `unknown` for a component that is no longer checked. */
export function changesOf(before: PcRecord | undefined, after: PcRecord, at: number): Change[] {
  const changes: Change[] = [];
  if (before !== undefined && before.presence !== after.presence) {
    changes.push({ component: 'presence', at, status: after.presence, faults: [] });
  }
  if (before?.checks === after.checks) return changes;
  const held = answersOf(before?.checks ?? []);
  const answers = answersOf(after.checks);
  for (const component of held.keys()) if (!answers.has(component)) answers.set(component, { status: 'unknown', faults: [] });
  for (const [component, answer] of answers) {
    if (!isSame(held.get(component), answer)) changes.push({ component, at, ...answer });
  }
  return changes;
}

/** The worst answer of each component, and its faults. */
function answersOf(checks: readonly Check[]): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const { component, status, fault } of checks) {
    const held = answers.get(component) ?? { status: 'ok', faults: [] };
    const faults = fault === null || held.faults.includes(fault) ? held.faults : [...held.faults, fault].sort();
    answers.set(component, { status: isWorse(status, held.status) ? status : held.status, faults });
  }
  return answers;
}

const gravity: Record<string, number> = { ok: 0, unknown: 1, fault: 2 } satisfies Record<Status, number>;

function isWorse(status: string, than: string): boolean {
  return (gravity[status] ?? 0) > (gravity[than] ?? 0);
}

function isSame(a: Answer | undefined, b: Answer): boolean {
  return a?.status === b.status && a.faults.join() === b.faults.join();
}
