/** The maintenance that is planned, and its dates. */
import { endsAt, occurrencesIn } from '../calendar/occurrences.ts';
import type { Maintenance, MaintenanceDate } from '../records/maintenance.ts';
import type { Meeting } from '../records/meetings.ts';
import type { SiteTable } from '../records/sites.ts';

const dayMs = 86_400_000;
/** So far ahead dates are looked up at once. */
const aheadMs = 15 * dayMs;
/** A date that is over is still answered for so long: a clock that is set back by little brings it back. */
const lingerMs = 120_000;

/** The plans as they are now. */
export type Planned = ReturnType<typeof createPlanned>;
type Table = Pick<SiteTable, 'node' | 'resolve'>;

/** Holds what is planned; dates are worked out when somebody asks, for some days, once. */
export function createPlanned(plans: Iterable<Maintenance>, table: () => Table | undefined) {
  const byId = new Map([...plans].map((one) => [one.id, one]));
  /** Dates by plan and zone, and for which time they are known. */
  const known = new Map<string, { from: number; to: number; dates: MaintenanceDate[] }>();

  function datesOf(plan: Maintenance, now: number): readonly MaintenanceDate[] {
    const places = table();
    // What is planned for a place that is gone is nothing to anybody.
    if (places?.node(plan.scope) === undefined) return [];
    const zone = zoneOf(plan, places);
    const key = `${zone} ${plan.id}`;
    const held = known.get(key);
    if (held !== undefined && held.from <= now - lingerMs && now + dayMs <= held.to) return held.dates;
    const span = { from: now - dayMs, to: now + aheadMs };
    const dates = datesIn(plan, span, zone);
    known.set(key, { ...span, dates });
    return dates;
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
      const end = places && endOf(plan, zoneOf(plan, places));
      return typeof end === 'number' && end <= now;
    },
  };
}

/** Its dates in a span of days, the first first. */
export function datesIn(plan: Maintenance, span: { from: number; to: number }, zone: string): MaintenanceDate[] {
  const { id, scope, title } = plan;
  return occurrencesIn(heldAs(plan), span, zone).map(({ from, to }) => ({ id, scope, title, from, to }));
}

/** When its last date is over; null where it goes on. */
export function endOf(plan: Maintenance, zone: string): number | null {
  return endsAt(heldAs(plan), zone);
}

/** By the clock of its place, unless it names a zone. */
function zoneOf({ zone, scope }: Pick<Maintenance, 'zone' | 'scope'>, table: Pick<SiteTable, 'resolve'>): string {
  return zone ?? table.resolve(scope).timeZone;
}

/** For the calendar it is held like a meeting. */
function heldAs({ id, title, scope, start, zone, minutes, rule }: Maintenance): Meeting {
  return { id, title, scopes: [scope], start, zone, minutes, rule, except: [], moved: [] };
}
