/** Answers for a scope what time it is there, from the calendar and the site table as they are now. */
import { causeKindOf, pathOfScope } from '#contracts';
import type { SiteTable } from '../records/sites.ts';
import type { Calendar } from './calendar.ts';
import { type Moment, momentOf, type WhenRules } from './when.ts';

/** Where moments come from; the table is undefined while the ledger is opened anew. */
export type MomentsOptions = { calendar(): Calendar; table(): SiteTable | undefined; now(): number };

/** Guarantee: a whole site has the meetings and the hours of its office; what is in no site, as all of the centre's own, and an office that names no hours, is always open: it waits for nothing. */
export function createMoments({ calendar, table, now }: MomentsOptions): (scope: string, rules: WhenRules) => Moment {
  return (about, rules) => {
    const scope = causeKindOf(about) === 'site' ? pathOfScope(about) : about;
    const places = table();
    const isPlace = scope !== '' && places?.node(scope) !== undefined;
    const { timeZone = 'UTC', office: hours = null } = isPlace ? places.resolve(scope) : {};
    const dates = isPlace ? calendar().next(scope, now()) : [];
    return momentOf({ office: { timeZone, hours }, dates, rules, now: now() });
  };
}
