/** Maintenance: planned for a room, a site or a state, shown, and taken back. */

import { isId, maintenanceView } from '@sabha/contracts';
import * as v from 'valibot';
import { outside, ownPart } from '../pki/door/door.ts';
import { Refused } from '../pki/door/refused.ts';
import { granted, on, type Route } from './kit/route.ts';
import { by, isScope, scopeOf } from './kit/schemas.ts';

const isPlace = (path: string) => isScope(path) || (path.split('/').length === 3 && path.split('/').every(isId));
const place = v.pipe(v.string(), v.check(isPlace, 'Invalid scope: a state, state/site, or state/site/pc'));
const said = (most: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most));

const planning = v.strictObject({
  by,
  scope: place,
  title: said(120),
  from: said(40),
  to: v.optional(said(40)),
  minutes: v.optional(v.number()),
  rule: v.optional(said(400)),
  zone: v.optional(said(80)),
});
const removing = v.strictObject({ by, id: said(80) });

/** What is planned above a place concerns it too, and is shown there; it is planned and removed only by who looks after all of its place. */
export const maintenanceRoutes: readonly Route[] = [
  on('maintenance', [
    'maintenance list [--at STATE[/SITE[/PC]]]',
    'तय किए हुए काम दिखाता है।',
    { columns: 'id scope next start minutes rule by title' },
  ])(
    ['get /api/maintenance', 'Lists the planned maintenance of a place, the next first.'],
    { right: ownPart, query: v.strictObject({ scope: v.optional(place) }), answer: v.array(maintenanceView), refusals: [404] },
    (maintenance, { viewer, query: { scope = viewer.scope } }) => {
      if (!viewer.has(scope)) throw outside(viewer, scope);
      return maintenance.list(scope);
    },
  ),
  on('maintenance', [
    'maintenance add STATE[/SITE[/PC]] --from TIME --to TIME|--minutes N --for TEXT [--rule RRULE] [--zone ZONE]',
    'ऐसा समय तय करता है जब किसी जगह का अलर्ट नहीं जाता।',
  ])(
    [
      'post /api/maintenance',
      'Plans maintenance of a room, a site or a state; it notifies nobody meanwhile. `from` and `to` are local times of the place; it ends at `to` or after `minutes`, and repeats by `rule` (RRULE).',
    ],
    { right: { may: 'maintenance', at: scopeOf }, body: planning, answer: maintenanceView, done: 201, refusals: [404, 422] },
    async (maintenance, { body }) => granted(await maintenance.add(body), 422).value,
  ),
  on('maintenance', ['maintenance remove ID', 'तय किया हुआ समय हटाता है।'])(
    ['post /api/maintenance/remove', 'Cancels planned maintenance, and ends it if it goes on.'],
    { right: { ...ownPart, may: 'maintenance' }, body: removing, refusals: [404] },
    async (maintenance, { viewer, body: { id, by: who } }) => {
      if (!(await maintenance.remove({ id, by: who, isWithin: viewer.has }))) throw new Refused(404, 'there is no such maintenance');
      return undefined;
    },
  ),
];
