/** Persons by what a tab may call them: role, group and id, and by the place that they look after. */
import { isRole, type Person, pathOfScope, type Role } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import { withDialled } from './reach.ts';

/** The persons of one roster, looked up without walking through all of them. */
export type Book = {
  members: readonly Member[];
  byId: ReadonlyMap<string, Member>;
  /** All of central, whatever their scope. */
  central: readonly Member[];
  /** Those of a role who look after a place, in the order of the roster. */
  ofRole(role: Role, scope: string): Member[];
  /** The persons that a word means for a scope; undefined where it means nobody anywhere. */
  meant(word: string, scope: string): Member[] | undefined;
};

/** `groupsOf`: the scopes of the groups of sites that a place is in. Guarantee: a place costs as many looks as it has levels and groups, however many persons there are. */
export function createBook(written: readonly Member[], groupsOf: SiteTable['groupsOf'] = () => []): Book {
  const members = written.map(withDialled);
  const byId = new Map(members.map((member) => [member.id, member]));
  const order = new Map(members.map((member, at) => [member, at]));
  const byRole = indexOf(members, ({ roles }) => roles);
  const byGroup = indexOf(members, ({ groups }) => groups);
  const lookedUp = (index: Index, name: string, path: string) => {
    const ofName = index.get(name);
    const found = new Set([...levelsOf(path), ...groupsOf(path)].flatMap((level) => ofName?.get(level) ?? []));
    return [...found].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
  const ofRole: Book['ofRole'] = (role, scope) => lookedUp(byRole, role, pathOfScope(scope));
  return {
    members,
    byId,
    central: members.filter(({ roles }) => roles.includes('central')),
    ofRole,
    meant(word, scope) {
      if (isRole(word)) return ofRole(word, scope);
      const one = byId.get(word);
      if (one !== undefined) return [one];
      return byGroup.has(word) ? lookedUp(byGroup, word, pathOfScope(scope)) : undefined;
    },
  };
}

/** The recipients that the server makes itself: the console when nobody else is there, and the monitor outside. */
export const ownRecipients = ['central-desk', 'watchdog'] as const;

/** One line for a word that means a role or such a recipient: a person or a group of that name would not be notified. */
export function reservedWord(word: string): string | undefined {
  const isReserved = isRole(word) || (ownRecipients as readonly string[]).includes(word);
  return isReserved ? `"${word}" is a word of Sabha's own` : undefined;
}

/** Says whom a login means: the person of that id, else of an e-mail address that nobody else has, however it is written. All are looked at once, however many logins are asked for. */
export function byLogin<T extends Pick<Person, 'id' | 'email'>>(persons: readonly T[]): (login: string) => T | undefined {
  const byId = new Map(persons.map((one) => [one.id, one]));
  const byMail = Map.groupBy(persons, ({ email }) => email?.toLowerCase());
  const of = (wanted: string) => byId.get(wanted) ?? only(byMail.get(wanted) ?? []);
  return (login) => of(login.trim().toLowerCase());
}

/** The person whom somebody means by what they said: as a login, or by a name that nobody else has. Undefined where it is nobody, or could be several. */
export function called<T extends Pick<Person, 'id' | 'email' | 'name'>>(persons: readonly T[], said: string): T | undefined {
  return byLogin(persons)(said) ?? only(ofName(persons, said));
}

/** All of a name, however it is written. */
export function ofName<T extends Pick<Person, 'name'>>(persons: readonly T[], name: string): T[] {
  const wanted = name.trim().toLowerCase();
  return persons.filter((one) => one.name.trim().toLowerCase() === wanted);
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}

/** A person of the settings, who is always on duty. */
export function memberOf(person: Person): Member {
  const { role, scope, channels = [], groups = [] } = person;
  return { ...person, channels, groups, roles: [role], scopes: [scope], duty: null, zone: 'Asia/Kolkata', leave: [], deputy: null };
}

type Index = ReadonlyMap<string, ReadonlyMap<string, readonly Member[]>>;

function indexOf(members: readonly Member[], namesOf: (member: Member) => readonly string[]): Index {
  const index = new Map<string, Map<string, Member[]>>();
  for (const member of members)
    for (const name of namesOf(member)) {
      const ofName = index.getOrInsertComputed(name, () => new Map<string, Member[]>());
      for (const scope of member.scopes) ofName.getOrInsertComputed(scope, () => []).push(member);
    }
  return index;
}

/** The path and all that stands above it, everywhere first. */
function levelsOf(path: string): string[] {
  const parts = path === '' ? [] : path.split('/');
  return ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))];
}
