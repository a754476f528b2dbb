/** THE list of verbs. */

import { routes } from '../routes.ts';
import { verbsOf } from './from-routes.ts';
import type { Verb } from './kit/model.ts';
import { operationLayouts, operationRuns } from './verbs/operations.ts';
import { peopleLayouts, peopleRuns } from './verbs/people.ts';
import { recordLayouts, recordRuns, recordVerbs } from './verbs/records.ts';
import { roomLayouts, roomRuns, roomVerbs } from './verbs/rooms.ts';

const layouts = { ...operationLayouts, ...peopleLayouts, ...recordLayouts, ...roomLayouts };
/** Verbs of the route table that are more than one request, by name. */
export const runs: Readonly<Record<string, Verb['run']>> = { ...operationRuns, ...peopleRuns, ...recordRuns, ...roomRuns };
const list = [...verbsOf(routes, { runs, layouts }), ...recordVerbs, ...roomVerbs];
/** By name. */
export const verbs: Readonly<Record<string, Verb>> = Object.fromEntries(list.sort(([a], [b]) => (a < b ? -1 : 1)));

/** The verb with which the words of a call begin, of two words before of one, and its name. */
export function verbIn([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}
