import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readPower } from './power.ts';

type Supplies = Record<string, Record<string, string>>;

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
const none = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };

it('the power reader reports mains or battery, and the charge', async () => {
  expect(await ask({ AC: mains('1'), BAT0: battery('97', 'Charging') })).toMatchObject({
    onMains: true,
    batteryChargeRatio: 0.97,
    isCharging: true,
  });
  expect(await ask({ AC: mains('0'), BAT0: battery('41') })).toMatchObject({ onMains: false, batteryChargeRatio: 0.41, isCharging: false });
});

it('the power reader returns null without a battery, and ignores the battery of a mouse and an unreadable one', async () => {
  expect(await ask({})).toEqual(none);
  expect(await ask({ AC: mains('1') })).toEqual(none);
  expect(await ask({ AC: mains('1'), mouse: { ...battery('12'), scope: 'Device' } })).toEqual(none);
  expect(await ask({ AC: mains('1'), BAT0: { type: 'Battery', capacity: 'x' } })).toEqual(none);
});

it('the power reader computes the runtime from energy or charge and its rate, only while discharging', async () => {
  const energy = { energy_now: '30000000', power_now: '15000000' };
  const charge = { charge_now: '2000000', current_now: '-4000000' };
  const BAT0 = { ...battery('60'), ...energy };
  expect(await ask({ AC: mains('0'), BAT0 })).toMatchObject({ runtimeMs: 7_200_000 });
  expect(await ask({ AC: mains('0'), BAT0, BAT1: { ...battery('60'), ...charge } })).toMatchObject({ runtimeMs: 9_000_000 });
  expect(await ask({ AC: mains('1'), BAT0: { ...BAT0, status: 'Charging' } })).toMatchObject({ runtimeMs: null });
  expect(await ask({ AC: mains('0'), BAT0: { ...battery('60'), energy_now: '1', power_now: '0' } })).toMatchObject({ runtimeMs: null });
});

it('the power reader reads the coldest battery temperature, and ignores the values of firmware without a sensor', async () => {
  const warm = { ...battery('60'), temp: '251' };
  expect(await ask({ BAT0: warm, BAT1: { ...battery('60'), temp: '-45' } })).toMatchObject({ batteryCelsius: -4.5 });
  expect(await ask({ BAT0: { ...battery('60'), temp: '0' } })).toMatchObject({ batteryCelsius: null });
  expect(await ask({ BAT0: { ...battery('60'), temp: '-2731' } })).toMatchObject({ batteryCelsius: null });
});
