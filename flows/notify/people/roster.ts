/** Finds the recipients by role and scope, and the channels that reach each of them. */
import { isWithin, type Person, type Role, roles } from '@sabha/contracts';
import type { Notice, OpenChannel, OutboxRow, RecipientChoices } from '../../engine/records/notices.ts';
import type { Member, SiteTable } from '../../engine/records/sites.ts';
import type { Recipients } from '../../engine/transitions/flood-control.ts';
import {
  attendanceAt,
  type Book,
  createBook,
  findDeputy,
  findPerson,
  memberOf,
  onDutyOf,
  ownRecipients,
  personsNamed,
  resolveRecipients,
} from '../roster/book.ts';
import { type Channels, lastChannel, ownOrderWord } from './channels/channels.ts';
import { isNews } from './words.ts';

/** The time of a notification. `knew`: persons notified of the start, who are notified of the end at any hour. */
export type ResolveOptions = { now: number; knew?: readonly string[] };

export type Roster = ReturnType<typeof createRoster>;

/** `log` reports recipients of a tab that match no person. */
type RecipientsOptions = { roster: Roster; channels: Channels; log: { warn(fields: object, line: string): void } };

/** The built-in recipient that is notified if the roster has no central person. Only the console reaches it. */
const centralDesk: Person = {
  id: ownRecipients[0],
  name: 'Central desk',
  role: 'central',
  scope: '',
  language: 'en',
  webhook: false,
  addresses: {},
};

/** Creates the roster from the persons of the settings; `use` adds others. `groupsOf`: the groups of sites that contain a place. */
export function createRoster(settings: readonly Person[], groupsOf: SiteTable['groupsOf'] = () => []) {
  const fixed = settings.map(memberOf);
  let book = createBook(fixed, groupsOf);
  const byCentral = (now: number): Person[] => {
    const all = book.central;
    const there = onDutyOf({ book, moment: attendanceAt(now) }, all);
    if (there.length > 0) return there;
    return all.length > 0 ? [...all] : [centralDesk];
  };
  const known = (id: string) => (id === centralDesk.id ? centralDesk : book.byId.get(id));
  return {
    /**
     * Resolves `to` (roles, groups and ids) for a scope and a time. Returns each person once, the reason, and the entries that match no
     * person.
     * Guarantee: never empty. If no one is on duty, the result is the deputies, then the state, then central on duty, then all of central.
     * Without any central person it is the central desk.
     */
    resolve(to: readonly string[], scope: string, { now, knew = [] }: ResolveOptions) {
      const isDirect = (word: string) => known(word) !== undefined && (word === centralDesk.id || knew.includes(word));
      const direct = to.filter(isDirect).flatMap((word) => known(word) ?? []);
      const words = to.filter((word) => !isDirect(word));
      if (words.length === 0 && direct.length > 0) return { persons: [...new Set(direct)], by: 'duty' as const, unknown: [] };
      const { persons, by, unknown } = resolveRecipients(book, { to: words, scope, moment: attendanceAt(now) });
      const found = new Set([...direct, ...(persons.length > 0 ? persons : byCentral(now))]);
      return { persons: [...found], by, unknown };
    },
    /** Returns the central persons on duty. If none is on duty, all of them; if there is no central person, the central desk. */
    central: byCentral,
    responsible: (role: Role, scope: string): Person[] => book.ofRole(role, scope),
    /** Returns all values that a tab may use in `to`. */
    people: (): RecipientChoices => ({
      roles: [...roles],
      groups: [...new Set(book.members.flatMap(({ groups }) => groups))].sort(),
      persons: book.members.map(({ id, name, role, scope }) => ({ id, name, role, scope })),
    }),
    /**
     * Returns a person by id. For an id that is no longer in the roster, returns a placeholder without an address, which only the console
     * reaches.
     */
    person: (id: string): Person => known(id) ?? { ...centralDesk, id, name: id },
    book: (): Book => book,
    /** Adds the persons of the roster to those of the settings. The roster wins for a person in both. */
    use(members: readonly Member[]): void {
      const named = new Set(members.map(({ id }) => id));
      book = createBook([...fixed.filter(({ id }) => !named.has(id)), ...members], groupsOf);
    },
  };
}

