/** THE list of verbs. */

import type { Verb } from './kit/model.ts';
import { accounts, tokens } from './verbs/accounts.ts';
import { announce } from './verbs/announce.ts';
import { backups } from './verbs/backups.ts';
import { commands } from './verbs/commands.ts';
import { events } from './verbs/events.ts';
import { identity } from './verbs/identity.ts';
import { incidents } from './verbs/incidents.ts';
import { maintenance } from './verbs/maintenance.ts';
import { meetings } from './verbs/meetings.ts';
import { pcs } from './verbs/pcs.ts';
import { rollcall } from './verbs/rollcall.ts';
import { roster } from './verbs/roster.ts';
import { config, sites } from './verbs/sites.ts';
import { tabs } from './verbs/tabs.ts';
import { words } from './verbs/words.ts';

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
  ...events,
  ...backups,
  ...rollcall,
  ...commands,
  ...config,
  ...tabs,
  ...accounts,
  ...tokens,
  ...words,
};

/** The verb with which the words of a call begin, of two words before of one, and its name. */
export function verbIn([first = '', second = '']: readonly string[]): { name: string; verb: Verb } | undefined {
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(verbs, one));
  const verb = name === undefined ? undefined : verbs[name];
  return name === undefined || verb === undefined ? undefined : { name, verb };
}
