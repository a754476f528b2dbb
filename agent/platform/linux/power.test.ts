import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readPower } from './power.ts';

type Supplies = Record<string, Record<string, string>>;

/** Answers of a PC whose /sys holds these power supplies. */
async function ask(supplies: Supplies) {
  const root = mkdtempSync(join(tmpdir(), 'sabha-power-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, files] of Object.entries(supplies)) {
    const folder = join(root, 'sys/class/power_supply', name);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), `${text}\n`);
  }
  return readPower(root);
}
const mains = (online: string) => ({ type: 'Mains', online });
const battery = (capacity: string, status = 'Discharging') => ({ type: 'Battery', present: '1', capacity, status });
const none = { onMains: null, batteryChargeRatio: null };

it('says mains or battery, and how full it is', async () => {
  expect(await ask({ AC: mains('1'), BAT0: battery('97', 'Charging') })).toEqual({ onMains: true, batteryChargeRatio: 0.97 });
  expect(await ask({ AC: mains('0'), BAT0: battery('41') })).toEqual({ onMains: false, batteryChargeRatio: 0.41 });
});

it('counts power by USB as mains', async () => {
  const usb = (online: string) => ({ type: 'USB', online });
  expect(await ask({ 'ucsi-1': usb('0'), 'ucsi-2': usb('1'), BAT0: battery('50') })).toMatchObject({ onMains: true });
});

it('gives the mean of several batteries, and passes over an empty bay', async () => {
  const supplies = { AC: mains('0'), BAT0: battery('80'), BAT1: battery('20', 'Unknown'), BAT2: { ...battery('0'), present: '0' } };
  expect(await ask(supplies)).toEqual({ onMains: false, batteryChargeRatio: 0.5 });
});

it('goes by the battery where no mains supply is shown', async () => {
  expect(await ask({ BAT0: battery('50') })).toMatchObject({ onMains: false });
  expect(await ask({ BAT0: battery('100', 'Full') })).toMatchObject({ onMains: true });
});

it('says nothing of a PC without a battery, nor by the battery of a mouse or one that cannot be read', async () => {
  expect(await ask({})).toEqual(none);
  expect(await ask({ AC: mains('1') })).toEqual(none);
  expect(await ask({ AC: mains('1'), mouse: { ...battery('12'), scope: 'Device' } })).toEqual(none);
  expect(await ask({ AC: mains('1'), BAT0: { type: 'Battery', capacity: 'x' } })).toEqual(none);
});

it('keeps a charge that the firmware counts above full within 0 to 1', async () => {
  expect(await ask({ AC: mains('1'), BAT0: battery('104', 'Full') })).toMatchObject({ batteryChargeRatio: 1 });
});
