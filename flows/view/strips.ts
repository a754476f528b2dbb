/** Strips of the wall: states of each component of a PC over time, from the changes in the ledger. */
import type { HistorySpan, HistoryView } from '@sabha/contracts';
import type { Away, Change } from '../engine/records/ops.ts';

type Answer = Omit<HistorySpan, 'from'>;

const away: Answer = { status: 'away', faults: [] };
const unknown: Answer = { status: 'unknown', faults: [] };

/** Start time, and the receive gaps of the server. */
type Frame = { from: number; aways: readonly Away[] };

/**
 * Builds the strips. `changes`: oldest first, with at most one before `from` for each component. While the PC was not online, every strip
 * is `away` or `unknown`.
 * Guarantee: during a receive gap of the server every strip is `unknown`. Each strip costs only its own changes, sorted once, R27
 * (budgets).
 */
export function historyOf(changes: readonly Change[], frame: Frame): HistoryView['pcs'][number]['strips'] {
  const saidOf = Map.groupBy(changes, ({ component }) => component);
  const aways = joined(frame.aways);
  const own = (saidOf.get('presence') ?? []).map(({ at, status }) => ({ at, answer: presences[status] ?? away }));
  const spans = (said: Point[], over: Point[]) => spansOf({ said, over, aways }, frame.from);
  const components = [...saidOf.keys()].filter((name) => name !== 'presence').sort();
  return [
    ...(own.length === 0 ? [] : [{ component: 'presence', spans: spans(own, []) }]),
    ...components.map((component) => ({ component, spans: spans((saidOf.get(component) ?? []).map(toAnswer), own) })),
  ];
}

type Point = { at: number; answer: Answer };

const online: Answer = { status: 'ok', faults: [] };
/** `unknown`: more changes than the limit came (R27). */
const presences: Readonly<Record<string, Answer>> = { unknown, online };

function toAnswer({ at, status, faults }: Change): Point {
  return { at, answer: { status: status === 'fault' || status === 'ok' ? status : 'unknown', faults } };
}

/** Merges three sorted lists in one pass. `over` hides `said` while the PC is not online, and a receive gap hides both. */
function spansOf({ said, over, aways }: Record<'said' | 'over' | 'aways', readonly Point[]>, from: number): HistorySpan[] {
  const times = [...new Set([...said, ...over, ...aways].map(({ at }) => Math.max(at, from)))].sort((a, b) => a - b);
  const [saidAt, overAt, awayAt] = [along(said), along(over), along(aways)];
  const spans: HistorySpan[] = [];
  for (const at of times) {
    const [own, cover, unheard] = [saidAt(at), overAt(at), awayAt(at)];
    const answer = cover === undefined || cover === online ? own : cover;
    const seen = answer !== undefined && unheard === unknown ? unknown : answer;
    const before = spans.at(-1);
    if (seen === undefined || (before && before.status === seen.status && before.faults.join() === seen.faults.join())) continue;
    spans.push({ from: at, ...seen });
  }
  return spans;
}

/** Returns the state at a time; the times of successive calls must not decrease. */
function along(points: readonly Point[]): (at: number) => Answer | undefined {
  let next = 0;
  return (at) => {
    for (let point = points[next]; point !== undefined && point.at <= at; point = points[next]) next += 1;
    return points[next - 1]?.answer;
  };
}

/** Merges receive gaps that touch or overlap. */
function joined(aways: readonly Away[]): Point[] {
  const points: Point[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of aways.toSorted((a, b) => a.from - b.from)) {
    if (from > end) points.push({ at: end, answer: online }, { at: from, answer: unknown });
    end = Math.max(end, to);
  }
  return [...points, { at: end, answer: online }].filter(({ at }) => Number.isFinite(at));
}
