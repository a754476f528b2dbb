import { expect, it } from 'vitest';
import type { UpsAnswer } from '../../link/net/nut.ts';
import type { PowerFigures } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createPowerProbe } from './power.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const profile = { link: 'fibre', elevationM: 0, expected: {} } as const;
const desktop: PowerFigures = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };
const laptop: PowerFigures = { ...desktop, onMains: true, batteryChargeRatio: 0.9 };
const says = (variables: Record<string, string>): UpsAnswer => ({ known: true, variables: new Map(Object.entries(variables)) });

async function ask(pc: PowerFigures, ups?: UpsAnswer) {
  const platform = { ...createUnsupported(), power: async () => pc };
  const asked: string[] = [];
  const probe = createPowerProbe(async ({ name, host, port }) => {
    asked.push(`${name}@${host}:${port}`);
    return ups ?? { known: false, lost: false, reason: 'nobody is to ask' };
  });
  const named = ups === undefined ? profile : { ...profile, ups: { name: 'room', host: 'localhost', port: 3493 } };
  const result = await probe.run({ platform, profile: named, self, signal: AbortSignal.timeout(1_000) });
  const lines = result.checks.map(({ device, status, fault, reason }) => [device, fault ?? status, reason].filter(Boolean).join(' '));
  return { ...result, lines, asked };
}

it('a PC without battery and UPS has no power checks, and no UPS is read', async () => {
  expect(await ask(desktop)).toMatchObject({ checks: [], numbers: {}, asked: [], power: { onMains: null, isEnding: false } });
});

it('the power probe reports mains and battery of a laptop, and runs every 5 s on battery', async () => {
  const well = await ask(laptop);
  expect(well.lines).toEqual(['mains ok', 'battery ok']);
  expect(well).toMatchObject({ numbers: { ac: 1, bat: 0.9 }, power: { onMains: true, isEnding: false } });
  expect(well.nextRunMs).toBeUndefined();
  const away = await ask({ ...laptop, onMains: false, runtimeMs: 3_600_000 });
  expect(away.lines).toEqual(['mains power.on_battery', 'battery ok']);
  expect(away).toMatchObject({ nextRunMs: 5_000, numbers: { ac: 0 }, power: { onMains: false, isEnding: false, runtimeMs: 3_600_000 } });
});

it.each([
  [{ batteryChargeRatio: 0.05 }, true],
  [{ batteryChargeRatio: 0.06 }, false],
  [{ runtimeMs: 119_999 }, true],
  [{ onMains: true, batteryChargeRatio: 0.02 }, false],
])('the power probe reports for a laptop with %j whether its battery is about to end: %s', async (figures, isEnding) => {
  const { lines, power } = await ask({ ...laptop, onMains: false, batteryChargeRatio: 0.5, ...figures });
  expect(power?.isEnding).toBe(isEnding);
  expect(lines[1]).toBe(isEnding ? 'battery power.battery_low' : 'battery ok');
});

it('the power probe reports the UPS that the profile names, with its numbers', async () => {
  const { lines, numbers, asked, nextRunMs } = await ask(
    desktop,
    says({ 'ups.status': 'OL', 'battery.charge': '100', 'battery.runtime': '1800' }),
  );
  expect(lines).toEqual(['mains ok', 'ups ok']);
  expect(numbers).toEqual({ ac: 1, uc: 1, ur: 1_800 });
  expect(asked).toEqual(['room@localhost:3493']);
  expect(nextRunMs).toBeUndefined();
});

it.each([
  ['OB', '600', 'ups ok', false],
  ['OB', '119', 'ups power.battery_low', true],
  ['OB LB', '600', 'ups power.battery_low', true],
  ['OL RB', '600', 'ups power.ups_replace', false],
  ['OB LB RB', '60', 'ups power.battery_low', true],
])('the power probe rates a UPS with status %s and %s s of runtime as "%s"', async (status, runtime, line, isEnding) => {
  const { lines, power } = await ask(desktop, says({ 'ups.status': status, 'battery.runtime': runtime }));
  expect(lines[1]).toBe(line);
  expect(lines[0]).toBe(status.includes('OB') ? 'mains power.on_battery' : 'mains ok');
  expect(power).toMatchObject({ isEnding, onMains: !status.includes('OB'), ...(isEnding && { runtimeMs: Number(runtime) * 1_000 }) });
});

it('the power probe reports a fault if upsd has lost the UPS, unknown if upsd is silent, and the mains as unknown in both cases', async () => {
  const lost = await ask(desktop, { known: false, lost: true, reason: 'the UPS no longer reports its state' });
  expect(lost.lines).toEqual([
    'mains unknown the UPS no longer reports its state',
    'ups power.ups_lost the UPS no longer reports its state',
  ]);
  const silent = await ask(laptop, { known: false, lost: false, reason: 'upsd does not answer' });
  expect(silent.lines).toEqual(['mains unknown upsd does not answer', 'battery ok', 'ups unknown upsd does not answer']);
  expect(silent.power?.onMains).toBeNull();
  const waiting = await ask(desktop, says({ 'ups.status': 'WAIT' }));
  expect(waiting.lines).toEqual(['mains unknown the UPS does not report its state', 'ups unknown the UPS does not report its state']);
});
