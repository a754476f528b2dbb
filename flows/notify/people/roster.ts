/** Who is told: persons by role and scope, and the channel on which each can be reached. */
import { isWithin, type Person, type Role, roles } from '@sabha/contracts';
import type { Notice, OpenChannel, OutboxRow, People } from '../../engine/records/notices.ts';
import type { Member, SiteTable } from '../../engine/records/sites.ts';
import type { Recipients } from '../../engine/transitions/noise.ts';
import { type Book, called, createBook, memberOf, momentAt, ofName, ownRecipients, standIn, thereOf, toldFor } from '../roster/book.ts';
import { type Channels, lastChannel, ownOrder } from './channels/channels.ts';
import { isNews } from './words.ts';

/** When somebody is to be told. `knew`: who was told before of what has now ended, and hears its end whatever the hour. */
export type Asked = { now: number; knew?: readonly string[] };

/** Who is who, by role, group, scope and id. */
export type Roster = ReturnType<typeof createRoster>;

/** `log` takes the words of a tab that mean nobody. */
type RecipientsOptions = { roster: Roster; channels: Channels; log: { warn(fields: object, line: string): void } };

/** The built-in person who is told when nobody else is there. */
const centralDesk: Person = {
  id: ownRecipients[0],
  name: 'Central desk',
  role: 'central',
  scope: '',
  language: 'en',
  webhook: false,
  addresses: {},
};

/** The roster over the persons of the settings, and whoever else comes into use. `groupsOf`: the groups of sites that a place is in. */
export function createRoster(settings: readonly Person[], groupsOf: SiteTable['groupsOf'] = () => []) {
  const fixed = settings.map(memberOf);
  let book = createBook(fixed, groupsOf);
  const byCentral = (now: number): Person[] => {
    const all = book.central;
    const there = thereOf({ book, moment: momentAt(now) }, all);
    if (there.length > 0) return there;
    return all.length > 0 ? [...all] : [centralDesk];
  };
  const known = (id: string) => (id === centralDesk.id ? centralDesk : book.byId.get(id));
  return {
    /**
     * The persons that `to` (roles, groups and ids of persons) means for a scope at a time, each once, why these, and the words that mean nobody.
     * Guarantee: never nobody. Where none of them is on duty it is their deputies, then the state, then central, then whoever is of central at all,
     * and without any the desk at the centre.
     */
    resolve(to: readonly string[], scope: string, { now, knew = [] }: Asked) {
      const isDirect = (word: string) => known(word) !== undefined && (word === centralDesk.id || knew.includes(word));
      const direct = to.filter(isDirect).flatMap((word) => known(word) ?? []);
      const words = to.filter((word) => !isDirect(word));
      if (words.length === 0 && direct.length > 0) return { persons: [...new Set(direct)], by: 'duty' as const, unknown: [] };
      const { persons, by, unknown } = toldFor(book, { to: words, scope, moment: momentAt(now) });
      const found = new Set([...direct, ...(persons.length > 0 ? persons : byCentral(now))]);
      return { persons: [...found], by, unknown };
    },
    /** The central persons who are there; where none is, all of them; without any the desk at the centre. */
    central: byCentral,
    /** Who has a role for a place, on duty or not. */
    responsible: (role: Role, scope: string): Person[] => book.ofRole(role, scope),
    /** All that a tab may write into `to`. */
    people: (): People => ({
      roles: [...roles],
      groups: [...new Set(book.members.flatMap(({ groups }) => groups))].sort(),
      persons: book.members.map(({ id, name, role, scope }) => ({ id, name, role, scope })),
    }),
    /** The person of an id. One who has left since is a stand-in without an address, reached on the console. */
    person: (id: string): Person => known(id) ?? { ...centralDesk, id, name: id },
    /** All persons, as they are looked up. */
    book: (): Book => book,
    /** Takes the persons of the roster into use, beside those of the settings; who stands in both is as the roster says. */
    use(members: readonly Member[]): void {
      const named = new Set(members.map(({ id }) => id));
      book = createBook([...fixed.filter(({ id }) => !named.has(id)), ...members], groupsOf);
    },
  };
}

