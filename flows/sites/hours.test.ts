import { expect, test } from 'vitest';
import { clockText, hoursOf, hoursText, minutesOf } from './hours.ts';

test.each(['Mon-Fri 09:30-18:00', 'Mon-Fri 09:30-18:00; Sat 10:00-13:00', 'Mon,Wed 10:00-11:00', 'Mon-Sun 00:00-24:00'])(
  'the hours "%s" are equal after reading and writing',
  (text) => {
    expect(hoursText(hoursOf(text) ?? [])).toBe(text);
  },
);

test('hours are read with any spaces and letter case', () => {
  expect(hoursOf('mon - FRI 09:30 - 18:00')).toEqual([{ days: [1, 2, 3, 4, 5], from: 570, to: 1_080 }]);
});

test.each(['always', 'Fri-Mon 09:00-10:00', 'Mon-Fri 18:00-09:30', 'Mon 9:30-18:00', 'Mon 09:30-25:00', 'Mon,Mon 09:00-10:00', ''])(
  'the hours "%s" are refused',
  (text) => expect(hoursOf(text)).toBeUndefined(),
);

test('a closing time is accepted only as a time of day', () => {
  expect([minutesOf('18:30'), minutesOf('6:30 pm'), minutesOf('24:00')]).toEqual([1_110, undefined, undefined]);
  expect(clockText(1_110)).toBe('18:30');
});
