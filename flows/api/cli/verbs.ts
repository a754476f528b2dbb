/** THE list of verbs. */

import { routes } from '../routes.ts';
import { verbsOf } from './from-routes.ts';
import type { Verb } from './kit/model.ts';
import { operationLayouts, operationVerbs } from './verbs/operations.ts';
import { peopleLayouts, peopleVerbs } from './verbs/people.ts';
import { recordLayouts, recordVerbs } from './verbs/records.ts';
import { roomLayouts, roomVerbs } from './verbs/rooms.ts';

const layouts = { ...operationLayouts, ...peopleLayouts, ...recordLayouts, ...roomLayouts };
const list = [...verbsOf(routes, layouts), ...operationVerbs, ...peopleVerbs, ...recordVerbs, ...roomVerbs];
/** By name. */
export const verbs: Readonly<Record<string, Verb>> = Object.fromEntries(list.sort(([a], [b]) => (a < b ? -1 : 1)));

/** The verb with which the words of a call begin, of two words before of one, and its name. */
export function verbIn([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}