/** Where the person is told first, and where next, for a channel as the tabs name it: that one, or the console where it cannot reach the person. */
export function wayTo(person: Person, wanted: string, channels: Channels): Way {
  if (wanted === ownOrder) return wayOf(person, channels);
  return { channel: channels.get(wanted)?.reaches(person) ? wanted : lastChannel };
}

/** Every word that a tab may write into `to`. */
export function namesOf(roster: Roster): string[] {
  const { roles: all, groups, persons } = roster.people();
  return [...all, ...groups, ...persons.map(({ id }) => id), centralDesk.id];
}

/** Whom the engine means: the persons of a tab's words with their channel, and central's on every channel that reaches them. */
export function recipientsOf({ roster, channels, log }: RecipientsOptions): Recipients {
  return {
    recipients(to, channel, { scope, notice, ...asked }) {
      const { persons, unknown } = roster.resolve(to, scope, asked);
      if (unknown.length > 0) log.warn({ unknown, scope }, 'a tab sends to somebody who is neither in sabha.json nor in the roster');
      const told = persons.map((person) => ({ person, way: wayTo(person, channel, channels) }));
      const ways =
        notice === undefined || !isNews(notice) || channel === lastChannel ? told : foundFor(told, { roster, channels, notice, ...asked });
      return ways.map(({ person, way }) => ({ person: person.id, ...way }));
    },
    personNamed: (name) => personNamed(roster, name),
    central: (now) =>
      roster.central(now).flatMap((person) => channelsOf(person, channels).map((channel) => ({ person: person.id, channel }))),
  };
}

type Reached = { person: Person; way: Way };
type FoundAt = Pick<RecipientsOptions, 'roster' | 'channels'> & { notice: Notice; now: number };

/**
 * The same, with who stands in for each whom nothing reaches: the deputy; where nobody else is reached either, central.
 * The desk at the centre reads the console.
 */
function foundFor(told: readonly Reached[], { roster, ...at }: FoundAt): Reached[] {
  const ownWay = (person: Person) => ({ person, way: wayOf(person, at.channels) });
  // A tab may name a channel that a person has not, beside the person's own order.
  const isGone = ({ person, way }: Reached) =>
    person.id !== centralDesk.id && isLost(way, person, at) && isLost(ownWay(person).way, person, at);
  const gone = told.filter(isGone);
  if (gone.length === 0) return [...told];
  const sight = { book: roster.book(), moment: momentAt(at.now) };
  const deputies = gone.flatMap(({ person }) => {
    const member = sight.book.byId.get(person.id);
    return (member && standIn(sight, member, (one) => !isGone(ownWay(one)))) ?? [];
  });
  const isNobody = gone.length === told.length && deputies.length === 0;
  const known = new Set(told.map(({ person }) => person.id));
  const further = [...new Set<Person>(isNobody ? roster.central(at.now) : deputies)].filter(({ id }) => !known.has(id));
  return [...told, ...further.map(ownWay)].map((one) => (isGone(one) ? { ...one, way: { channel: lastChannel, lost: true } } : one));
}

/** The id of the one person whom an id, a name or an e-mail address means, however it is written. */
export function personNamed(roster: Pick<Roster, 'book'>, said: string): string | undefined {
  return called(roster.book().members, said)?.id;
}

/**
 * By which names an incident may say that whoever acts under `said`, an account or a name, is on it. The first is the one to write: what the person answers
 * by a link or a phone stands there under the same; of two of one name it is the id.
 */
export function namesOfOne(roster: Pick<Roster, 'book'>, said: string): [string, ...string[]] {
  const { members } = roster.book();
  const person = called(members, said);
  if (person === undefined) return [said];
  const written = ofName(members, person.name).length === 1 ? person.name : person.id;
  return [written, ...new Set([person.id, said]).difference(new Set([written]))];
}

