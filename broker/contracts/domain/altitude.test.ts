import { expect, test } from 'vitest';
import { airAt, deratingCelsius, hardDiskLimitM, ratedRoomCelsius, riseFactor, roomLimitCelsius } from './altitude.ts';

test.each([
  [0, 1013.25, 1.225, 1, 0, 1],
  [900, 909.7, 1.1226, 0.916, 0, 1.091],
  [1_500, 845.6, 1.0581, 0.864, 2, 1.158],
  [hardDiskLimitM, 696.8, 0.9046, 0.738, 7.16, 1.354],
  [3_500, 657.6, 0.8632, 0.705, 8.67, 1.419],
  [4_500, 577.3, 0.7768, 0.634, 12, 1.577],
])('at %i m the air has the values of the standard tables', (elevationM, hectopascal, density, ratio, derating, rise) => {
  const air = airAt(elevationM);
  expect(air.pascal / 100).toBeCloseTo(hectopascal, 1);
  expect(air.density).toBeCloseTo(density, 4);
  expect(air.ratio).toBeCloseTo(ratio, 3);
  expect(air.celsius).toBeCloseTo(15 - 0.0065 * elevationM, 9);
  expect(deratingCelsius(elevationM)).toBeCloseTo(derating, 2);
  expect(riseFactor(elevationM)).toBeCloseTo(rise, 3);
});

test('the room limit falls from 35 °C to 26.3 °C and from 40 °C to 31.3 °C in Leh, and not below 900 m', () => {
  expect(roomLimitCelsius(3_500)).toBeCloseTo(26.33, 2);
  expect(roomLimitCelsius(3_500, 40)).toBeCloseTo(31.33, 2);
  expect(roomLimitCelsius(200)).toBe(ratedRoomCelsius);
  expect(roomLimitCelsius(-400)).toBe(ratedRoomCelsius);
});

test('the temperature rise at sea level is the reference 1', () => {
  expect(riseFactor(0)).toBe(1);
});
