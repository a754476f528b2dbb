/** Where a calendar program reads somebody's duty: whoever has the address is believed to be that person, and can read their hours, and nothing else. */
import type { FastifyInstance } from 'fastify';
import { type Clock, networkOf } from '#contracts';
import { createLimits } from '../accounts/limits.ts';
import type { RosterOrders } from '../roster/roster-orders.ts';
import { feedHash } from '../roster/shift-orders.ts';
import { dutyFeed } from './feed.ts';

/** What comes after `?` is the token. */
export const feedPath = '/duty.ics';

/** Whose shifts, and when it is. */
export type FeedRouteOptions = { roster: Pick<RosterOrders, 'shiftsBy'>; clock: Pick<Clock, 'up'>; now(): number };

/** Adds the route to a door. Guarantee: who shows wrong tokens waits, and with them their network; one that is taken back is as one that never was. */
export function addDutyFeed(app: FastifyInstance, { roster, clock, now }: FeedRouteOptions): void {
  const limits = createLimits(clock.up);
  app.get(feedPath, { config: { open: true } }, (request, reply) => {
    const token = /\?([\w-]{1,64})$/.exec(request.raw.url ?? '')?.[1] ?? '';
    const found = roster.shiftsBy(feedHash(token));
    if (found !== undefined) {
      const feed = dutyFeed({ person: found.member, shifts: found.shifts, at: now() });
      return reply.type('text/calendar; charset=utf-8').header('x-robots-tag', 'noindex').send(feed);
    }
    const waitMs = limits.take({ name: `calendars of ${networkOf(request.ip)}`, address: request.ip });
    if (waitMs > 0) reply.header('retry-after', `${Math.ceil(waitMs / 1_000)}`);
    return reply
      .code(waitMs > 0 ? 429 : 404)
      .type('text/plain; charset=utf-8')
      .send('There is no such calendar.\n');
  });
}