/** Returns the channels for a person from the channel that a tab names. If that channel does not reach the person, the console. */
export function routeTo(person: Person, wanted: string, channels: Channels): ChannelRoute {
  if (wanted === ownOrderWord) return routeOf(person, channels);
  return { channel: channels.get(wanted)?.reaches(person) ? wanted : lastChannel };
}

export function namesOf(roster: Roster): string[] {
  const { roles: all, groups, persons } = roster.people();
  return [...all, ...groups, ...persons.map(({ id }) => id), centralDesk.id];
}

/** Recipients for the engine: persons with their channels, and central on every channel that reaches it. */
export function recipientsOf({ roster, channels, log }: RecipientsOptions): Recipients {
  return {
    recipients(to, channel, { scope, notice, ...asked }) {
      const { persons, unknown } = roster.resolve(to, scope, asked);
      if (unknown.length > 0) log.warn({ unknown, scope }, 'a tab sends to somebody who is neither in sabha.json nor in the roster');
      const told = persons.map((person) => ({ person, way: routeTo(person, channel, channels) }));
      const ways =
        notice === undefined || !isNews(notice) || channel === lastChannel
          ? told
          : addSubstitutes(told, { roster, channels, notice, ...asked });
      return ways.map(({ person, way }) => ({ person: person.id, ...way }));
    },
    personNamed: (name) => personNamed(roster, name),
    central: (now) =>
      roster.central(now).flatMap((person) => channelsOf(person, channels).map((channel) => ({ person: person.id, channel }))),
  };
}

type ResolvedRecipient = { person: Person; way: ChannelRoute };
type LookupContext = Pick<RecipientsOptions, 'roster' | 'channels'> & { notice: Notice; now: number };

/** Adds substitutes for recipients whom no channel reaches: the deputy, or central if no other recipient is reached. */
function addSubstitutes(told: readonly ResolvedRecipient[], { roster, ...at }: LookupContext): ResolvedRecipient[] {
  const ownWay = (person: Person) => ({ person, way: routeOf(person, at.channels) });
  // A tab may name a channel that the person lacks, so the person's own order is checked too.
  const isGone = ({ person, way }: ResolvedRecipient) =>
    person.id !== centralDesk.id && isUnreachable(way, person, at) && isUnreachable(ownWay(person).way, person, at);
  const gone = told.filter(isGone);
  if (gone.length === 0) return [...told];
  const sight = { book: roster.book(), moment: attendanceAt(at.now) };
  const deputies = gone.flatMap(({ person }) => {
    const member = sight.book.byId.get(person.id);
    return (member && findDeputy(sight, member, (one) => !isGone(ownWay(one)))) ?? [];
  });
  const isNobody = gone.length === told.length && deputies.length === 0;
  const known = new Set(told.map(({ person }) => person.id));
  const further = [...new Set<Person>(isNobody ? roster.central(at.now) : deputies)].filter(({ id }) => !known.has(id));
  return [...told, ...further.map(ownWay)].map((one) => (isGone(one) ? { ...one, way: { channel: lastChannel, lost: true } } : one));
}

/** Finds the id of the one person with this id, name or e-mail address, ignoring case. */
export function personNamed(roster: Pick<Roster, 'book'>, nameOrId: string): string | undefined {
  return findPerson(roster.book().members, nameOrId)?.id;
}

/**
 * Returns the names under which an incident may list the person who acts as `said`, an account or a name. The first name is the one to
 * store.
 * Replies by link and by phone store the same name. If two persons share a name, it is the id.
 */
export function namesOfPerson(roster: Pick<Roster, 'book'>, said: string): [string, ...string[]] {
  const { members } = roster.book();
  const person = findPerson(members, said);
  if (person === undefined) return [said];
  const written = personsNamed(members, person.name).length === 1 ? person.name : person.id;
  return [written, ...new Set([person.id, said]).difference(new Set([written]))];
}

/** Every channel that reaches the person and needs no request by name. Never empty, since the console reaches everyone. */
export function channelsOf(person: Person, channels: Channels): string[] {
  return [...channels].filter(([, one]) => one.reaches(person) && !one.asked).map(([name]) => name);
}

