/** What is seen of one site, and what that says: exactly at the border, on either side of it, and where there is one PC or none. */
import { expect, test } from 'vitest';
import { usualNumbers as numbers } from './numbers.ts';
import { downOf, isOnBattery, isStillDown, isSurelyDown, mayBeWhole, type SiteSight } from './sight.ts';

const minute = 60_000;
const now = 100 * minute;

type Seen = Partial<SiteSight> & { lostAt?: readonly number[]; isSilent?: boolean };

function sight({ lostAt = [], isSilent = true, ...seen }: Seen): SiteSight {
  const lost = lostAt.map((at, index) => ({ pc: `bihar/gaya/pc-${index + 1}`, from: at - minute, at, isSilent }));
  return {
    site: 'bihar/gaya',
    regions: [],
    expected: lost.length,
    watched: lost.length,
    lost,
    away: lost.length,
    onBattery: 0,
    heard: [],
    ...seen,
  };
}
const times = (count: number, at = now) => Array.from({ length: count }, () => at);

test.each([
  ['four of five: exactly 80 %', { lostAt: times(4), expected: 5 }, 4],
  ['eight of ten: exactly 80 %', { lostAt: times(8), expected: 10 }, 8],
  ['four of five, the first just in time', { lostAt: [now - numbers.withinMs, ...times(3)], expected: 5 }, 4],
  ['three of four that were there: one had gone long before', { lostAt: [now - numbers.withinMs - 1, ...times(3)], expected: 5 }, null],
  ['all that were left: one had gone long before', { lostAt: [now - 30 * minute, ...times(2)], expected: 3 }, 2],
  ['longer than an hour ago', { lostAt: times(3, now - numbers.longAgoMs - 1) }, null],
] as const)('a site that lost %s', (_, seen, pcs) => {
  expect(downOf(sight(seen), numbers, now)?.pcs ?? null).toBe(pcs);
});

test.each([
  ['just before the silent one was gone', 0, true],
  ['after the silent one was gone', 1, false],
])('a site whose other PC was last heard %s is dark at once or not yet', (_, afterMs, isDark) => {
  const gone = { pc: 'bihar/gaya/pc-1', from: now - 3 * minute, at: now - 2 * minute, isSilent: true };
  const other = { pc: 'bihar/gaya/pc-2', from: gone.at + afterMs, at: now, isSilent: false };
  const seen = { ...sight({ lostAt: [gone.at, now] }), lost: [gone, other] };
  expect(isSurelyDown(seen, numbers)).toBe(isDark);
  expect(isSurelyDown({ ...seen, lost: [gone, { ...other, isSilent: true }] }, numbers)).toBe(true);
});

test.each([
  ['four of five are away', { away: 4, watched: 5 }, true],
  ['three of four are away', { away: 3, watched: 4 }, false],
  ['its only PC is away', { away: 1, watched: 1 }, true],
  ['nobody is watched any more', { away: 0, watched: 0 }, false],
] as const)('a site that went is still down while %s', (_, seen, isDown) => {
  expect(isStillDown(sight(seen), numbers)).toBe(isDown);
});

test.each([
  ['two of two', { onBattery: 2, expected: 2 }, true],
  ['four of five: exactly 80 %', { onBattery: 4, expected: 5 }, true],
  ['three of four', { onBattery: 3, expected: 4 }, false],
  ['its only PC, which tells it itself', { onBattery: 1, expected: 1 }, false],
  ['two of two, of whom more went without a word of it', { onBattery: 2, expected: 2, away: 5 }, false],
  ['two of two, of whom as many went without a word of it', { onBattery: 2, expected: 2, away: 4 }, true],
] as const)('the power of a site, where on battery are %s', (_, seen, isPower) => {
  expect(isOnBattery(sight(seen), numbers)).toBe(isPower);
});

test.each([
  ['the other was not heard since', { lostAt: times(1), expected: 2, heard: [now - 1] }, true],
  ['the other was heard in that moment', { lostAt: times(1), expected: 2, heard: [now] }, false],
  ['three of five may have gone, too few', { lostAt: times(1), expected: 5, heard: [now - 1, now - 1, now, now] }, false],
  ['four of five may have gone', { lostAt: times(2), expected: 5, heard: [now - 1, now - 1, now] }, true],
  ['it is the only one', { lostAt: times(1), expected: 1, heard: [] }, false],
])('a loss may be the whole site where %s', (_, seen, may) => {
  expect(mayBeWhole(sight(seen), now, numbers)).toBe(may);
});
