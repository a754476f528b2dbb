/** What somebody who was told of an incident answers with one tap, and what follows of it. */
import type { Answer, CentreEvent, Incident } from '../records/incidents.ts';
import type { Core } from './scopes.ts';
import { tellCentral } from './transitions.ts';

/** More answers of one incident nobody reads: the newest are kept. */
const answersAtMost = 256;

type Said = Extract<CentreEvent, { type: 'answer' }>;

/**
 * Writes an answer down. *Going* and *fixed* take the incident, which ends the escalation; *seen* is only known to the others; *not mine* gives
 * it back, and the next are told at once.
 */
export function answered(core: Core, { type: _, incident: id, ...said }: Said, now: number): void {
  const incident = core.memory.incidents.get(id);
  if (incident === undefined || incident.over !== null) return;
  const answer: Answer = { ...said, at: now };
  const next = { ...incident, answers: [...(incident.answers ?? []), answer].slice(-answersAtMost) };
  core.memory.putIncident({ ...next, acknowledged: takenBy(incident, answer) });
  if (answer.word === 'not-mine') goOn(core, id, { answer, now });
}

function takenBy({ acknowledged, severity }: Incident, { word, by, at }: Answer): Incident['acknowledged'] {
  switch (word) {
    case 'going':
      return { by, at, severity };
    case 'fixed':
      return believedFixed(acknowledged, { by, at, severity });
    case 'not-mine':
      return acknowledged?.by === by ? null : acknowledged;
    case 'seen':
      return acknowledged;
  }
}

/** It is over when the PC says so, and not before: until then whoever says that it is fixed has it, unless somebody else does. */
function believedFixed(held: Incident['acknowledged'], claim: NonNullable<Incident['acknowledged']>): Incident['acknowledged'] {
  return held ?? claim;
}

/** Whoever would be told if nobody took it is told now; where nobody would, central is. What somebody else has goes nowhere. */
function goOn(core: Core, id: number, { answer, now }: { answer: Answer; now: number }): void {
  const incident = core.memory.incidents.get(id);
  if (incident === undefined || incident.acknowledged !== null) return;
  const waits = core.memory.liveOf(id).flatMap((one) => core.memory.timersOf(one.id));
  const next = waits.filter(({ unlessAcknowledged, message }) => unlessAcknowledged && message.hours?.waits === undefined);
  for (const timer of next) if (timer.dueAt > now) core.memory.putTimer({ ...timer, dueAt: now });
  if (next.length === 0) tellNobodyNext(core, incident, { answer, now });
}

function tellNobodyNext(core: Core, incident: Incident, { answer, now }: { answer: Answer; now: number }): void {
  const { memory, options } = core;
  const isTold = (person: string) => incident.told.some((one) => one.person === person);
  if (options.central(now).every(({ person }) => isTold(person))) return;
  const { site, room } = incident.place ?? options.place(incident.scope);
  const lines = ['not_mine', `${site.en}, ${room.en}`, answer.by];
  tellCentral({ memory, options, now, kind: 'direct', lines, key: `not-mine-${incident.id}-${now}` });
}
