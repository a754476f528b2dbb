/** Whether what a person said of an incident still holds: then it is not said again. */
import type { AnswerWord } from '@sabha/contracts';
import { has } from '../../engine/handling/handling.ts';
import type { Incident } from '../../engine/records/incidents.ts';

/** Of one link, where `link` names it. What somebody took, and gave back or lost to another one, can be taken again. */
export function holds(incident: Incident, person: { id: string; name: string; link?: string | undefined }, word: AnswerWord): boolean {
  const said = incident.answers?.filter((one) => one.person === person.id) ?? [];
  const isHolder = has(incident, person);
  switch (word) {
    case 'seen':
      return said.some((one) => one.word === word && (person.link === undefined || one.link === person.link));
    case 'going':
      // Whoever took it on the wall has said nothing yet.
      return isHolder && said.some((one) => one.word !== 'seen' && one.word !== 'not-mine');
    case 'fixed':
      return isHolder && incident.fixed !== undefined;
    case 'not-mine':
      return !isHolder && said.findLast((one) => one.word !== 'here')?.word === word;
  }
}
