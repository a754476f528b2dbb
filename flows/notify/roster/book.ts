/** Index of the persons by what a tab may name (role, group, id) and by their scope. */
import { isRole, type Person, pathOfScope, type Role, zonedAt } from '@sabha/contracts';
import type { DayHours, Member, SiteTable } from '../../engine/records/sites.ts';
import { isPhone, isSamePhone } from '../people/channels/kit/gateway.ts';

export type Book = ReturnType<typeof createBook>;

/**
 * Builds the index. `groupsOf`: the groups of sites that contain a place. Guarantee: the cost of a lookup depends on the levels and groups
 * of the place, not on the number of persons.
 */
export function createBook(written: readonly Member[], groupsOf: SiteTable['groupsOf'] = () => []) {
  const members: readonly Member[] = written.map(withDialled);
  const byId: ReadonlyMap<string, Member> = new Map(members.map((member) => [member.id, member]));
  const order = new Map(members.map((member, at) => [member, at]));
  const byRole = indexOf(members, ({ roles }) => roles);
  const byGroup = indexOf(members, ({ groups }) => groups);
  const lookedUp = (index: MemberIndex, name: string, path: string) => {
    const membersByLevel = index.get(name);
    const parts = path === '' ? [] : path.split('/');
    const above = ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))];
    const found = new Set([...above, ...groupsOf(path)].flatMap((level) => membersByLevel?.get(level) ?? []));
    return [...found].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
  const ofRole = (role: Role, scope: string) => lookedUp(byRole, role, pathOfScope(scope));
  return {
    members,
    byId,
    /** All central persons, whatever their scope. */
    central: members.filter(({ roles }) => roles.includes('central')),
    ofRole,
    /** Returns the persons that a recipient name of a tab means for a scope; undefined if it means no one at any place. */
    meant(word: string, scope: string): Member[] | undefined {
      if (isRole(word)) return ofRole(word, scope);
      const one = byId.get(word);
      if (one !== undefined) return [one];
      return byGroup.has(word) ? lookedUp(byGroup, word, pathOfScope(scope)) : undefined;
    },
  };
}

/** Ids of recipients that are no persons: the central desk, which reads the console, and the external monitor. */
export const ownRecipients = ['central-desk', 'watchdog'] as const;

/** Returns one line if a name means a role or a built-in recipient. A person or a group of that name would never be notified. */
export function reservedWord(word: string): string | undefined {
  const isReserved = isRole(word) || (ownRecipients as readonly string[]).includes(word);
  return isReserved ? `"${word}" is reserved by Sabha: choose another one` : undefined;
}

/**
 * Returns a function from account name to person: by id, otherwise by a unique e-mail address, ignoring case. The index is built once for
 * many lookups.
 */
export function byLogin<T extends Pick<Person, 'id' | 'email'>>(persons: readonly T[]): (login: string) => T | undefined {
  const byId = new Map(persons.map((one) => [one.id, one]));
  const byMail = Map.groupBy(persons, ({ email }) => email?.toLowerCase());
  const of = (wanted: string) => byId.get(wanted) ?? only(byMail.get(wanted) ?? []);
  return (login) => of(login.trim().toLowerCase());
}

/** Finds a person by id, e-mail address or unique name. Undefined if there is none, or more than one. */
export function findPerson<T extends Pick<Person, 'id' | 'email' | 'name'>>(persons: readonly T[], nameOrLogin: string): T | undefined {
  return byLogin(persons)(nameOrLogin) ?? only(personsNamed(persons, nameOrLogin));
}

