/** The maintenance that is planned, and its dates. */
import type { Maintenance, MaintenanceDate, Meeting, SiteTable } from '../../engine/records/sites.ts';
import { createDateCache, endsAt, lingerMs } from '../calendar/calendar.ts';

/** The plans as they are now. */
export type Planned = ReturnType<typeof createPlanned>;

/** Holds what is planned; dates are worked out when somebody asks, for some days, once. */
export function createPlanned(plans: Iterable<Maintenance>, table: () => Pick<SiteTable, 'node' | 'resolve'> | undefined) {
  const byId = new Map([...plans].map((one) => [one.id, one]));
  const meetings = new Map<Maintenance, Meeting>();
  const datesAround = createDateCache();

  function datesOf(plan: Maintenance, now: number): readonly MaintenanceDate[] {
    const places = table();
    // What is planned for a place that is gone is nothing to anybody.
    if (places?.node(plan.scope) === undefined) return [];
    const dates = datesAround(meetings.getOrInsertComputed(plan, heldAs), zoneOf(plan, places), now);
    return dates.map((date) => ({ ...date, scope: plan.scope }));
  }

  return {
    all: (): ReadonlyMap<string, Maintenance> => byId,
    /** The dates that go on at a time, begin within two minutes, or have ended within them; undefined where the places are not known yet. */
    around: (now: number): MaintenanceDate[] | undefined =>
      table() &&
      [...byId.values()].flatMap((plan) => datesOf(plan, now).filter(({ from, to }) => from - lingerMs <= now && now < to + lingerMs)),
    /** The first date of a plan that is not over, within some days. */
    next: (plan: Maintenance, now: number): MaintenanceDate | undefined => datesOf(plan, now).find(({ to }) => to > now),
    /** True where no date of it is to come at any time. */
    isOver(plan: Maintenance, now: number): boolean {
      const places = table();
      const end = places && endsAt(heldAs(plan), zoneOf(plan, places));
      return typeof end === 'number' && end <= now;
    },
  };
}

/** By the clock of its place, unless it names a zone. */
function zoneOf({ zone, scope }: Pick<Maintenance, 'zone' | 'scope'>, table: Pick<SiteTable, 'resolve'>): string {
  return zone ?? table.resolve(scope).timeZone;
}

/** For the calendar it is held like a meeting. */
export function heldAs({ id, title, scope, start, zone, minutes, rule }: Maintenance): Meeting {
  return { id, title, scopes: [scope], start, zone, minutes, rule, except: [], moved: [] };
}
