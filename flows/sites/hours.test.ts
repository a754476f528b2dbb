import { expect, test } from 'vitest';
import { hoursOf, hoursText, timeOf, timeText } from './hours.ts';

test.each(['Mon-Fri 09:30-18:00', 'Mon-Fri 09:30-18:00; Sat 10:00-13:00', 'Mon,Wed 10:00-11:00', 'Mon-Sun 00:00-24:00', 'none'])(
  'hours "%s" read back the same',
  (text) => {
    expect(hoursText(hoursOf(text))).toBe(text);
  },
);

test('spaces and capitals are as people write them', () => {
  expect(hoursOf('mon - FRI 09:30 - 18:00')).toEqual([{ days: [1, 2, 3, 4, 5], from: 570, to: 1_080 }]);
});

test.each(['always', 'Fri-Mon 09:00-10:00', 'Mon-Fri 18:00-09:30', 'Mon 9:30-18:00', 'Mon 09:30-25:00', 'Mon,Mon 09:00-10:00', ''])(
  'hours "%s" are refused',
  (text) => expect(hoursOf(text)).toBeUndefined(),
);

test('a closing time is a time of day, or none', () => {
  expect([timeOf('18:30'), timeOf('none'), timeOf('6:30 pm'), timeOf('24:00')]).toEqual([1_110, null, undefined, undefined]);
  expect([timeText(1_110), timeText(null), timeText(undefined)]).toEqual(['18:30', 'none', '']);
});
