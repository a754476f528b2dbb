import { expect, it } from 'vitest';
import type { PcFigures } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createPcProbe } from './pc.ts';

const well: PcFigures = {
  uptimeSeconds: 60,
  loadRatio: 0.1,
  memoryUsedRatio: 0.5,
  diskUsedRatio: 0.5,
  temperatureCelsius: 50,
  temperatureLimitCelsius: 100,
};
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

function ask(figures: Partial<PcFigures>) {
  const platform = { ...createUnsupported(), figures: async () => ({ ...well, ...figures }) };
  return createPcProbe().run({
    platform,
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    self,
    signal: AbortSignal.timeout(1_000),
  });
}
const faults = async (figures: Partial<PcFigures>) =>
  (await ask(figures)).checks.flatMap((one) => (one.fault ? [`${one.device}: ${one.fault}`] : []));

it('the PC probe reports each part of a healthy PC as ok, with its numbers', async () => {
  const { checks, numbers } = await ask({});
  expect(checks.map(({ device, status }) => `${device} ${status}`)).toEqual(['processor ok', 'memory ok', 'disk ok', 'temperature ok']);
  expect(numbers).toEqual({ up: 60, load: 0.1, mem: 0.5, disk: 0.5, temp: 50 });
});

it('the PC probe reports a fault above each limit and none at the limit', async () => {
  expect(await faults({ loadRatio: 0.9, memoryUsedRatio: 0.95, diskUsedRatio: 0.9, temperatureCelsius: 94.9 })).toEqual([]);
  expect(await faults({ loadRatio: 0.91 })).toEqual(['processor: pc.load_high']);
  expect(await faults({ memoryUsedRatio: 0.96 })).toEqual(['memory: pc.memory_low']);
  expect(await faults({ diskUsedRatio: 0.91 })).toEqual(['disk: pc.disk_full']);
});

it('the PC probe reports pc.hot 5 degrees below the limit of the sensor, or at 95 degrees without a limit', async () => {
  expect(await faults({ temperatureCelsius: 80, temperatureLimitCelsius: 85 })).toEqual(['temperature: pc.hot']);
  expect(await faults({ temperatureCelsius: 79, temperatureLimitCelsius: 85 })).toEqual([]);
  expect(await faults({ temperatureCelsius: 95, temperatureLimitCelsius: null })).toEqual(['temperature: pc.hot']);
  expect(await faults({ temperatureCelsius: 94, temperatureLimitCelsius: null })).toEqual([]);
});
