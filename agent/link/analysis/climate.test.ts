import { expect, test } from 'vitest';
import { judgeAir, judgeCharging, judgeCold, judgeRoom, limitsAt } from './climate.ts';
import type { Verdict } from './verdict.ts';

const leh = limitsAt(3_500);
const plains = limitsAt(200);
const word = (verdict: Verdict | undefined) => verdict && (verdict.fault ?? verdict.status);

test('the limits follow from the elevation alone', () => {
  expect(leh).toMatchObject({ elevationM: 3_500, ratedCelsius: 35, isTooHighForHardDisks: true });
  expect(leh.roomCelsius).toBeCloseTo(26.33, 2);
  expect(leh.riseFactor).toBeCloseTo(1.419, 3);
  expect(plains).toMatchObject({ roomCelsius: 35, deratingCelsius: 0, isTooHighForHardDisks: false });
});

test.each([
  [26.3, null, 'ok'],
  [26.4, null, 'climate.room_hot'],
  [26.3, 40, 'ok'],
  [null, 26.3, 'ok'],
  [null, 26.4, 'unknown'],
  [null, null, undefined],
])('in Leh a room of %s degrees with a UPS of %s inside is: %s', (celsius, caseCelsius, verdict) => {
  expect(word(judgeRoom(leh, { celsius, caseCelsius }))).toBe(verdict);
});

test.each([
  [0.2, 'ok', null],
  [0.19, 'climate.dry_air', null],
  [0.1, 'climate.dry_air', null],
  [0.09, 'climate.dry_air', 'drier than 10 %'],
])('humidity %s: %s %s', (humidity, verdict, reason) => {
  const judged = judgeAir(leh, humidity);
  expect([word(judged), judged?.reason]).toEqual([verdict, reason]);
});

test.each([
  [5, false, 'ok'],
  [4.9, false, 'climate.cold'],
  [-20, false, 'climate.cold'],
  [-20, true, 'climate.cold_start'],
  [8, true, 'climate.cold_start'],
])('a board of %s degrees, started frozen %s: %s', (celsius, startedFrozen, verdict) => {
  expect(word(judgeCold(leh, celsius, startedFrozen))).toBe(verdict);
});

test('a battery is not to be charged in frost: by its own sensor, or by the room where it has none', () => {
  const cell = (isCharging: boolean, celsius: number | null) => ({ isCharging, celsius });
  expect(word(judgeCharging(leh, [cell(true, -0.1)], 20))).toBe('climate.charge_cold');
  expect(word(judgeCharging(leh, [cell(true, 0)], -20))).toBe('ok');
  expect(word(judgeCharging(leh, [cell(false, -10)], null))).toBe('ok');
  expect(word(judgeCharging(leh, [cell(true, null)], -5))).toBe('climate.charge_cold');
  expect(word(judgeCharging(leh, [cell(false, 4), cell(true, -4)], null))).toBe('climate.charge_cold');
  expect(judgeCharging(leh, [cell(true, null)], null)).toBeUndefined();
  expect(judgeCharging(leh, [], -20)).toBeUndefined();
});
