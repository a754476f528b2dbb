/** What somebody who was told of an incident answers with one tap, and what follows of it. */
import { type HandledAt, handled, has } from '../handling/handling.ts';
import type { Answer, CentreEvent, Incident } from '../records/incidents.ts';
import { notMinePrefix } from '../records/notices.ts';
import { tellCentral } from '../transitions/delivery.ts';
import type { Core } from './core.ts';

/** That nobody has it central hears of one person at most so often, however often they change their mind. */
const notMineEveryMs = 3_600_000;
/** More answers of one incident nobody reads: the newest are kept. */
const answersAtMost = 256;

/** What an answer is taken with. */
type Around = Pick<Core, 'memory' | 'known'> & { options: Pick<Core['options'], 'central' | 'place'> };

/**
 * Writes an answer down. *Going* and *fixed* take the incident, which ends the escalation, and so does that somebody is there, where nobody has it;
 * *seen* is only known to the others; *not mine* gives it back, and the next are told at once.
 */
export function answered(core: Around, { type: _, incident: id, ...said }: Extract<CentreEvent, { type: 'answer' }>, now: number): void {
  const incident = core.memory.incidents.get(id);
  if (incident === undefined || incident.over !== null) return;
  const answer: Answer = { ...said, at: now };
  const answers = [...(incident.answers ?? []), answer].slice(-answersAtMost);
  const link = core.known.get(incident.scope)?.link ?? 'fibre';
  core.memory.putIncident({ ...taken(incident, answer, { now, link }), answers });
  if (answer.word === 'not-mine') goOn(core, id, { answer, now });
}

/** *Fixed* is believed when the PC says so: until then whoever says it has it. */
function taken(incident: Incident, { word, by: name, person }: Answer, around: HandledAt): Incident {
  // Who has it already under an id takes it over from nobody.
  const by = has(incident, { id: person, name }) ? (incident.acknowledged?.by ?? name) : name;
  switch (word) {
    case 'going':
      return handled(incident, { type: 'acknowledge', incident: incident.id, by }, around);
    case 'fixed':
      return handled(incident, { type: 'fixed', incident: incident.id, by }, around);
    case 'not-mine':
      return givenBack(incident, { id: person, name });
    case 'here':
      return incident.acknowledged === null ? handled(incident, { type: 'acknowledge', incident: incident.id, by }, around) : incident;
    case 'seen':
      return incident;
  }
}

/** Nothing is asked of who gives it back any more. */
function givenBack(incident: Incident, person: { id: string; name: string }): Incident {
  const { assigned, ...unasked } = incident;
  const isAsked = assigned !== undefined && [person.id, person.name].includes(assigned.to);
  const { fixed: _, ...rest } = isAsked ? unasked : incident;
  if (has(incident, person)) return { ...rest, acknowledged: null };
  return isAsked ? unasked : incident;
}

/** Whoever would be told if nobody took it is told now; where nobody would, central is. What somebody else has goes nowhere. */
function goOn(core: Around, id: number, { answer, now }: { answer: Answer; now: number }): void {
  const incident = core.memory.incidents.get(id);
  if (incident === undefined || incident.acknowledged !== null) return;
  const waits = core.memory.liveOf(id).flatMap((one) => core.memory.timersOf(one.id));
  const next = waits.filter(({ unlessAcknowledged, message }) => unlessAcknowledged && message.hours?.waits === undefined);
  for (const timer of next) if (timer.dueAt > now) core.memory.putTimer({ ...timer, dueAt: now });
  if (next.length === 0) tellNobodyNext(core, incident, { answer, now });
}

function tellNobodyNext(core: Around, incident: Incident, { answer, now }: { answer: Answer; now: number }): void {
  const { memory, options } = core;
  const isRecent = (one: Answer) =>
    one !== answer && one.word === answer.word && one.person === answer.person && now - one.at < notMineEveryMs;
  if (incident.answers?.some(isRecent)) return;
  const isTold = (person: string) => incident.told.some((one) => one.person === person);
  if (options.central(now).every(({ person }) => isTold(person))) return;
  const { site, room } = incident.place ?? options.place(incident.scope);
  const lines = ['not_mine', `${site.en}, ${room.en}`, answer.by];
  tellCentral({ memory, options, now, kind: 'direct', lines, key: `${notMinePrefix(incident.id)}${now}` });
}