/** One line about a person whose scope contains no PC and who would never be notified; undefined if there is none. */
export function wrongScope(people: readonly Person[], pcs: readonly string[]): string | undefined {
  const wrong = people.find(({ scope }) => scope !== '' && !pcs.some((pc) => isWithin(scope, pc)));
  return wrong && `people: the scope "${wrong.scope}" of ${wrong.id} is not a state, site or PC of this network`;
}

/** Channels of a person: the first one, and further ones in order. `lost`: only the console reaches the person. */
export type ChannelRoute = { channel: string; further?: readonly string[]; lost?: true };

/**
 * Returns the channels of a person in order. Uses the person's own order, otherwise every channel for people that reaches the person. The
 * console is always last.
 * If none reaches the person, channels for programs are used: the recipient may be a ticket system.
 */
export function routeOf(person: Person, channels: Channels): ChannelRoute {
  const reaching = (names: readonly string[]) => names.filter((name) => name !== lastChannel && channels.get(name)?.reaches(person));
  const { channels: own = [] } = person;
  const { people = [], programs = [] } = Object.groupBy(channels.keys(), (name) =>
    channels.get(name)?.forPrograms ? 'programs' : 'people',
  );
  const first = reaching(own.length > 0 ? own : people);
  const [channel, ...further] = [...new Set(first.length > 0 ? first : reaching(programs)), lastChannel];
  return channel === undefined || further.length === 0 ? { channel: lastChannel } : { channel, further };
}

/** True if only the console can carry this notice to the person at this time. False if the server has no other channel for people. */
function isUnreachable(
  way: ChannelRoute,
  person: Person,
  { channels, notice, now }: { channels: Channels; notice: Notice; now: number },
): boolean {
  if (![...channels].some(([name, { forPrograms = false }]) => name !== lastChannel && !forPrograms)) return false;
  const isAlone = way.further === undefined;
  return [way.channel, ...(way.further ?? [])].every((name) => {
    const open = name === lastChannel ? undefined : channels.get(name);
    return !open?.reaches(person) || !(isAlone || (open.carries?.(notice, now) ?? true));
  });
}

/**
 * Moves the row to the first of its channels that still reaches the person and carries this notice at this time; otherwise to the console.
 */
export function moveToOpenChannel(row: OutboxRow, person: Person, channels: Channels): OutboxRow {
  const order = orderOf(row, channels);
  const isAlone = row.further === undefined;
  const carries = (one: OpenChannel) => isAlone || (one.carries?.(row.notice, Math.max(row.createdAt, row.dueAt)) ?? true);
  const at = order.findIndex((name) => {
    const open = channels.get(name);
    return open?.reaches(person) && carries(open);
  });
  if (at === 0 && order[at] === row.channel) return row;
  const { further: _, ...rest } = row;
  const further = at < 0 ? [] : order.slice(at + 1);
  return { ...rest, channel: order[at] ?? lastChannel, ...(further.length > 0 && { further }) };
}

/** Channels of the row in order. The morning digest is a list, so channels that carry lists come first. */
function orderOf({ channel, further = [], notice }: OutboxRow, channels: Channels): string[] {
  const rankOf = (name: string) => (name === lastChannel ? 2 : Number(channels.get(name)?.single === true));
  const order = [channel, ...further];
  return notice.digest ? order.toSorted((a, b) => rankOf(a) - rankOf(b)) : order;
}

/** Returns a row with the same notice for the next channel that reaches the person. */
export function nextRow(row: OutboxRow, person: Person, at: { channels: Channels; now: number }): OutboxRow {
  const { further: [channel = lastChannel, ...further] = [], moved: _, accepted: __, ...rest } = row;
  const next = moveToOpenChannel({ ...rest, channel, ...(further.length > 0 && { further }) }, person, at.channels);
  const key = `${row.key}/${next.channel}`;
  return { ...next, key, createdAt: at.now, dueAt: at.now, tries: 0, state: 'waiting' };
}

/** Returns the keys of the rows on the earlier channels, as `nextRow` built them. */
export function keysBefore(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** Returns the old row after its message also went to the next channel. The row stays on its own channel. */
export function movedRow({ further: _, ...row }: OutboxRow): OutboxRow {
  return { ...row, moved: true };
}
