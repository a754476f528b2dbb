/** Audits R23 (conclude): nobody is notified outside their scope. */
import { isWithin, pathOfScope } from '@sabha/contracts';
import type { Member } from '../../flows/engine/records/sites.ts';
import { memberOf } from '../../flows/notify/roster/book.ts';
import type { Rows } from './rows.ts';
import type { World } from './world.ts';

/** A technician of the second site, who must not be notified of other sites. */
export const ofSecondSite: Member = memberOf({
  id: 'nora',
  name: 'Nora',
  role: 'technician',
  scope: 'ladakh/nubra',
  language: 'en',
  email: 'nora@office.test',
  webhook: false,
  addresses: {},
});

/** Each recipient has the place in scope or was named by a person. Incidents of the server are for recipients with nationwide scope. */
export function nobodyOutside({ centre }: World, { incidents, transitions, outbox }: Rows): string[] {
  const scopes = new Map(incidents.map(({ id, scope, spread }) => [id, spread?.path ?? pathOfScope(scope)]));
  const incidentOf = new Map(transitions.map(({ id, incident }) => [id, incident]));
  const named = new Set(transitions.flatMap(({ incident, again }) => (again?.to ?? []).map((person) => `${incident}/${person}`)));
  return outbox.flatMap(({ key, person, transition }) => {
    const incident = incidentOf.get(transition ?? 0) ?? 0;
    const path = scopes.get(incident) ?? '';
    const own = centre.roster.person(person).scope;
    const isFor = own === '' || named.has(`${incident}/${person}`) || (!path.startsWith('centre') && isWithin(own, path));
    return isFor ? [] : [`${key}: ${person} of ${own} was told of ${path === '' ? 'the whole nation' : path}`];
  });
}
