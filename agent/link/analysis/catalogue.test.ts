import { expect, test } from 'vitest';
import { altitudeCatalogue, maxAltitudeOf } from './climate.ts';

test('a device is known by maker and model, and one that is not stays unknown', () => {
  expect(maxAltitudeOf('Dell Inc. OptiPlex 7010')).toBe(3_048);
  expect(maxAltitudeOf('DELL INC OPTIPLEX 3080')).toBe(3_048);
  expect(maxAltitudeOf('Apple Inc. iMac7,1')).toBe(3_048);
  for (const name of ['Dell Inc. Latitude 7424 Rugged Extreme', 'Apple Inc. iMac21,1', 'OptiPlex', 'Logitech Rally', ''])
    expect(maxAltitudeOf(name)).toBeUndefined();
});

test('each row has a source and a height that is one', () => {
  for (const { source, maxAltitudeM } of altitudeCatalogue) {
    expect(source.length).toBeGreaterThan(20);
    expect(maxAltitudeM).toBeGreaterThan(0);
    expect(maxAltitudeM).toBeLessThan(9_000);
  }
});
