/** Persons by what a tab may call them: role, group and id, and by the place that they look after. */
import { isRole, type Person, pathOfScope, type Role, zonedAt } from '@sabha/contracts';
import type { DayHours, Member, SiteTable } from '../../engine/records/sites.ts';
import { isPhone, isSamePhone } from '../people/channels/kit/gateway.ts';

/** The persons of one roster, looked up without walking through all of them. */
export type Book = ReturnType<typeof createBook>;

/** `groupsOf`: the scopes of the groups of sites that a place is in. Guarantee: a place costs as many looks as it has levels and groups, however many persons there are. */
export function createBook(written: readonly Member[], groupsOf: SiteTable['groupsOf'] = () => []) {
  const members: readonly Member[] = written.map(withDialled);
  const byId: ReadonlyMap<string, Member> = new Map(members.map((member) => [member.id, member]));
  const order = new Map(members.map((member, at) => [member, at]));
  const byRole = indexOf(members, ({ roles }) => roles);
  const byGroup = indexOf(members, ({ groups }) => groups);
  const lookedUp = (index: Index, name: string, path: string) => {
    const ofName = index.get(name);
    const parts = path === '' ? [] : path.split('/');
    const above = ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))];
    const found = new Set([...above, ...groupsOf(path)].flatMap((level) => ofName?.get(level) ?? []));
    return [...found].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
  /** Those of a role who look after a place, in the order of the roster. */
  const ofRole = (role: Role, scope: string) => lookedUp(byRole, role, pathOfScope(scope));
  return {
    members,
    byId,
    /** All of central, whatever their scope. */
    central: members.filter(({ roles }) => roles.includes('central')),
    ofRole,
    /** The persons that a word means for a scope; undefined where it means nobody anywhere. */
    meant(word: string, scope: string): Member[] | undefined {
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

/** `leave`: the hours are the person's own, who has days off; `relieved`: somebody else has taken over the shift; `off`: the hours are somebody else's. */
type Attendance = 'here' | 'leave' | 'relieved' | 'off';

/** Judges persons at one moment, each zone and each person once. */
export type Moment = (member: Member) => Attendance;

const dayMinutes = 24 * 60;

type Local = ReturnType<typeof localAt>;

/** What holds at a time. */
export function momentAt(now: number): Moment {
  const zones = new Map<string, Local>();
  const known = new Map<Member, Attendance>();
  return (member) =>
    known.getOrInsertComputed(member, () => {
      const { duty, leave, relief, zone } = member;
      if (relief !== undefined && now < relief.until) return 'relieved';
      const local = zones.getOrInsertComputed(zone, () => localAt(now, zone));
      if (duty !== null && !duty.some((hours) => minutesLeft(hours, local).length > 0)) return 'off';
      return leave.some(({ from, to }) => from <= local.date && local.date <= to) ? 'leave' : 'here';
    });
}

/** How long such hours last yet, where they run; also the part of yesterday's hours that reaches over midnight. */
function minutesLeft({ days, from, to }: DayHours, { weekday, minute }: Local): number[] {
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  const isToday = days.includes(weekday) && minute >= from && minute < to;
  const isOfYesterday = days.includes(yesterday) && minute + dayMinutes < to;
  return [...(isToday ? [to - minute] : []), ...(isOfYesterday ? [to - minute - dayMinutes] : [])];
}

/** How long a takeover lasts where the person has no hours of duty. */
const wholeShiftMs = 12 * 3_600_000;

/** When the shift ends that a person has now; null where there is none. */
export function shiftEndsAt({ duty, zone }: Pick<Member, 'duty' | 'zone'>, now: number): number | null {
  const minuteBegan = Math.floor(now / minuteMs) * minuteMs;
  if (duty === null) return minuteBegan + wholeShiftMs;
  const local = localAt(now, zone);
  const left = duty.flatMap((hours) => minutesLeft(hours, local));
  return left.length === 0 ? null : minuteBegan + Math.max(...left) * minuteMs;
}

const minuteMs = 60_000;

function localAt(now: number, zone: string) {
  const time = zonedAt(now, zone);
  return { date: time.toPlainDate().toString(), weekday: time.dayOfWeek, minute: time.hour * 60 + time.minute };
}

/** Why these persons: they are on duty, stand in for who is not, are of the state or of central, or nobody is on duty anywhere. */
export type ToldBy = 'duty' | 'deputy' | 'state' | 'central' | 'nobody';
/** `unknown`: the words that mean nobody. */
export type Told = { persons: Member[]; by: ToldBy; unknown: string[] };

/**
 * The persons for the words of a tab at a moment, each once.
 * Nobody on duty: their deputies, then the state, then central; and where none of those is there, `persons` is empty and `by` is `nobody`.
 * Guarantee: nobody is told outside their scope and hours but a deputy, in the place of whom they stand in for.
 */
export function toldFor(book: Book, { to, scope, moment }: { to: readonly string[]; scope: string; moment: Moment }): Told {
  const words = to.map((word) => ({ word, members: book.meant(word, scope) }));
  const unknown = words.filter(({ members }) => members === undefined).map(({ word }) => word);
  const meant = words.flatMap(({ members = [] }) => members);
  const sight = { book, moment };
  const onDuty = present(sight, meant);
  if (onDuty.length > 0) return { persons: onDuty, by: onDuty.some((one) => meant.includes(one)) ? 'duty' : 'deputy', unknown };
  const deputies = each(meant, (one) => standIn(sight, one));
  if (deputies.length > 0) return { persons: deputies, by: 'deputy', unknown };
  const state = thereOf(sight, book.ofRole('state', scope));
  if (state.length > 0) return { persons: state, by: 'state', unknown };
  const central = thereOf(sight, book.central);
  return { persons: central, by: central.length > 0 ? 'central' : 'nobody', unknown };
}

/** Those of some persons who are there, or else who stands in for them. */
export function thereOf(sight: Sight, members: readonly Member[]): Member[] {
  const there = present(sight, members);
  return there.length > 0 ? there : each(members, (one) => standIn(sight, one));
}

/** What is looked at. */
export type Sight = { book: Pick<Book, 'byId'>; moment: Moment };

/** Who is there, and for each who has days off in their hours the deputy. */
function present(sight: Sight, members: readonly Member[]): Member[] {
  return each(members, (one) => {
    const attendance = sight.moment(one);
    if (attendance === 'here') return one;
    if (attendance === 'off') return undefined;
    // Whoever took over the shift, in whatever hours of their own, unless they have days off.
    const reliever = attendance === 'relieved' ? sight.book.byId.get(one.relief?.by ?? '') : undefined;
    return reliever !== undefined && sight.moment(reliever) !== 'leave' ? reliever : standIn(sight, one);
  });
}

/** So many deputies one after the other are asked; a ring of those who are away ends here too. */
const deputyLimit = 8;

/** The first of the deputies, and of theirs, who is there, and of whom that holds which is asked. */
export function standIn(sight: Sight, member: Pick<Member, 'deputy'>, holds = (_: Member) => true): Member | undefined {
  const { book, moment } = sight;
  let next = book.byId.get(member.deputy ?? '');
  for (let asked = 0; next !== undefined && asked < deputyLimit; asked++) {
    if (moment(next) === 'here' && holds(next)) return next;
    next = book.byId.get(next.deputy ?? '');
  }
  return undefined;
}

function each(members: readonly Member[], find: (member: Member) => Member | undefined): Member[] {
  return [...new Set(members.map(find).filter((one) => one !== undefined))];
}

/** Persons who stand with one phone number, a list for each number: of them nobody knows who calls from it. Only numbers that end alike are compared. */
export function sharedNumbers(members: readonly Member[]): string[][] {
  const alike = new Map<string, { number: string; ids: Set<string> }[]>();
  for (const { id, addresses } of members)
    for (const number of byNumber.flatMap((name) => addresses[name] ?? [])) {
      const known = alike.getOrInsertComputed(number.replace(/\D/g, '').slice(-10), () => []);
      const same = known.find((one) => one.number === number || isSamePhone(one.number, number));
      if (same === undefined) known.push({ number, ids: new Set([id]) });
      else same.ids.add(id);
    }
  const shared = [...alike.values()].flat().filter(({ ids }) => ids.size > 1);
  return [...new Map(shared.map(({ ids }) => [[...ids].join(), [...ids]])).values()];
}

/** In groups of digits, with the mark of the file before it. */
const written = /^'?\+?\d[\d ()-]{4,24}$/;

/**
 * The number as a gateway dials it: `+`, where it stands there, and digits. Undefined for what none could dial: two numbers in one cell, too few
 * digits, or a zero in the place of the country.
 */
export function dialled(text: string): string | undefined {
  if (!written.test(text)) return undefined;
  const number = text
    .replace('(0)', '')
    .replace(/[^+\d]/g, '')
    .replace(/^00/, '+');
  return isPhone(number) ? number : undefined;
}

/** A number of India as people write it there: the zero that no gateway takes, and ten digits. */
const withZero = /^0[1-9]\d{9}$/;

/** What a telephone is told to dial for a number that somebody wrote down: as a gateway dials it, or with the zero of its country; undefined where none could. */
export function telOf(text: string): string | undefined {
  const digits = text.replace(/[ ()-]/g, '');
  return dialled(text) ?? (withZero.test(digits) ? digits : undefined);
}

const byNumber = ['phone', 'sms', 'voice', 'whatsapp'] as const;

/** The person with numbers that can be dialled, however they were written in `sabha.json`, or before an import looked at them. */
function withDialled(member: Member): Member {
  const { addresses } = member;
  const changed = byNumber.flatMap((name) => {
    const number = dialled(addresses[name] ?? '');
    return number === undefined || number === addresses[name] ? [] : [[name, number] as const];
  });
  return changed.length === 0 ? member : { ...member, addresses: { ...addresses, ...Object.fromEntries(changed) } };
}
