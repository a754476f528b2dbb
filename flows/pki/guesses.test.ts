import { expect, test } from 'vitest';
import { testClock } from '../notify/people/people.test-helper.ts';
import { createGuesses } from './guesses.ts';

const minuteMs = 60_000;

function open() {
  const clock = testClock();
  const alarms: string[] = [];
  const sites: (string | null)[] = [];
  const onAlarm = (address: string, site: string | null) => {
    alarms.push(address);
    sites.push(site);
  };
  return { clock, alarms, sites, guesses: createGuesses({ clock, onAlarm }) };
}

test('S2 five failures within ten minutes are an alarm, wherever they come from; the same over a longer time are none', async () => {
  const { clock, guesses, alarms } = open();
  for (let n = 0; n < 4; n++) guesses.failed(`10.0.0.${n}`);
  await clock.pass(10 * minuteMs);
  guesses.failed('10.0.0.5');
  expect(alarms).toEqual([]);
  for (let n = 6; n < 10; n++) guesses.failed(`10.0.0.${n}`);
  expect(alarms).toEqual(['10.0.0.9']);
});

test('of a flood from many addresses sixty failures a minute are written down', async () => {
  const { clock, guesses } = open();
  const noted = Array.from({ length: 20_000 }, (_, n) => guesses.failed(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`));
  expect(noted.filter((yes) => yes)).toHaveLength(60);
  await clock.pass(minuteMs);
  expect(guesses.failed('10.9.9.9')).toBe(true);
});

test('five failures of one address for one site that is waited for name that site; of two addresses, two sites or nobody known they name none', () => {
  const { sites, guesses } = open();
  const five = (of: (n: number) => [address: string, site: string | null]) => {
    for (let n = 0; n < 5; n++) guesses.failed(...of(n));
  };
  five(() => ['10.0.0.1', 'ladakh/leh']);
  five((n) => [`10.0.0.${n}`, 'ladakh/leh']);
  five((n) => ['10.0.0.1', n === 2 ? 'ladakh/kargil' : 'ladakh/leh']);
  five((n) => ['10.0.0.1', n === 0 ? null : 'ladakh/leh']);
  five(() => ['10.0.0.1', null]);
  expect(sites).toEqual(['ladakh/leh', null, null, null, null]);
});
