import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { randomFrom } from '../../../test/random.ts';
import type { Member } from '../../engine/records/sites.ts';
import { attendanceAt, createBook } from './book.ts';
import { day, hoursLater, member, night, randomMembers, wednesday } from './roster.test-helper.ts';
import { shiftsOf } from './shifts.ts';

/** Midnight in India at the start of Wednesday, 13 January 2027. */
const midnight = Date.UTC(2027, 0, 12, 18, 30);
const at = (hours: number) => hoursLater(hours, midnight);

function shifts(one: Member, others: Member[] = [], days = 3) {
  const found = shiftsOf(createBook([one, ...others]), one, { from: midnight, to: at(24 * days), now: wednesday });
  return found.map(
    (shift) =>
      `${(shift.from - midnight) / 3_600_000}-${(shift.to - midnight) / 3_600_000}${shift.for === null ? '' : ` for ${shift.for}`}`,
  );
}

test('hours of duty become shifts in local time, also over midnight; without hours it is one shift', () => {
  expect(shifts(member('asha', { duty: day }))).toEqual(['9-18', '33-42', '57-66']);
  expect(shifts(member('asha', { duty: night }))).toEqual(['0-9', '18-33', '42-57', '66-72']);
  expect(shifts(member('asha'))).toEqual(['0-72']);
});

test('days off cut a shift at midnight, and the deputy on duty takes that part', () => {
  const asha = member('asha', { duty: night, leave: [{ from: '2027-01-14', to: '2027-01-14' }], deputy: 'bina' });
  expect(shifts(asha)).toEqual(['0-9', '18-24', '48-57', '66-72']);
  expect(shifts(member('bina', { duty: day }), [asha])).toEqual(['9-18', '33-42', '57-66']);
  expect(shifts(member('bina'), [asha])).toEqual(['0-72', '24-33 for asha', '42-48 for asha']);
});

test('a shift that another person takes over is listed for that person only', () => {
  const asha = member('asha', { duty: day, relief: { by: 'bina', until: at(18) } });
  expect(shifts(asha)).toEqual(['9-11.5', '33-42', '57-66']);
  expect(shifts(member('bina', { duty: night }), [asha])).toEqual(['0-9', '11.5-18 for asha', '18-33', '42-57', '66-72']);
});

test('shifts of random persons agree with their state in each hour', () => {
  for (let seed = 1; seed <= ofTier(60, 300); seed++) {
    const random = randomFrom(seed);
    const [one = member('asha')] = randomMembers(random);
    const own = shiftsOf(createBook([one]), one, { from: midnight, to: at(24 * 14), now: wednesday });
    for (let hour = 0; hour < 24 * 14; hour++) {
      const isOn = own.some(({ from, to }) => from <= at(hour) && at(hour) < to);
      expect(isOn, `seed ${seed}, hour ${hour}`).toBe(attendanceAt(at(hour))(one) === 'here');
    }
  }
});
