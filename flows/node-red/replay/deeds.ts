/** What people did about the incidents of the past, and what time made of that, as it is played into them. */
import { handled, woken } from '../../engine/handling/handling.ts';
import type { EngineOptions } from '../../engine/incidents/core.ts';
import { answered } from '../../engine/incidents/engine.ts';
import type { Memory } from '../../engine/memory/memory.ts';
import type { Answer, Deed, Incident } from '../../engine/records/incidents.ts';
import type { Past } from '../../engine/records/ops.ts';

/** Something was done about an incident, or somebody who was asked gave it back. */
export type Done = { at: number; incident: number } & ({ kind: 'deed'; deed: Deed } | { kind: 'given back'; answer: Answer });

/** What was done about these incidents, as far as they hold their deeds, each in its order. */
export function doneIn(incidents: Past['incidents']): Done[] {
  return incidents.flatMap(({ id: incident, deeds = [], answers = [] }) => [
    ...deeds.map((deed): Done => ({ at: deed.at, incident, kind: 'deed', deed })),
    ...answers.flatMap((answer): Done[] => (answer.word === 'not-mine' ? [{ at: answer.at, incident, kind: 'given back', answer }] : [])),
  ]);
}

/** True of what the engine does by itself, behind what was due in the same look. */
export function isOfTime({ did }: Deed): boolean {
  return did === 'awake' || did === 'lapsed' || did === 'reopened';
}

/** Whom it may ask, and where what comes of it goes. */
export type Around = { memory: Memory; options: Pick<EngineOptions, 'central' | 'place'> };

/** Does it once more. Of an incident that is over, or is not yet, nothing is done. */
export function doOnce({ memory, options }: Around, done: Done): void {
  const incident = memory.incidents.get(done.incident);
  if (incident?.over !== null) return;
  if (done.kind === 'deed') return memory.putIncident(afterDeed(incident, done.deed));
  answered({ memory, options, known: new Map() }, { type: 'answer', incident: incident.id, ...done.answer }, done.at);
}

/** The order that each deed came of; any other deed is one of time. */
const orders = {
  acknowledged: 'acknowledge',
  'taken-over': 'acknowledge',
  withdrawn: 'withdraw',
  fixed: 'fixed',
} as const;

function afterDeed(incident: Incident, { did, at: now, by, to = '', until = now }: Deed): Incident {
  // How long what is said to be fixed has, the deed that ends it says.
  const around = { now, link: 'fibre' } as const;
  const order = { incident: incident.id, by };
  if (did === 'assigned') return handled(incident, { ...order, type: 'assign', to }, around);
  if (did === 'snoozed') return handled(incident, { ...order, type: 'snooze', until }, around);
  if (did === 'awake') return woken(incident, now);
  if (did !== 'lapsed' && did !== 'reopened') return handled(incident, { ...order, type: orders[did] }, around);
  const { fixed: _, ...rest } = incident;
  return { ...rest, acknowledged: null };
}
