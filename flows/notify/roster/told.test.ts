import { expect, test } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import type { DayHours, Member } from '../../engine/records/sites.ts';
import { attendanceAt, createBook, resolveRecipients, shiftEndsAt } from './book.ts';
import { away, day, groupsOfRoom, hoursLater, member, night, randomMembers, wednesday } from './roster.test-helper.ts';

const scope = 'ladakh/leh/pc-1';

function told(members: readonly Member[], at = wednesday, to = ['technician']): string {
  const { persons, by, unknown } = resolveRecipients(createBook(members, groupsOfRoom), { to, scope, moment: attendanceAt(at) });
  return [by, ...persons.map(({ id }) => id), ...unknown.map((word) => `?${word}`)].join(' ');
}

test('resolveRecipients returns the person on duty by local time, also over midnight', () => {
  const both = [member('asha', { duty: day }), member('bina', { duty: night })];
  expect(told(both)).toBe('duty asha');
  expect(told(both, hoursLater(12))).toBe('duty bina');
  // 08:59 and 09:00 in India.
  expect([told(both, hoursLater(21.48)), told(both, hoursLater(21.5))]).toEqual(['duty bina', 'duty asha']);
  expect(told([member('asha', { duty: day, zone: 'Europe/London' })], hoursLater(-1))).toBe('nobody');
});

test('a night shift ends on the next weekday, and a Sunday shift on Monday', () => {
  const sunday = [member('asha', { duty: [{ days: [7], from: 20 * 60, to: 30 * 60 }] })];
  const monday5 = Date.UTC(2027, 0, 10, 23, 30);
  expect([told(sunday, monday5), told(sunday, hoursLater(1, monday5)), told(sunday, hoursLater(24, monday5))]).toEqual([
    'duty asha',
    'nobody',
    'nobody',
  ]);
});

test("for a person on leave the deputy is notified, or the deputy's deputy", () => {
  const asha = member('asha', { leave: away, deputy: 'bina' });
  const bina = member('bina', { scopes: ['goa'] });
  expect(told([asha, bina])).toBe('deputy bina');
  expect(told([asha, { ...bina, leave: away, deputy: 'chand' }, member('chand', { scopes: ['goa'] })])).toBe('deputy chand');
  expect(told([asha, bina], hoursLater(8 * 24))).toBe('duty asha');
});

test('resolveRecipients returns the people of the state if all deputies are absent, or a person on leave has no deputy', () => {
  const ring = [member('asha', { leave: away, deputy: 'bina' }), member('bina', { leave: away, deputy: 'asha' })];
  const state = member('chand', { roles: ['state'], scopes: ['ladakh'] });
  expect([told(ring), told([...ring, state])]).toEqual(['nobody', 'state chand']);
  expect(told([member('asha', { leave: away }), state])).toBe('state chand');
});

test('a person off duty is replaced by the deputy, otherwise by the state, otherwise by central', () => {
  const asha = member('asha', { duty: night, deputy: 'bina' });
  const bina = member('bina', { scopes: ['goa'] });
  const chand = member('chand', { roles: ['state'], scopes: ['ladakh'] });
  const devi = member('devi', { roles: ['central'], scopes: [''] });
  expect(told([asha, bina, chand, devi])).toBe('deputy bina');
  expect(told([asha, { ...bina, duty: night }, chand, devi])).toBe('state chand');
  expect(told([asha, { ...chand, duty: night }, devi])).toBe('central devi');
  expect(told([asha, { ...devi, duty: night }])).toBe('nobody');
});

test('a person who took over a shift is notified at any hour until the shift ends, and during leave the deputy of that person', () => {
  const until = hoursLater(6.5);
  const asha = member('asha', { duty: day, relief: { by: 'bina', until }, deputy: 'chand' });
  const [bina, chand] = [member('bina', { duty: night, scopes: ['goa'] }), member('chand', { scopes: ['goa'] })];
  expect([told([asha, bina, chand]), told([asha, bina, chand], until)]).toEqual(['deputy bina', 'deputy chand']);
  expect(told([asha, { ...bina, duty: null, leave: away }, chand])).toBe('deputy chand');
  expect(told([asha, chand])).toBe('deputy chand');
  expect(told([asha, bina, chand], hoursLater(24))).toBe('duty asha');
});

test('the takeover of a shift ends with the hours of duty, even if they began yesterday, or after twelve hours without any', () => {
  const ends = (duty: DayHours[] | null, now: number) => shiftEndsAt({ duty, zone: 'Asia/Kolkata' }, now);
  expect([ends(day, wednesday), ends(night, wednesday), ends(null, wednesday)]).toEqual([hoursLater(6.5), null, hoursLater(12)]);
  // 21:30 on Wednesday, and 06:30 on Thursday: a night shift that ends at 09:00.
  expect([ends(night, hoursLater(10)), ends(night, hoursLater(19))]).toEqual([hoursLater(21.5), hoursLater(21.5)]);
});

test('2,000 random rosters: only persons in scope and on duty, or their deputies, are notified, and no one only if no one is on duty', () => {
  const counted: Record<string, number> = {};
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = randomFrom(seed);
    const members = randomMembers(random);
    const moment = attendanceAt(hoursLater(random.below(14 * 24)));
    const to = [random.pick(['technician', 'state', 'block-7', 'p0', 'central'])];
    const { persons, by } = resolveRecipients(createBook(members, groupsOfRoom), { to, scope, moment });
    counted[by] = (counted[by] ?? 0) + 1;
    const isFor = (one: Member) =>
      one.scopes.some((path) => ['', 'group:magadh'].includes(path) || `${scope}/`.startsWith(`${path}/`)) || to.includes(one.id);
    // Persons whom this one may replace: oneself, and everyone with this person in the chain of deputies.
    const standsFor = (one: Member): Member[] => {
      const found = [one];
      for (const next of found) found.push(...members.filter((other) => other.deputy === next.id && !found.includes(other)));
      return found;
    };
    for (const one of persons) {
      expect(moment(one), `seed ${seed}: ${one.id}`).toBe('here');
      expect(standsFor(one).some(isFor), `seed ${seed}: ${one.id}`).toBe(true);
    }
    expect(persons.length === 0, `seed ${seed}`).toBe(by === 'nobody');
    const isThere = members.some((one) => one.roles.includes('central') && moment(one) === 'here');
    if (isThere) expect(persons.length, `seed ${seed}`).toBeGreaterThan(0);
  }
  expect(Object.keys(counted).sort()).toEqual(['central', 'deputy', 'duty', 'nobody', 'state']);
});
