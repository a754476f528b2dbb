/** Planned maintenance: its dates, and the operations to add and remove it. An operation returns when its change is in use. */
import { createMutex, isWithin, type MaintenanceView, oneLine } from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Maintenance, MaintenanceDate, Meeting, SiteTable } from '../../engine/records/sites.ts';
import { atOf, byNextDate, createDateCache, endsAt, isLocal, lingerMs, occurrencesIn, ruleOfText } from '../calendar/calendar.ts';
import { zoneNamed } from '../calendar/draft.ts';

export type MaintenanceOrdersOptions = {
  planned(): PlannedMaintenance;
  table(): SiteTable;
  /** Commits the rows and replaces the plans. If it rejects, nothing has changed. */
  apply(plans: Iterable<Maintenance>, ops: readonly Op[]): Promise<void>;
  now(): number;
  randomId(): string;
};

/** Limit of plans, because a longer list is not useful to people. */
const plansLimit = 500;
/** Time for which past maintenance is kept, for reference. */
const keptMs = 7 * 86_400_000;

export type MaintenanceOrders = ReturnType<typeof createMaintenanceOrders>;

/**
 * Creates the operations on the plans.
 * Guarantee: they run one after the other, each on the plans that the previous one left. A change takes effect at once, with its audit row.
 */
export function createMaintenanceOrders({ planned, table, apply, now, randomId }: MaintenanceOrdersOptions) {
  const inTurn = createMutex();
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
    /** Returns the plans that concern a place or a group of sites ('' = all), sorted by the next date. */
    list(scope: string): MaintenanceView[] {
      const scopes = table().pathsOf(scope);
      const touches = (path: string) => scopes.some((one) => isWithin(one, path) || isWithin(path, one));
      const plans = [...planned().all().values()].filter((one) => touches(one.scope));
      return plans.map((one) => viewOf(planned(), one, now())).sort(byNextDate);
    },
    add: (asked: MaintenanceRequest): Promise<{ ok: true; value: MaintenanceView } | { ok: false; line: string }> =>
      inTurn(async () => {
        if (planned().all().size >= plansLimit) return { ok: false, line: `more than ${plansLimit} are planned already: remove one` };
        const plan = parsePlan(asked, { table: table(), now: now(), id: randomId() });
        if (typeof plan === 'string') return { ok: false, line: plan };
        await change({ put: plan }, { who: asked.by, what: 'maintenance planned', about: aboutOf(plan) });
        return { ok: true, value: viewOf(planned(), plan, now()) };
      }),
    /** Removes a plan and ends its current date. Returns false if the id is unknown or not within the scope of the caller. */
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

function viewOf(planned: PlannedMaintenance, plan: Maintenance, now: number): MaintenanceView {
  const { id, scope, title, start, zone, minutes, ruleText: rule, by, at } = plan;
  const next = planned.next(plan, now);
  return { id, scope, title, start, zone, minutes, rule, by, at, next: next ? { from: next.from, to: next.to } : null };
}

/** A request. Times are local; `to` or `minutes` gives the end. */
export type MaintenanceRequest = {
  scope: string;
  title: string;
  from: string;
  to?: string | undefined;
  minutes?: number | undefined;
  rule?: string | undefined;
  zone?: string | undefined;
  by: string;
};

/** Shortest plan. Work on a room takes some minutes, and a shorter plan could fall between two checks. */
const leastMinutes = 5;
/**
 * Longest plan: a weekend and one more day. During this time people are not notified of faults there. For longer work, take the site out of
 * service or plan again.
 */
const mostMinutes = 3 * 24 * 60;
const dayMs = 86_400_000;
/** Time ahead in which overlapping dates of a rule are searched. */
const lookAheadMs = 60 * dayMs;

function parsePlan(
  asked: MaintenanceRequest,
  { table, now, id }: { table: Pick<SiteTable, 'node' | 'resolve'>; now: number; id: string },
): Maintenance | string {
  const { scope, by } = asked;
  if (scope === '' || table.node(scope) === undefined) return `there is no room, site or state "${oneLine(scope, 80)}"`;
  const zone = asked.zone === undefined ? null : zoneNamed(asked.zone);
  if (zone === undefined) return `the zone "${oneLine(asked.zone ?? '', 60)}" is not known: write one such as Asia/Kolkata`;
  const placeZone = zone ?? table.resolve(scope).timeZone;
  const times = timesOf(asked, placeZone);
  if (typeof times === 'string') return times;
  const read = asked.rule === undefined ? { ok: true as const, rule: null } : ruleOfText(asked.rule, times.start);
  if (!read.ok) return read.line;
  const title = oneLine(asked.title, titleLimit);
  const plan: Maintenance = { id, scope, title, ...times, zone, rule: read.rule, ruleText: asked.rule ?? null, by, at: now };
  return dateProblem(plan, placeZone, now) ?? plan;
}

const titleLimit = 120;

function timesOf({ from, to, minutes }: MaintenanceRequest, zone: string): Pick<Maintenance, 'start' | 'minutes'> | string {
  const start = localOf(from);
  if (start === undefined) return `"from" is a time of day there, such as 2027-01-15T22:00, not "${oneLine(from, 40)}"`;
  if (to === undefined && minutes === undefined) return 'it has no end: give "to" or "minutes"';
  if (to !== undefined && minutes !== undefined) return 'it has two ends: give either "to" or "minutes"';
  const end = to === undefined ? undefined : localOf(to);
  if (to !== undefined && end === undefined) return `"to" is a time of day there, such as 2027-01-16T02:00, not "${oneLine(to, 40)}"`;
  const long = end === undefined ? (minutes ?? 0) : Math.round((atOf(end, zone) - atOf(start, zone)) / 60_000);
  if (long <= 0) return 'it ends before it begins';
  if (!Number.isInteger(long) || long < leastMinutes) return `it is shorter than ${leastMinutes} minutes`;
  if (long > mostMinutes)
    return `it is longer than ${mostMinutes / 1440} days, and nobody is notified of a fault meanwhile: plan it in parts`;
  return { start, minutes: long };
}

function dateProblem(plan: Maintenance, zone: string, now: number): string | undefined {
  const end = endsAt(toMeeting(plan), zone);
  if (end !== null && end <= now) return 'it is over already';
  if (plan.rule === null) return undefined;
  // Maintenance without a pause would hide a fault for ever.
  const first = atOf(plan.start, zone);
  const dates = occurrencesIn(toMeeting(plan), { from: first, to: first + lookAheadMs }, zone);
  const isWithout = dates.some(({ from }, at) => at > 0 && from <= (dates[at - 1]?.to ?? 0));
  return isWithout ? `it repeats (${plan.rule.frequency}) before it is over, and would never end` : undefined;
}

/** Returns the time with seconds, as the calendar has it; undefined if invalid. */
function localOf(text: string): string | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?$/.exec(text.trim()) ?? [];
  const local = `${date}T${time}:00`;
  return date !== undefined && isLocal(local) ? local : undefined;
}

