/** What people order about incidents, and what time makes of it: the pure steps of `handling/`, and who is told once more. */
import { isPcPath } from '#contracts';
import { dueOf, handled, personOf } from '../handling/handling.ts';
import type { Again, HandlingOrder } from '../records/handling.ts';
import type { Incident } from '../records/incidents.ts';
import type { Core } from './core.ts';

/** Does what a person orders. Of an incident that is over nothing is ordered. */
export function handle(core: Core, order: HandlingOrder, now: number): void {
  const { memory, known } = core;
  const incident = memory.incidents.get(order.incident);
  if (incident === undefined || incident.over !== null) return;
  const link = known.get(incident.scope)?.link ?? 'fibre';
  const next = handled(incident, order, { now, link });
  memory.putIncident(next);
  if (order.type === 'assign') tellAgain(core, { incident: next, again: { why: 'assigned', by: order.by, to: [order.to] } }, now);
}

/** Follows all that is open: the end of a quiet, of what was said to be fixed, of an acknowledgement. */
export function followHandled(core: Core, now: number): void {
  const { memory } = core;
  for (const scope of memory.openScopes()) {
    const incident = memory.openIncident(scope);
    if (incident === undefined) continue;
    const heardAt = isPcPath(scope) ? (memory.pcs.get(scope)?.heardAt ?? null) : undefined;
    const due = dueOf(incident, { now, heardAt });
    if (due === undefined) continue;
    memory.putIncident(due.incident);
    tellAgain(core, due, now);
  }
}

/** Who acts is written as they are called: an account or a name, of two of one name who answered; whoever is nobody of the roster cannot be told, and the tabs choose. */
export function tellAgain({ transitions, options }: Core, { incident, again }: { incident: Incident; again: Again }, now: number): void {
  const answerer = (name: string) => (again.why === 'assigned' ? undefined : personOf(incident, name));
  const to = again.to.flatMap((name) => answerer(name) ?? options.personNamed(name) ?? []);
  transitions.addAgain(incident, { ...again, to }, now);
  transitions.proceed(incident.id, now);
}
