/** What the routes of the calendar ask: each plans a change on the meetings that are held, and applies it before it answers. */
import { type MeetingsImport, type MeetingView, mutex } from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Meeting, SiteTable } from '../../engine/records/sites.ts';
import type { Calendar } from './calendar.ts';
import { byNextDate } from './calendar.ts';
import { isOver, type MeetingsChange, planMeetings } from './import.ts';

/** The present calendar, and how a change of it is applied. */
export type MeetingOrdersOptions = {
  calendar(): Calendar;
  table(): SiteTable;
  /** Writes the rows and takes the meetings into use; rejects with nothing of it done. */
  apply(meetings: Iterable<Meeting>, ops: readonly Op[]): Promise<void>;
  now(): number;
};

/** What may be ordered of the calendar. */
export type MeetingOrders = ReturnType<typeof createMeetingOrders>;

/**
 * The orders over the present calendar.
 * Guarantee: one after the other, each on the calendar that the last one left; a change goes into use at once, with its row in the audit.
 */
export function createMeetingOrders({ calendar, table, apply, now }: MeetingOrdersOptions) {
  const inTurn = mutex();
  const change = async ({ put, gone }: MeetingsChange, audit: Audit) => {
    const over = [...calendar().all().values()].filter((one) => isOver(one, table(), now() - keptMs)).map(({ id }) => id);
    const next = new Map(calendar().all());
    for (const id of [...gone, ...over]) next.delete(id);
    for (const one of put) next.set(one.id, one);
    const rows: Op[] = [
      ...[...gone, ...over].map((id) => ({ op: 'meeting-gone', id }) as const),
      ...put.map((meeting) => ({ op: 'meeting', meeting }) as const),
    ];
    await apply(next.values(), [...rows, { op: 'audit', at: now(), ...audit }]);
  };
  return {
    calendar,
    /** All meetings that concern a scope ('' = all of them), the next one first. */
    list: (scope: string): MeetingView[] => viewsOf(calendar(), scope, now()),
    /** Without `apply` it only tells what would change. */
    import: (at: { text: string; rooms: string; replace: boolean; apply: boolean; by: string }): Promise<MeetingsImport> =>
      inTurn(async () => {
        const planned = await planMeetings({ ...at, table: table(), held: calendar().all(), now: now() });
        if (!at.apply || planned.import.problems.length > 0) return planned.import;
        const { added, changed, removed, same } = planned.import.difference;
        const about = `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${same} the same`;
        if (planned.change !== null) await change(planned.change, { who: at.by, what: 'meetings imported', about });
        return { ...planned.import, applied: true };
      }),
    /** False where there is no such meeting. */
    remove: (id: string, by: string): Promise<boolean> =>
      inTurn(async () => {
        const held = calendar().all().get(id);
        if (held === undefined) return false;
        await change({ put: [], gone: [id] }, { who: by, what: 'meeting removed', about: `${id}: ${held.title}` });
        return true;
      }),
  };
}

/** A meeting that is over is kept for so long, for whoever asks what was. */
const keptMs = 7 * 86_400_000;

function viewsOf(calendar: Calendar, scope: string, now: number): MeetingView[] {
  const touches = (path: string) => scope === '' || path === '' || `${path}/`.startsWith(`${scope}/`) || `${scope}/`.startsWith(`${path}/`);
  const all = calendar.parts().filter(({ scopes }) => scopes.some(touches));
  return all
    .map((meeting) => {
      const { id, title, scopes, start, zone, minutes, rule } = meeting;
      const [next] = calendar.datesOf(meeting, now);
      return { id, title, scopes, start, zone, minutes, repeats: rule !== null, next: next ? { from: next.from, to: next.to } : null };
    })
    .sort(byNextDate);
}
