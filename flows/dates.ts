/** Holds the meeting calendar and the planned maintenance in memory. A change is stored in the ledger before it takes effect. */
import { pathOfScope } from '@sabha/contracts';
import type { Ledger, Op } from './engine/records/ops.ts';
import type { Ingest } from './ingest/ingest.ts';
import { type Calendar, createCalendar } from './sites/calendar/calendar.ts';
import { createMeetingOrders } from './sites/calendar/meeting-orders.ts';
import { createMaintenanceOrders, createPlannedMaintenance, type PlannedMaintenance } from './sites/maintenance/maintenance.ts';
import { createSiteTable } from './sites/table.ts';

/** `ingest` returns undefined while the ledger is reopened; `opened` then throws. Both otherwise return the ingest of the open pipeline. */
export type DatesOptions = { ingest(): Ingest | undefined; opened(): Ingest; now(): number; randomId(): string };

/** Creates the calendar and the planned maintenance. Both are empty until `load` reads them from the ledger. */
export function createDates({ ingest, opened, now, randomId }: DatesOptions) {
  const table = () => opened().table();
  // While the ledger is reopened there is no site table, so the calendar uses an empty one.
  const calendarOf = (meetings: Parameters<typeof createCalendar>[0]) =>
    createCalendar(meetings, () => ingest()?.table() ?? createSiteTable([]));
  const plannedOf = (plans: Parameters<typeof createPlannedMaintenance>[0]) => createPlannedMaintenance(plans, () => ingest()?.table());
  const held = { calendar: calendarOf([]), planned: plannedOf([]) };
  // Default of the shipped *when* node, used until that node handles its first message.
  const before = { ms: 30 * 60_000 };
  const write = async (what: string, ops: readonly Op[], next: Partial<typeof held>) => {
    if (!(await ingest()?.record(ops))) throw new Error(`the ledger did not store the ${what}`);
    Object.assign(held, next);
    await ingest()?.tell({ type: 'look-again' });
  };
  return {
    calendar: (): Calendar => held.calendar,
    planned: (): PlannedMaintenance => held.planned,
    /** `ms`: how long before a meeting its room counts as near a meeting. The *when* node of the tabs sets it. */
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
