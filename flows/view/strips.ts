/** The strips of the wall: what each component of a PC said over a time, from the changes that the ledger keeps. */
import type { HistorySpan, HistoryView } from '#contracts';
import type { Change } from '../records/ops.ts';

type Strips = HistoryView['pcs'][number]['strips'];
type Answer = Omit<HistorySpan, 'from'>;

const away: Answer = { status: 'away', faults: [] };

/** `changes` oldest first, of each component at most one before `from`. While the PC was not online every strip says `away`. */
export function historyOf(changes: readonly Change[], from: number): Strips {
  const presence = changes.filter(({ component }) => component === 'presence');
  const components = [...new Set(changes.map(({ component }) => component))].filter((name) => name !== 'presence').sort();
  const own = presence.map(({ at, status }) => ({ at, answer: presenceOf(status) }));
  const strips = components.map((component) => {
    const said = changes.filter((change) => change.component === component);
    return { component, spans: spansOf(said.map(toAnswer), own, from) };
  });
  return presence.length === 0 ? strips : [{ component: 'presence', spans: spansOf(own, [], from) }, ...strips];
}

type Point = { at: number; answer: Answer };

const online: Answer = { status: 'ok', faults: [] };

/** `unknown`: more changes of it came than are kept (R27). */
function presenceOf(status: string): Answer {
  if (status === 'unknown') return { status, faults: [] };
  return status === 'online' ? online : away;
}

function toAnswer({ at, status, faults }: Change): Point {
  return { at, answer: { status: status === 'fault' || status === 'ok' ? status : 'unknown', faults } };
}

/** Walks over both lists of times at once: `over` covers `said` wherever it says away. */
function spansOf(said: readonly Point[], over: readonly Point[], from: number): HistorySpan[] {
  const times = [...new Set([...said, ...over].map(({ at }) => Math.max(at, from)))].sort((a, b) => a - b);
  const spans: HistorySpan[] = [];
  for (const at of times) {
    const covered = answerAt(over, at)?.status === 'away';
    const answer = covered ? away : answerAt(said, at);
    const before = spans.at(-1);
    if (answer === undefined || (before && before.status === answer.status && before.faults.join() === answer.faults.join())) continue;
    spans.push({ from: at, ...answer });
  }
  return spans;
}

function answerAt(points: readonly Point[], at: number): Answer | undefined {
  return points.findLast((point) => point.at <= at)?.answer;
}
