/** The meetings that are known, by the rooms that they concern. */
import type { Meeting, Occurrence } from '../../engine/records/meetings.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import { createDateCache, horizonMs } from './occurrences.ts';

/** The calendar as it is now. */
export type Calendar = ReturnType<typeof createCalendar>;

/** Holds meetings; dates are worked out when somebody asks, for some days, once. */
export function createCalendar(meetings: Iterable<Meeting>, table: () => Pick<SiteTable, 'resolve'>) {
  const byId = new Map([...meetings].map((meeting) => [meeting.id, meeting]));
  const parts = [...byId.values()].flatMap(partsOf);
  const byScope = Map.groupBy(
    parts.flatMap((meeting) => meeting.scopes.map((scope) => ({ scope, meeting }))),
    ({ scope }) => scope,
  );
  const inSite = Map.groupBy(
    [...byScope].filter(([scope]) => scope.split('/').length === 3),
    ([scope]) => scope.slice(0, scope.lastIndexOf('/')),
  );
  const datesOf = createDateCache();

  /** Of a room: its own, its site's, its state's and everybody's. Of a site: also those of its rooms. */
  function meetingsOf(scope: string): Meeting[] {
    const names = scope.split('/');
    const above = names.map((_, at) => names.slice(0, at + 1).join('/'));
    const own = ['', ...above].flatMap((path) => (byScope.get(path) ?? []).map(({ meeting }) => meeting));
    const below = (inSite.get(scope) ?? []).flatMap(([, all]) => all.map(({ meeting }) => meeting));
    return [...new Set([...own, ...below])];
  }

  const zoneOf = (scope: string) => table().resolve(scope).timeZone;
  const ahead = (dates: readonly Occurrence[], now: number) => dates.filter(({ from, to }) => to > now && from <= now + horizonMs);

  return {
    all: (): ReadonlyMap<string, Meeting> => byId,
    /** The same as rooms see it: a date that is held in other rooms is for them a meeting of its own. */
    parts: (): readonly Meeting[] => parts,
    /** The dates of a scope that are not over within the next days, the first first. */
    next(scope: string, now: number): Occurrence[] {
      const meetings = meetingsOf(scope);
      if (meetings.length === 0) return [];
      const zone = zoneOf(scope);
      const dates = meetings.flatMap((meeting) => datesOf(meeting, zone, now));
      return ahead(dates, now).sort((a, b) => a.from - b.from);
    },
    /** The dates of one meeting, by the clock of the first place that it concerns. */
    datesOf: (meeting: Meeting, now: number): Occurrence[] => ahead(datesOf(meeting, zoneOf(meeting.scopes[0] ?? ''), now), now),
  };
}

function partsOf(meeting: Meeting): Meeting[] {
  const [elsewhere, here] = [meeting.moved.filter(({ scopes }) => scopes), meeting.moved.filter(({ scopes }) => !scopes)];
  if (elsewhere.length === 0) return [meeting];
  const except = [...meeting.except, ...elsewhere.map(({ of }) => of)];
  const once = { id: meeting.id, title: meeting.title, rule: null, except: [], moved: [] };
  const own = elsewhere.map(({ scopes = [], start, zone, minutes }) => ({ ...once, scopes, start, zone, minutes }));
  return [{ ...meeting, except, moved: here }, ...own];
}