/** Every channel that reaches the person and waits for nobody to ask for it; never none, since the console reaches everybody. */
export function channelsOf(person: Person, channels: Channels): string[] {
  return [...channels].filter(([, one]) => one.reaches(person) && !one.asked).map(([name]) => name);
}

/** One line for a person whose scope holds none of the PCs, who would never be told; undefined where all is well. */
export function wrongScope(people: readonly Person[], pcs: readonly string[]): string | undefined {
  const wrong = people.find(({ scope }) => scope !== '' && !pcs.some((pc) => isWithin(scope, pc)));
  return wrong && `people: the scope "${wrong.scope}" of ${wrong.id} is no state, site or PC of this network`;
}

/** Where a message goes first, and where next. `lost`: nothing but the console is left. */
export type Way = { channel: string; further?: readonly string[]; lost?: true };

/**
 * By the order of `sabha.json`, else every channel for people that reaches the person, in the order of their list; the console is last, and never absent.
 * A person whom none of them reaches may be a program, such as a ticket desk: its own channel is used then.
 */
export function wayOf(person: Person, channels: Channels): Way {
  const reaching = (names: readonly string[]) => names.filter((name) => name !== lastChannel && channels.get(name)?.reaches(person));
  const { channels: own = [] } = person;
  const { people = [], programs = [] } = Object.groupBy(channels.keys(), (name) =>
    channels.get(name)?.forPrograms ? 'programs' : 'people',
  );
  const first = reaching(own.length > 0 ? own : people);
  const [channel, ...further] = [...new Set(first.length > 0 ? first : reaching(programs)), lastChannel];
  return channel === undefined || further.length === 0 ? { channel: lastChannel } : { channel, further };
}

/** Whether nothing but the console is left of a way for such news at that time, where the centre has other channels for people at all. */
function isLost(way: Way, person: Person, { channels, notice, now }: { channels: Channels; notice: Notice; now: number }): boolean {
  if (![...channels].some(([name, { forPrograms = false }]) => name !== lastChannel && !forPrograms)) return false;
  const isAlone = way.further === undefined;
  return [way.channel, ...(way.further ?? [])].every((name) => {
    const open = name === lastChannel ? undefined : channels.get(name);
    return !open?.reaches(person) || !(isAlone || (open.carries?.(notice, now) ?? true));
  });
}

/** The row on the first channel of its order that still reaches the person, and carries such news at that time: the console, where none does. */
export function openRow(row: OutboxRow, person: Person, channels: Channels): OutboxRow {
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

/** The order of its channels. What waited for the morning is a list: it goes first where one can be read. */
function orderOf({ channel, further = [], notice }: OutboxRow, channels: Channels): string[] {
  const rankOf = (name: string) => (name === lastChannel ? 2 : Number(channels.get(name)?.single === true));
  const order = [channel, ...further];
  return notice.digest ? order.toSorted((a, b) => rankOf(a) - rankOf(b)) : order;
}

/** The row that tells the same over the next channel that reaches the person. */
export function nextRow(row: OutboxRow, person: Person, at: { channels: Channels; now: number }): OutboxRow {
  const { further: [channel = lastChannel, ...further] = [], moved: _, accepted: __, ...rest } = row;
  const next = openRow({ ...rest, channel, ...(further.length > 0 && { further }) }, person, at.channels);
  const key = `${row.key}/${next.channel}`;
  return { ...next, key, createdAt: at.now, dueAt: at.now, tries: 0, state: 'waiting' };
}

/** The keys of the rows before it in its order of channels, as `nextRow` made them. */
export function keysBefore(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** The row that stays behind: it is told over another channel too. */
export function movedRow({ further: _, ...row }: OutboxRow): OutboxRow {
  return { ...row, moved: true };
}