export function personsNamed<T extends Pick<Person, 'name'>>(persons: readonly T[], name: string): T[] {
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

type MemberIndex = ReadonlyMap<string, ReadonlyMap<string, readonly Member[]>>;

function indexOf(members: readonly Member[], namesOf: (member: Member) => readonly string[]): MemberIndex {
  const index = new Map<string, Map<string, Member[]>>();
  for (const member of members)
    for (const name of namesOf(member)) {
      const ofName = index.getOrInsertComputed(name, () => new Map<string, Member[]>());
      for (const scope of member.scopes) ofName.getOrInsertComputed(scope, () => []).push(member);
    }
  return index;
}

/** State of a person: on duty, on leave during the own hours, relieved by another person, or outside the own hours. */
type Attendance = 'here' | 'leave' | 'relieved' | 'off';

/** Returns the state of a person at one time; caches each zone and each person. */
export type AttendanceOf = (member: Member) => Attendance;

const dayMinutes = 24 * 60;

type LocalDay = ReturnType<typeof localAt>;

export function attendanceAt(now: number): AttendanceOf {
  const zones = new Map<string, LocalDay>();
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

/**
 * Returns how many minutes these hours still last, also after midnight for hours that began yesterday; empty if the time is outside of
 * them.
 */
function minutesLeft({ days, from, to }: DayHours, { weekday, minute }: LocalDay): number[] {
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  const isToday = days.includes(weekday) && minute >= from && minute < to;
  const isOfYesterday = days.includes(yesterday) && minute + dayMinutes < to;
  return [...(isToday ? [to - minute] : []), ...(isOfYesterday ? [to - minute - dayMinutes] : [])];
}

/** Length of the takeover of a shift, in ms, if the replaced person has no hours of duty. */
const wholeShiftMs = 12 * 3_600_000;

/** Returns the end of the current shift of a person; null outside the hours of duty. */
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

/** Why these persons are the recipients: they are on duty, deputies, of the state, or of central; or nobody is on duty. */
export type ResolutionReason = 'duty' | 'deputy' | 'state' | 'central' | 'nobody';
/** Result of a lookup of recipients. `unknown`: entries of the tab that match no person. */
export type Resolution = { persons: Member[]; by: ResolutionReason; unknown: string[] };

/**
 * Resolves the recipients of a tab at a time, each once. If none is on duty, the result is their deputies, then the state, then central.
 * If none of these is on duty either, `persons` is empty and `by` is `nobody`.
 * Guarantee: no one is notified outside the own scope and hours, except as a deputy.
 */
export function resolveRecipients(
  book: Book,
  { to, scope, moment }: { to: readonly string[]; scope: string; moment: AttendanceOf },
): Resolution {
  const words = to.map((word) => ({ word, members: book.meant(word, scope) }));
  const unknown = words.filter(({ members }) => members === undefined).map(({ word }) => word);
  const meant = words.flatMap(({ members = [] }) => members);
  const sight = { book, moment };
  const onDuty = present(sight, meant);
  if (onDuty.length > 0) return { persons: onDuty, by: onDuty.some((one) => meant.includes(one)) ? 'duty' : 'deputy', unknown };
  const deputies = each(meant, (one) => findDeputy(sight, one));
  if (deputies.length > 0) return { persons: deputies, by: 'deputy', unknown };
  const state = onDutyOf(sight, book.ofRole('state', scope));
  if (state.length > 0) return { persons: state, by: 'state', unknown };
  const central = onDutyOf(sight, book.central);
  return { persons: central, by: central.length > 0 ? 'central' : 'nobody', unknown };
}

/** Returns the persons on duty; if none is on duty, their deputies. */
export function onDutyOf(sight: DutyLookup, members: readonly Member[]): Member[] {
  const there = present(sight, members);
  return there.length > 0 ? there : each(members, (one) => findDeputy(sight, one));
}

export type DutyLookup = { book: Pick<Book, 'byId'>; moment: AttendanceOf };

/** Returns the persons on duty, and the substitute of each person who is on leave or relieved. */
function present(sight: DutyLookup, members: readonly Member[]): Member[] {
  return each(members, (one) => {
    const attendance = sight.moment(one);
    if (attendance === 'here') return one;
    if (attendance === 'off') return undefined;
    // The person who took over the shift counts as on duty at any hour, except on leave.
    const reliever = attendance === 'relieved' ? sight.book.byId.get(one.relief?.by ?? '') : undefined;
    return reliever !== undefined && sight.moment(reliever) !== 'leave' ? reliever : findDeputy(sight, one);
  });
}

/** Limit of the chain of deputies that is followed. The limit also ends a cycle of absent persons. */
const deputyLimit = 8;

/** Returns the first person in the chain of deputies who is on duty and fulfils `holds`. */
export function findDeputy(sight: DutyLookup, member: Pick<Member, 'deputy'>, holds = (_: Member) => true): Member | undefined {
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

/** Groups of persons who share one phone number, so that a caller cannot be identified. Compares only numbers with the same last digits. */
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

/** Matches a phone number: digits in groups, after an optional apostrophe that marks text in a spreadsheet. */
const written = /^'?\+?\d[\d ()-]{4,24}$/;

/**
 * Normalises a number for a gateway: an optional `+` and digits. Undefined if it cannot be dialled: two numbers in one cell, too few
 * digits, or a zero as country code.
 */
export function dialledNumber(text: string): string | undefined {
  if (!written.test(text)) return undefined;
  const number = text
    .replace('(0)', '')
    .replace(/[^+\d]/g, '')
    .replace(/^00/, '+');
  return isPhone(number) ? number : undefined;
}

/** Indian number in national notation: a leading zero, which gateways reject, and ten digits. */
const withZero = /^0[1-9]\d{9}$/;

/** Number for a `tel:` link: as for a gateway, or in national notation; undefined if it cannot be dialled. */
export function telOf(text: string): string | undefined {
  const digits = text.replace(/[ ()-]/g, '');
  return dialledNumber(text) ?? (withZero.test(digits) ? digits : undefined);
}

const byNumber = ['phone', 'sms', 'voice', 'whatsapp'] as const;

/** Normalises the phone numbers of a person, since `sabha.json` and old rows may hold them in any notation. */
function withDialled(member: Member): Member {
  const { addresses } = member;
  const changed = byNumber.flatMap((name) => {
    const number = dialledNumber(addresses[name] ?? '');
    return number === undefined || number === addresses[name] ? [] : [[name, number] as const];
  });
  return changed.length === 0 ? member : { ...member, addresses: { ...addresses, ...Object.fromEntries(changed) } };
}
