/** What is judged of who is told: nobody outside their scope (R23). */
import { isWithin, pathOfScope } from '#contracts';
import type { Transition } from '../../flows/records/incidents.ts';
import type { Member } from '../../flows/records/roster.ts';
import { memberOf } from '../../flows/roster/book.ts';
import type { Rows } from './rows.ts';
import type { World } from './world.ts';

/** A technician of the second site alone, who must hear of no other. */
export const ofSecondSite: Member = memberOf({
  ...{ id: 'nora', name: 'Nora', role: 'technician', scope: 'ladakh/nubra', language: 'en', email: 'nora@office.test' },
  ...{ webhook: false, addresses: {} },
});

/**
 * Everybody who was told has the place in their scope: what is the centre's own is for who has the whole nation. Whoever took it or was asked to
 * see to it hears of it all the same; that only those of the place may do so is for the door to see.
 */
export function nobodyOutside({ centre }: World, { incidents, transitions, outbox }: Rows): string[] {
  const scopes = new Map(incidents.map(({ id, scope, spread }) => [id, spread?.path ?? pathOfScope(scope)]));
  const known = new Map(transitions.map((one) => [one.id, one]));
  const asked = new Set(outbox.flatMap(({ person, transition }) => markOf(known.get(transition ?? 0), person)));
  return outbox.flatMap(({ key, person, transition }) => {
    const { incident = 0 } = known.get(transition ?? 0) ?? {};
    const path = scopes.get(incident) ?? '';
    const own = centre.roster.person(person).scope;
    const isFor = own === '' || (!path.startsWith('centre') && isWithin(own, path));
    return isFor || asked.has(`${incident} ${person}`) ? [] : [`${key}: ${person} of ${own} was told of ${path || 'the whole nation'}`];
  });
}

/** Who is told once more of an incident, since they had to do with it. */
function markOf(transition: Transition | undefined, person: string): string[] {
  return transition?.again === undefined ? [] : [`${transition.incident} ${person}`];
}
