/** What of a PC's record is news for the strips of its site: its presence, and the answer of each component. */
import { budgets, type Check, type Status } from '@sabha/contracts';
import type { PcRecord } from '../records/incidents.ts';
import type { Change } from '../records/ops.ts';
import { moveTimes } from './move-times.ts';

type Answer = Pick<Change, 'status' | 'faults'>;

const perMs = budgets.changesADay.most / 86_400_000;

/** Guarantee: of no PC more is written than its budget, but once that all of it is unknown, and later once what it is (R27). */
export function createHistory() {
  const pcs = new Map<string, { left: number; at: number; isHidden: boolean }>();
  const { most } = budgets.changesAtOnce;

  return {
    /** What is written as a record becomes another one, and whether that is more than may be. */
    changes(before: PcRecord | undefined, after: PcRecord, at: number): { rows: Change[]; isBeyond: boolean } {
      const rows = changesOf(before, after, at);
      if (rows.length === 0) return { rows, isBeyond: false };
      const held = pcs.get(after.pc) ?? { left: most, at, isHidden: false };
      const left = Math.min(most, held.left + (at - held.at) * perMs);
      const isBeyond = left < rows.length;
      const hidden = isBeyond && !held.isHidden && before !== undefined ? hiddenOf(before, at) : [];
      pcs.set(after.pc, { left: left - (isBeyond ? hidden.length : rows.length), at, isHidden: held.isHidden || isBeyond });
      return { rows: held.isHidden || isBeyond ? hidden : rows, isBeyond };
    },
    /** A PC is within its budgets again: what is said of it once it was hidden. */
    shown(record: PcRecord, at: number): Change[] {
      const held = pcs.get(record.pc);
      if (held?.isHidden !== true) return [];
      pcs.set(record.pc, { ...held, isHidden: false });
      return changesOf({ ...record, presence: 'never', checks: [] }, record, at);
    },
    setClock: (byMs: number): void => void moveTimes(pcs, byMs),
    forget: (pc: string): void => void pcs.delete(pc),
  };
}

/** What is no longer reported, or no longer kept: shown as unknown, and forgotten with age. */
const gone: Answer = { status: 'gone', faults: [] };

/** All that is held of a PC, as unknown. */
function hiddenOf({ checks }: PcRecord, at: number): Change[] {
  const components = Array.from(answersOf(checks).keys(), (component) => ({ component, at, ...gone }));
  return [{ component: 'presence', at, status: 'unknown', faults: [] }, ...components];
}

/** The changes from one record to the next; none of a record that is new, and `gone` for a component that is no longer checked. */
function changesOf(before: PcRecord | undefined, after: PcRecord, at: number): Change[] {
  const changes: Change[] = [];
  if (before !== undefined && before.presence !== after.presence) {
    changes.push({ component: 'presence', at, status: after.presence, faults: [] });
  }
  if (before?.checks === after.checks) return changes;
  const held = answersOf(before?.checks ?? []);
  const answers = answersOf(after.checks);
  for (const component of held.keys()) if (!answers.has(component)) answers.set(component, gone);
  for (const [component, answer] of answers) {
    if (!isSame(held.get(component), answer)) changes.push({ component, at, ...answer });
  }
  return changes;
}

/** A component has a few; who reports more is not to fill the ledger with them at each change. */
const faultsKept = 16;

/** The worst answer of each component, and its faults. */
function answersOf(checks: readonly Check[]): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const { component, status, fault } of checks) {
    const held = answers.get(component) ?? { status: 'ok', faults: [] };
    const faults = fault === null || held.faults.includes(fault) ? held.faults : [...held.faults, fault].sort();
    const isWorse = (gravity[status] ?? 0) > (gravity[held.status] ?? 0);
    answers.set(component, { status: isWorse ? status : held.status, faults: faults.slice(0, faultsKept) });
  }
  return answers;
}

const gravity: Record<string, number> = { ok: 0, unknown: 1, fault: 2 } satisfies Record<Status, number>;

function isSame(a: Answer | undefined, b: Answer): boolean {
  return a?.status === b.status && a.faults.join() === b.faults.join();
}
