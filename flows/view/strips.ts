/** Strips of the wall: the states of each component of a PC over time, from the changes in the ledger. */
import type { HistorySpan, HistoryView } from '@sabha/contracts';
import type { ComponentChange, ReceiveGap } from '../engine/records/ops.ts';

type StripStatus = Omit<HistorySpan, 'from'>;

const away: StripStatus = { status: 'away', faults: [] };
const unknown: StripStatus = { status: 'unknown', faults: [] };

/** Start time, and the receive gaps of the server. */
type StripFrame = { from: number; receiveGaps: readonly ReceiveGap[] };

/**
 * Builds the strips. `changes`: oldest first, with at most one before `from` for each component. While the PC was not online, every strip
 * is `away` or `unknown`.
 * Guarantee: during a receive gap of the server every strip is `unknown`. Each strip costs only its own changes, sorted once, R27
 * (budgets).
 */
export function historyOf(changes: readonly ComponentChange[], frame: StripFrame): HistoryView['pcs'][number]['strips'] {
  const saidOf = Map.groupBy(changes, ({ component }) => component);
  const aways = mergeReceiveGaps(frame.receiveGaps);
  const own = (saidOf.get('presence') ?? []).map(({ at, status }) => ({ at, answer: presences[status] ?? away }));
  const spans = (said: StatusPoint[], over: StatusPoint[]) => spansOf({ said, over, aways }, frame.from);
  const components = [...saidOf.keys()].filter((name) => name !== 'presence').sort();
  return [
    ...(own.length === 0 ? [] : [{ component: 'presence', spans: spans(own, []) }]),
    ...components.map((component) => ({ component, spans: spans((saidOf.get(component) ?? []).map(toAnswer), own) })),
  ];
}

type StatusPoint = { at: number; answer: StripStatus };

const online: StripStatus = { status: 'ok', faults: [] };
/** The status of a strip by presence. `unknown`: the PC had more changes than the limit (R27). */
const presences: Readonly<Record<string, StripStatus>> = { unknown, online };

function toAnswer({ at, status, faults }: ComponentChange): StatusPoint {
  return { at, answer: { status: status === 'fault' || status === 'ok' ? status : 'unknown', faults } };
}

/** Merges three sorted lists in one pass. `over` hides `ownStates` while the PC is not online, and a receive gap hides both. */
function spansOf({ said: ownStates, over, aways }: Record<'said' | 'over' | 'aways', readonly StatusPoint[]>, from: number): HistorySpan[] {
  const times = [...new Set([...ownStates, ...over, ...aways].map(({ at }) => Math.max(at, from)))].sort((a, b) => a - b);
  const [saidAt, overAt, awayAt] = [cursorOver(ownStates), cursorOver(over), cursorOver(aways)];
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
function cursorOver(points: readonly StatusPoint[]): (at: number) => StripStatus | undefined {
  let next = 0;
  return (at) => {
    for (let point = points[next]; point !== undefined && point.at <= at; point = points[next]) next += 1;
    return points[next - 1]?.answer;
  };
}

/** Merges receive gaps that touch or overlap. */
function mergeReceiveGaps(aways: readonly ReceiveGap[]): StatusPoint[] {
  const points: StatusPoint[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of aways.toSorted((a, b) => a.from - b.from)) {
    if (from > end) points.push({ at: end, answer: online }, { at: from, answer: unknown });
    end = Math.max(end, to);
  }
  return [...points, { at: end, answer: online }].filter(({ at }) => Number.isFinite(at));
}
