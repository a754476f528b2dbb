/** What may be ordered of maintenance: each order plans a change, and has it in use before it answers. */
import { isWithin, type MaintenanceView, mutex } from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Maintenance, SiteTable } from '../../engine/records/sites.ts';
import { byNextDate } from '../calendar/calendar.ts';
import { type Asked, draftOf } from './draft.ts';
import type { Planned } from './planned.ts';

/** The present plans, and how a change of them is applied. */
export type MaintenanceOrdersOptions = {
  planned(): Planned;
  table(): SiteTable;
  /** Writes the rows and takes the plans into use; rejects with nothing of it done. */
  apply(plans: Iterable<Maintenance>, ops: readonly Op[]): Promise<void>;
  now(): number;
  randomId(): string;
};

/** More of them nobody looks through. */
const plansLimit = 500;
/** What is over is kept for so long, for whoever asks what was. */
const keptMs = 7 * 86_400_000;

/** What may be ordered of maintenance. */
export type MaintenanceOrders = ReturnType<typeof createMaintenanceOrders>;

/**
 * The orders over the present plans.
 * Guarantee: one after the other, each on the plans that the last one left; a change is in use at once, with its row in the audit.
 */
export function createMaintenanceOrders({ planned, table, apply, now, randomId }: MaintenanceOrdersOptions) {
  const inTurn = mutex();
  const change = async (change: { put?: Maintenance; gone?: string }, audit: Audit) => {
    const next = new Map(planned().all());
    const over = [...next.values()].filter((one) => planned().isOver(one, now() - keptMs)).map(({ id }) => id);
    const gone = [...over, ...(change.gone === undefined ? [] : [change.gone])];
    for (const id of gone) next.delete(id);
    if (change.put !== undefined) next.set(change.put.id, change.put);
    const rows: Op[] = gone.map((id) => ({ op: 'maintenance-gone', id }));
    if (change.put !== undefined) rows.push({ op: 'maintenance', maintenance: change.put });
    await apply(next.values(), [...rows, { op: 'audit', at: now(), ...audit }]);
  };
  return {
    /** All that concerns a place or a group of sites ('' = all of it), what goes on or comes next first. */
    list(scope: string): MaintenanceView[] {
      const scopes = table().pathsOf(scope);
      const touches = (path: string) => scopes.some((one) => isWithin(one, path) || isWithin(path, one));
      const plans = [...planned().all().values()].filter((one) => touches(one.scope));
      return plans.map((one) => viewOf(planned(), one, now())).sort(byNextDate);
    },
    /** Plans it, or says in one line what is wrong with it. */
    add: (asked: Asked): Promise<{ ok: true; value: MaintenanceView } | { ok: false; line: string }> =>
      inTurn(async () => {
        if (planned().all().size >= plansLimit) return { ok: false, line: `more than ${plansLimit} are planned already: remove one` };
        const drafted = draftOf(asked, { table: table(), now: now(), id: randomId() });
        if (!drafted.ok) return drafted;
        const { plan } = drafted;
        await change({ put: plan }, { who: asked.by, what: 'maintenance planned', about: aboutOf(plan) });
        return { ok: true, value: viewOf(planned(), plan, now()) };
      }),
    /** What goes on ends with it. False where there is none of this id, or none within `within`. */
    remove: ({ id, by, isWithin }: { id: string; by: string; isWithin(scope: string): boolean }): Promise<boolean> =>
      inTurn(async () => {
        const held = planned().all().get(id);
        if (held === undefined || !isWithin(held.scope)) return false;
        await change({ gone: id }, { who: by, what: 'maintenance removed', about: aboutOf(held) });
        return true;
      }),
  };
}

function aboutOf({ id, scope, title, start, minutes, ruleText }: Maintenance): string {
  return `${id} of ${scope}: ${title}, ${start.slice(0, 16)} for ${minutes} min${ruleText === null ? '' : `, ${ruleText}`}`;
}

function viewOf(planned: Planned, plan: Maintenance, now: number): MaintenanceView {
  const { id, scope, title, start, zone, minutes, ruleText: rule, by, at } = plan;
  const next = planned.next(plan, now);
  return { id, scope, title, start, zone, minutes, rule, by, at, next: next ? { from: next.from, to: next.to } : null };
}
