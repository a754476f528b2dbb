/** Test rosters: a small tree, an import plan and sample persons. */
import type { Person } from '@sabha/contracts';
import type { Random } from '../../../test/random.ts';
import type { OpenChannel } from '../../engine/records/notices.ts';
import type { DayHours, Leave, Member } from '../../engine/records/sites.ts';
import { smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import type { RosterPlan } from './import.ts';

/** A Wednesday, 11:30 in India. */
export const wednesday = Date.UTC(2027, 0, 13, 6);
export const hoursLater = (hours: number, from = wednesday) => from + hours * 3_600_000;

export function member(id: string, changes: Partial<Member> = {}): Member {
  const { roles = ['technician'], scopes = ['ladakh/leh'] } = changes;
  return {
    id,
    name: id,
    role: roles[0] ?? 'technician',
    scope: scopes[0] ?? '',
    groups: [],
    language: 'en',
    channels: [],
    webhook: false,
    addresses: {},
    roles,
    scopes,
    duty: null,
    zone: 'Asia/Kolkata',
    leave: [],
    deputy: null,
    ...changes,
  };
}

/**
 * Returns the console, which reaches everybody, and a channel for each name, which reaches persons with an address of that name. Each send
 * results in `delivered`.
 */
export function channelsNamed(...names: string[]): Map<string, OpenChannel> {
  const channel = { send: async () => ({ result: 'delivered' as const }) };
  const reaches = (name: string) => (person: Person) =>
    name === 'console' || (name === 'email' ? person.email : person.addresses[name]) !== undefined;
  return new Map(['console', ...names].map((name) => [name, { channel: { ...channel }, reaches: reaches(name) }]));
}

/** An import of a file over the small tree, with e-mail, SMS and console. */
export function planOf(csv: string, changes: Partial<RosterPlan> = {}): RosterPlan {
  return {
    csv,
    replace: false,
    table: createSiteTable(smallTree()),
    held: new Map(),
    fixed: new Map(),
    channels: channelsNamed('email', 'sms'),
    ...changes,
  };
}

const everyDay = [1, 2, 3, 4, 5, 6, 7];
export const day: DayHours[] = [{ days: everyDay, from: 9 * 60, to: 18 * 60 }];
/** Hours of duty from 18:00 to 9:00 of the next day. */
export const night: DayHours[] = [{ days: everyDay, from: 18 * 60, to: 33 * 60 }];
/** Days off that contain `wednesday`. */
export const away: Leave[] = [{ from: '2027-01-10', to: '2027-01-20' }];
export const groupsOfRoom = (path: string) => (path.startsWith('ladakh/leh') ? ['group:magadh'] : []);
/** Random persons around one room: any role, scope and duty, on leave, and with missing or cyclic deputies. */
export function randomMembers(random: Random): Member[] {
  const count = 1 + random.below(7);
  const ids = Array.from({ length: count }, (_, at) => `p${at}`);
  return ids.map((id) => {
    const roles = random.pick([['technician'], ['technician'], ['state'], ['central'], ['technician', 'state']] as const);
    const isCentral = roles[0] === 'central';
    return member(id, {
      roles: [...roles],
      scopes: isCentral
        ? ['']
        : [random.pick(['ladakh', 'ladakh/leh', 'ladakh/leh/pc-1', 'goa', 'goa/panaji', 'ladakh/le', 'group:magadh', 'group:konkan'])],
      groups: random.below(3) === 0 ? ['block-7'] : [],
      duty: random.pick([null, day, night, [{ days: [3], from: 0, to: 1440 }]]),
      leave: random.below(3) === 0 ? away : [],
      deputy: random.below(2) === 0 ? random.pick(ids.filter((other) => other !== id).concat('gone')) : null,
    });
  });
}
