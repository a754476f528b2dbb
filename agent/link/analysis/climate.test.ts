import { expect, test } from 'vitest';
import { judgeRoom, limitsAt } from './climate.ts';
import type { Verdict } from './verdict.ts';

const leh = limitsAt(3_500);
const plains = limitsAt(200);
const word = (verdict: Verdict | undefined) => verdict && (verdict.fault ?? verdict.status);

test('limitsAt derives all climate limits from the elevation', () => {
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
])('judgeRoom judges a room in Leh with %s °C at its sensor and %s °C inside a UPS as: %s', (celsius, caseCelsius, verdict) => {
  expect(word(judgeRoom(leh, { celsius, caseCelsius }))).toBe(verdict);
});
