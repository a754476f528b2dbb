import { expect, test } from 'vitest';
import { limitLines } from './limits-text.ts';

test('the text of the climate limits states every limit and its reason for the elevation of Leh', () => {
  expect(limitLines(3_500, 'en')).toEqual([
    'Limits at 3,500 m',
    '  Air: 0.863 kg/m³, 70 % of sea level',
    '  Room: at most 26.3 °C (35 °C less 8.7 °C: 1 °C for each 300 m above 900 m)',
    '  Warmth: 20 °C above the room at sea level are 28.4 °C here; a fault is 1.25 times what is usual for this PC',
    '  Cold: below 5 °C is a fault; below 0 °C do not switch the PC on before the room has 10 °C',
    '  Batteries: no charging below 0 °C',
    '  Humidity: below 20 % sparks may jump',
    '  Hard disks: made for up to 3,048 m only, use an SSD here',
  ]);
});
