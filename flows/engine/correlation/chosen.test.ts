import { expect, test } from 'vitest';
import { defaultNumbers, readDialogNumbers } from './numbers.ts';

const usual = { siteShare: '80', regionShare: '30', regionSites: '3', within: '5', spreadRooms: '5', spreadWithin: '60' };

test('the default values of the dialog of the *correlate* node equal the default thresholds', () => {
  const read = readDialogNumbers(usual);
  expect(
    read.ok &&
      Object.entries(read.numbers).filter(([key, value]) => Math.abs(value - defaultNumbers[key as keyof typeof defaultNumbers]) > 1e-9),
  ).toEqual([]);
});

test('a value that a user enters in the *correlate* dialog replaces only the default of that threshold', () => {
  expect(readDialogNumbers({ ...usual, regionSites: '4', within: '10' })).toMatchObject({
    ok: true,
    numbers: { regionSites: 4, withinMs: 600_000, planeShare: defaultNumbers.planeShare },
  });
});

test.each([
  ['siteShare', '49', '"siteShare" is a number of percent of the PCs of a site from 50 to 100'],
  ['regionSites', '2.5', '"regionSites" is a number of sites from 2 to 50'],
  ['within', '', '"within" is a number of minutes from 1 to 30'],
  ['spreadRooms', 'many', '"spreadRooms" is a number of rooms from 3 to 100'],
])(
  'readDialogNumbers rejects the threshold %s with the value %j, and returns one line that names the allowed range',
  (name, value, line) => {
    expect(readDialogNumbers({ ...usual, [name]: value })).toEqual({ ok: false, line });
  },
);
