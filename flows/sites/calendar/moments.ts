/** Answers for a scope what time it is there, from the calendar and the site table as they are now. */
import { causeKindOf, pathOfScope } from '@sabha/contracts';
import type { SiteTable } from '../../engine/records/sites.ts';
import type { Calendar } from './calendar.ts';
import { type Moment, momentOf, momentOfMany, type WhenRules } from './when.ts';

/** Where moments come from; the table is undefined while the ledger is opened anew. `members`: the sites of a cause of many. */
export type MomentsOptions = {
  calendar(): Calendar;
  table(): SiteTable | undefined;
  members(scope: string): readonly string[];
  now(): number;
};

/**
 * Guarantee: a whole site has the meetings and the hours of its office, many sites what most of theirs have in the evening; what is in no
 * site, as all else of the centre's own, and an office that names no hours, is always open: it waits for nothing.
 */
export function createMoments({ calendar, table, members, now }: MomentsOptions): (scope: string, rules: WhenRules) => Moment {
  const momentAt = (scope: string, rules: WhenRules) => {
    const places = table();
    const isPlace = scope !== '' && places?.node(scope) !== undefined;
    const { timeZone = 'UTC', office: hours = null } = isPlace ? places.resolve(scope) : {};
    const dates = isPlace ? calendar().next(scope, now()) : [];
    const moment = momentOf({ office: { timeZone, hours }, dates, rules, now: now() });
    // The next import may bring a meeting of this room.
    return isPlace && moment.lookAt === null && calendar().all().size > 0 ? { ...moment, lookAt: Number.POSITIVE_INFINITY } : moment;
  };
  return (scope, rules) => {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') return momentAt(scope, rules);
    if (kind === 'site') return momentAt(pathOfScope(scope), rules);
    const sites = members(scope).map((site) => momentAt(site, rules));
    return momentOfMany(sites, momentAt('', rules));
  };
}
