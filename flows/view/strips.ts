/** The strips of the wall: what each component of a PC said over a time, from the changes that the ledger keeps. */
import type { HistorySpan, HistoryView } from '#contracts';
import type { Away, Change } from '../records/ops.ts';

type Strips = HistoryView['pcs'][number]['strips'];
type Answer = Omit<HistorySpan, 'from'>;

/** From when, and the times in which the centre heard nobody. */
type Frame = { from: number; aways: readonly Away[] };

const away: Answer = { status: 'away', faults: [] };
const unknown: Answer = { status: 'unknown', faults: [] };

/**
 * `changes` oldest first, of each component at most one before `from`. While the PC was not online every strip says `away`.
 * Guarantee: of a time in which the centre heard nobody every strip says `unknown`.
 */
export function historyOf(changes: readonly Change[], frame: Frame): Strips {
  const presence = changes.filter(({ component }) => component === 'presence');
  const components = [...new Set(changes.map(({ component }) => component))].filter((name) => name !== 'presence').sort();
  const own = presence.map(({ at, status }) => ({ at, answer: presenceOf(status) }));
  const strips = components.map((component) => {
    const said = changes.filter((change) => change.component === component);
    return { component, spans: spansOf(said.map(toAnswer), own, frame) };
  });
  return presence.length === 0 ? strips : [{ component: 'presence', spans: spansOf(own, [], frame) }, ...strips];
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

/** Walks over all times at once: `over` covers `said` wherever it says away, and the centre's own absence covers both. */
function spansOf(said: readonly Point[], over: readonly Point[], { from, aways }: Frame): HistorySpan[] {
  const ends = aways.flatMap((one) => [one.from, one.to]).filter(Number.isFinite);
  const times = [...new Set([...[...said, ...over].map(({ at }) => at), ...ends].map((at) => Math.max(at, from)))].sort((a, b) => a - b);
  const spans: HistorySpan[] = [];
  for (const at of times) {
    const answer = answerIn(said, over, at);
    const seen = answer !== undefined && aways.some((one) => one.from <= at && at < one.to) ? unknown : answer;
    const before = spans.at(-1);
    if (seen === undefined || (before && before.status === seen.status && before.faults.join() === seen.faults.join())) continue;
    spans.push({ from: at, ...seen });
  }
  return spans;
}

function answerIn(said: readonly Point[], over: readonly Point[], at: number): Answer | undefined {
  return answerAt(over, at)?.status === 'away' ? away : answerAt(said, at);
}

function answerAt(points: readonly Point[], at: number): Answer | undefined {
  return points.findLast((point) => point.at <= at)?.answer;
}
