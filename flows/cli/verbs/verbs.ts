/** THE list of verbs. */

import type { Verb } from '../kit/model.ts';
import { accounts } from './accounts.ts';
import { announce } from './announce.ts';
import { backups } from './backups.ts';
import { commands } from './commands.ts';
import { identity } from './identity.ts';
import { incidents } from './incidents.ts';
import { maintenance } from './maintenance.ts';
import { meetings } from './meetings.ts';
import { pcs } from './pcs.ts';
import { rollcall } from './rollcall.ts';
import { roster } from './roster.ts';
import { config, sites } from './sites.ts';
import { tabs } from './tabs.ts';
import { words } from './words.ts';

/** By their words, in the order of `help`. */
export const verbs: Readonly<Record<string, Verb>> = {
  ...sites,
  ...meetings,
  ...maintenance,
  ...roster,
  ...announce,
  ...pcs,
  ...identity,
  ...incidents,
  ...backups,
  ...rollcall,
  ...commands,
  ...config,
  ...tabs,
  ...accounts,
  ...words,
};

/** The verb with which the words of a call begin, of two words before of one, and its name. */
export function verbIn([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}
