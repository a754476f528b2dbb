import { expect, test } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import type { DayHours, Member } from '../../engine/records/sites.ts';
import { createBook, momentAt, shiftEndsAt, toldFor } from './book.ts';
import { away, day, groupsOfRoom, hoursLater, member, night, randomMembers, wednesday } from './roster.test-helper.ts';

const scope = 'ladakh/leh/pc-1';

function told(members: readonly Member[], at = wednesday, to = ['technician']): string {
  const { persons, by, unknown } = toldFor(createBook(members, groupsOfRoom), { to, scope, moment: momentAt(at) });
  return [by, ...persons.map(({ id }) => id), ...unknown.map((word) => `?${word}`)].join(' ');
}

test('who is on duty is told, by the clock on their wall, also over midnight', () => {
  const both = [member('asha', { duty: day }), member('bina', { duty: night })];
  expect(told(both)).toBe('duty asha');
  expect(told(both, hoursLater(12))).toBe('duty bina');
  // 08:59 and 09:00 in India.
  expect([told(both, hoursLater(21.48)), told(both, hoursLater(21.5))]).toEqual(['duty bina', 'duty asha']);
  expect(told([member('asha', { duty: day, zone: 'Europe/London' })], hoursLater(-1))).toBe('nobody');
});

test('a night of one weekday ends on the next, and the night of Sunday on Monday', () => {
  const sunday = [member('asha', { duty: [{ days: [7], from: 20 * 60, to: 30 * 60 }] })];
  const monday5 = Date.UTC(2027, 0, 10, 23, 30);
  expect([told(sunday, monday5), told(sunday, hoursLater(1, monday5)), told(sunday, hoursLater(24, monday5))]).toEqual([
    'duty asha',
    'nobody',
    'nobody',
  ]);
});

test('for who has days off the deputy is told, and the deputy of a deputy who is away too', () => {
  const asha = member('asha', { leave: away, deputy: 'bina' });
  const bina = member('bina', { scopes: ['goa'] });
  expect(told([asha, bina])).toBe('deputy bina');
  expect(told([asha, { ...bina, leave: away, deputy: 'chand' }, member('chand', { scopes: ['goa'] })])).toBe('deputy chand');
  expect(told([asha, bina], hoursLater(8 * 24))).toBe('duty asha');
});

test('deputies in a ring who are all away, and days off without a deputy, fall through to the state', () => {
  const ring = [member('asha', { leave: away, deputy: 'bina' }), member('bina', { leave: away, deputy: 'asha' })];
  const state = member('chand', { roles: ['state'], scopes: ['ladakh'] });
  expect([told(ring), told([...ring, state])]).toEqual(['nobody', 'state chand']);
  expect(told([member('asha', { leave: away }), state])).toBe('state chand');
});

test('nobody on duty: the deputy, then the state, then central', () => {
  const asha = member('asha', { duty: night, deputy: 'bina' });
  const bina = member('bina', { scopes: ['goa'] });
  const chand = member('chand', { roles: ['state'], scopes: ['ladakh'] });
  const devi = member('devi', { roles: ['central'], scopes: [''] });
  expect(told([asha, bina, chand, devi])).toBe('deputy bina');
  expect(told([asha, { ...bina, duty: night }, chand, devi])).toBe('state chand');
  expect(told([asha, { ...chand, duty: night }, devi])).toBe('central devi');
  expect(told([asha, { ...devi, duty: night }])).toBe('nobody');
});

test('whoever took over a shift is told in any hours of their own, until it ends; with days off it is the deputy', () => {
  const until = hoursLater(6.5);
  const asha = member('asha', { duty: day, relief: { by: 'bina', until }, deputy: 'chand' });
  const [bina, chand] = [member('bina', { duty: night, scopes: ['goa'] }), member('chand', { scopes: ['goa'] })];
  expect([told([asha, bina, chand]), told([asha, bina, chand], until)]).toEqual(['deputy bina', 'deputy chand']);
  expect(told([asha, { ...bina, duty: null, leave: away }, chand])).toBe('deputy chand');
  expect(told([asha, chand])).toBe('deputy chand');
  expect(told([asha, bina, chand], hoursLater(24))).toBe('duty asha');
});

test('a shift ends with its hours, also of a night that began yesterday; without hours after twelve', () => {
  const ends = (duty: DayHours[] | null, now: number) => shiftEndsAt({ duty, zone: 'Asia/Kolkata' }, now);
  expect([ends(day, wednesday), ends(night, wednesday), ends(null, wednesday)]).toEqual([hoursLater(6.5), null, hoursLater(12)]);
  // 21:30 on Wednesday, and 06:30 on Thursday, of a night that ends at nine.
  expect([ends(night, hoursLater(10)), ends(night, hoursLater(19))]).toEqual([hoursLater(21.5), hoursLater(21.5)]);
});

test('of 2,000 random rosters nobody outside scope and duty is told but for whom they stand in, and nobody is told only where nobody is there', () => {
  const counted: Record<string, number> = {};
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = randomFrom(seed);
    const members = randomMembers(random);
    const moment = momentAt(hoursLater(random.below(14 * 24)));
    const to = [random.pick(['technician', 'state', 'block-7', 'p0', 'central'])];
    const { persons, by } = toldFor(createBook(members, groupsOfRoom), { to, scope, moment });
    counted[by] = (counted[by] ?? 0) + 1;
    const isFor = (one: Member) =>
      one.scopes.some((path) => ['', 'group:magadh'].includes(path) || `${scope}/`.startsWith(`${path}/`)) || to.includes(one.id);
    // Whose place they may take: themselves, and whoever leads to them by deputies.
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
