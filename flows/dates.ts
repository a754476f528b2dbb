/** The meeting calendar and the planned maintenance, as loaded from the ledger. */
import { pathOfScope } from '@sabha/contracts';
import type { Ledger, Op } from './engine/records/ops.ts';
import type { Ingest } from './ingest/ingest.ts';
import { type Calendar, createCalendar } from './sites/calendar/calendar.ts';
import { createMeetingOrders } from './sites/calendar/meeting-orders.ts';
import { createMaintenanceOrders, createPlannedMaintenance, type PlannedMaintenance } from './sites/maintenance/maintenance.ts';
import { createSiteTable } from './sites/table.ts';

/** The dependencies. While the ledger is reopened, `ingest` returns undefined and `opened` throws. */
export type DatesOptions = { ingest(): Ingest | undefined; opened(): Ingest; now(): number; randomId(): string };

/** Creates the dates; they are empty before `load`. */
export function createDates({ ingest, opened, now, randomId }: DatesOptions) {
  const table = () => opened().table();
  // The calendar is not used while the ledger is reopened, so an empty table serves then.
  const calendarOf = (meetings: Parameters<typeof createCalendar>[0]) =>
    createCalendar(meetings, () => ingest()?.table() ?? createSiteTable([]));
  const plannedOf = (plans: Parameters<typeof createPlannedMaintenance>[0]) => createPlannedMaintenance(plans, () => ingest()?.table());
  const held = { calendar: calendarOf([]), planned: plannedOf([]) };
  // The default of the shipped *when* node, used until the first message passes the node.
  const before = { ms: 30 * 60_000 };
  const write = async (what: string, ops: readonly Op[], next: Partial<typeof held>) => {
    if (!(await ingest()?.record(ops))) throw new Error(`the ledger did not store the ${what}`);
    Object.assign(held, next);
    await ingest()?.tell({ type: 'look-again' });
  };
  return {
    calendar: (): Calendar => held.calendar,
    planned: (): PlannedMaintenance => held.planned,
    /** How long before a meeting a room is urgent, as set in the *when* node. */
    before,
    isMeetingNear: (scope: string, at: number): boolean =>
      held.calendar.next(pathOfScope(scope), at).some(({ from }) => from - before.ms <= at),
    async load(ledger: Pick<Ledger, 'meetings' | 'maintenance'>): Promise<void> {
      held.calendar = calendarOf(await ledger.meetings());
      held.planned = plannedOf(await ledger.maintenance());
    },
    meetings: createMeetingOrders({
      calendar: () => held.calendar,
      table,
      apply: (all, ops) => write('meetings', ops, { calendar: calendarOf(all) }),
      now,
    }),
    maintenance: createMaintenanceOrders({
      planned: () => held.planned,
      table,
      apply: (all, ops) => write('maintenance', ops, { planned: plannedOf(all) }),
      now,
      randomId,
    }),
  };
}
