/** Who is told: persons by role and scope, and the channel on which each can be reached. */
import { type Person, pathOfScope, type Role, roles } from '#contracts';
import type { EngineOptions } from '../incidents/engine.ts';
import type { People } from '../records/notices.ts';
import { type Channels, lastChannel } from './channels/channels.ts';

/** Who is who, by role, group, scope and id. */
export type Roster = {
  /**
   * The persons that `to` (roles, groups and ids of persons) means for a scope, each once, and the words that mean nobody.
   * Guarantee: never nobody. Where no one is found it is the central persons, and without any the desk at the centre.
   */
  resolve(to: readonly string[], scope: string): { persons: Person[]; unknown: string[] };
  /** All central persons; without any the desk at the centre. */
  central(): Person[];
  /** All that a tab may write into `to`. */
  people(): People;
  /** The person of an id. One who has left since is a stand-in without an address, reached on the console. */
  person(id: string): Person;
};

/** `log` takes the words of a tab that mean nobody. */
export type RecipientsOptions = { roster: Roster; channels: Channels; log: { warn(fields: object, line: string): void } };

/** The built-in person who is told when nobody else is there. */
const centralDesk: Person = {
  id: 'central-desk',
  name: 'Central desk',
  role: 'central',
  scope: '',
  language: 'en',
  webhook: false,
  addresses: {},
};

/** The roster over the persons of the settings. */
export function createRoster(people: readonly Person[]): Roster {
  const byId = new Map([centralDesk, ...people].map((person) => [person.id, person]));
  const central = () => {
    const all = people.filter((person) => person.role === 'central');
    return all.length > 0 ? all : [centralDesk];
  };
  const meant = (word: string, scope: string): Person[] | undefined => {
    if (isRole(word)) return people.filter((person) => person.role === word && covers(person.scope, pathOfScope(scope)));
    const one = byId.get(word);
    if (one !== undefined) return [one];
    const group = people.filter((person) => person.groups?.includes(word));
    return group.length === 0 ? undefined : group.filter((person) => covers(person.scope, scope));
  };
  return {
    resolve(to, scope) {
      const found = to.map((word) => ({ word, persons: meant(word, scope) }));
      const persons = new Set(found.flatMap(({ persons }) => persons ?? []));
      const unknown = found.filter(({ persons }) => persons === undefined).map(({ word }) => word);
      return { persons: persons.size > 0 ? [...persons] : central(), unknown };
    },
    central,
    people: () => ({
      roles: [...roles],
      groups: groupsOf(people),
      persons: people.map(({ id, name, role, scope }) => ({ id, name, role, scope })),
    }),
    person: (id) => byId.get(id) ?? { ...centralDesk, id, name: id },
  };
}

function groupsOf(people: readonly Person[]): string[] {
  return [...new Set(people.flatMap(({ groups = [] }) => groups))].sort();
}

/** The channel on which the person is really told: the wanted one, or the console where that one cannot reach the person. */
export function channelFor(person: Person, wanted: string, channels: Channels): string {
  return channels.get(wanted)?.reaches(person) ? wanted : lastChannel;
}

/** Every word that a tab may write into `to`. */
export function namesOf(roster: Roster): string[] {
  const { roles: all, groups, persons } = roster.people();
  return [...all, ...groups, ...persons.map(({ id }) => id), centralDesk.id];
}

/** Whom the engine means: the persons of a tab's words with their channel, and central's on every channel that reaches them. */
export function recipientsOf({ roster, channels, log }: RecipientsOptions): Pick<EngineOptions, 'recipients' | 'central' | 'personNamed'> {
  return {
    recipients(to, channel, scope) {
      const { persons, unknown } = roster.resolve(to, scope);
      if (unknown.length > 0) log.warn({ unknown, scope }, 'a tab sends to somebody who is not in sabha.json');
      return persons.map((person) => ({ person: person.id, channel: channelFor(person, channel, channels) }));
    },
    personNamed: (name) => personNamed(roster, name),
    central: () => roster.central().flatMap((person) => channelsOf(person, channels).map((channel) => ({ person: person.id, channel }))),
  };
}

/** The id of the person whom an id or a name means, however it is written. */
export function personNamed(roster: Pick<Roster, 'people'>, said: string): string | undefined {
  const wanted = said.trim().toLowerCase();
  const { persons } = roster.people();
  return (persons.find(({ id }) => id === wanted) ?? persons.find(({ name }) => name.toLowerCase() === wanted))?.id;
}

/** Every channel that reaches the person; never none, since the console reaches everybody. */
export function channelsOf(person: Person, channels: Channels): string[] {
  return [...channels].filter(([, one]) => one.reaches(person)).map(([name]) => name);
}

/** One line for a person whose scope holds none of the PCs, who would never be told; undefined where all is well. */
export function wrongScope(people: readonly Person[], pcs: readonly string[]): string | undefined {
  const wrong = people.find(({ scope }) => scope !== '' && !pcs.some((pc) => covers(scope, pc)));
  return wrong && `people: the scope "${wrong.scope}" of ${wrong.id} is no state, site or PC of this network`;
}

/** True where `outer` is `inner` or stands above it, level by level. */
function covers(outer: string, inner: string): boolean {
  return outer === '' || outer === inner || inner.startsWith(`${outer}/`);
}

function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}
