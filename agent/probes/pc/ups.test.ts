import { expect, test } from 'vitest';
import { upsOf } from './ups.ts';

const ups = (variables: Record<string, string>) => upsOf({ known: true, variables: new Map(Object.entries(variables)) });

test('the UPS reader reads charge, runtime, temperatures and humidity in base units', () => {
  const said = {
    'battery.charge': '87',
    'battery.runtime': '1830',
    'ups.temperature': '31.4',
    'ambient.temperature': '18',
    'ambient.humidity': '25',
  };
  expect(ups({ 'ups.status': 'OL CHRG', ...said })).toMatchObject({
    onBattery: false,
    isCharging: true,
    batteryLow: false,
    chargeRatio: 0.87,
    saidRuntimeMs: 1_830_000,
    caseCelsius: 31.4,
    room: { celsius: 18, humidityRatio: 0.25 },
  });
});

test.each([
  ['OB DISCHRG', true, false],
  ['ALARM OB', true, false],
  ['FSD OL', true, true],
  ['WAIT', null, false],
  ['', null, false],
])('the UPS reader reads from the status "%s": on battery %s, battery low %s', (status, onBattery, batteryLow) => {
  expect(ups({ 'ups.status': status })).toMatchObject({ onBattery, batteryLow });
});

test.each([
  ['25', 'PbAc', 600_000],
  ['5', 'PbAc', 480_000],
  ['5', 'Li-Ion', 600_000],
  ['-80', 'PbAc', 0],
])(
  'the UPS reader corrects a reported runtime of 10 minutes, at %s degrees and with a %s battery, to %i ms',
  (celsius, type, runtimeMs) => {
    const said = { 'battery.runtime': '600', 'battery.temperature': celsius, 'battery.type': type };
    expect(ups(said)).toMatchObject({ saidRuntimeMs: 600_000, runtimeMs: expect.closeTo(runtimeMs, 6) });
  },
);

test('the UPS reader ignores a runtime of 0 s unless the charge is low too', () => {
  expect(ups({ 'battery.runtime': '0', 'battery.charge': '80' })).toMatchObject({ saidRuntimeMs: null, runtimeMs: null });
  expect(ups({ 'battery.runtime': '0', 'battery.charge': '8' })).toMatchObject({ saidRuntimeMs: 0, runtimeMs: 0 });
  expect(ups({ 'battery.runtime': '0' })).toMatchObject({ saidRuntimeMs: 0 });
});