export type PlannedMaintenance = ReturnType<typeof createPlannedMaintenance>;

/** Creates the plans in memory. Dates are computed on demand and cached for some days. */
export function createPlannedMaintenance(plans: Iterable<Maintenance>, table: () => Pick<SiteTable, 'node' | 'resolve'> | undefined) {
  const byId = new Map([...plans].map((one) => [one.id, one]));
  const meetings = new Map<Maintenance, Meeting>();
  const datesAround = createDateCache();

  function datesOf(plan: Maintenance, now: number): readonly MaintenanceDate[] {
    const places = table();
    // A plan of a removed place has no effect.
    if (places?.node(plan.scope) === undefined) return [];
    const dates = datesAround(meetings.getOrInsertComputed(plan, toMeeting), zoneOf(plan, places), now);
    return dates.map((date) => ({ ...date, scope: plan.scope }));
  }

  return {
    all: (): ReadonlyMap<string, Maintenance> => byId,
    /**
     * Returns the dates in progress at a time, and those up to two minutes before or after it. Undefined while the site table is unknown.
     */
    around: (now: number): MaintenanceDate[] | undefined =>
      table() &&
      [...byId.values()].flatMap((plan) => datesOf(plan, now).filter(({ from, to }) => from - lingerMs <= now && now < to + lingerMs)),
    /** A first date after the cached days is found too. UTC is near enough, because the cached days begin a day earlier. */
    next: (plan: Maintenance, now: number) => datesOf(plan, Math.max(now, atOf(plan.start, 'UTC'))).find(({ to }) => to > now),
    /** Returns true if no date of the plan is in the future. */
    isOver(plan: Maintenance, now: number): boolean {
      const places = table();
      const end = places && endsAt(toMeeting(plan), zoneOf(plan, places));
      return typeof end === 'number' && end <= now;
    },
  };
}

/** Returns the zone of the plan, or that of its place. */
function zoneOf({ zone, scope }: Pick<Maintenance, 'zone' | 'scope'>, table: Pick<SiteTable, 'resolve'>): string {
  return zone ?? table.resolve(scope).timeZone;
}

/** Converts a plan to a meeting, to compute its dates. */
function toMeeting({ id, title, scope, start, zone, minutes, rule }: Maintenance): Meeting {
  return { id, title, scopes: [scope], start, zone, minutes, rule, except: [], moved: [] };
}
