import { expect, it } from 'vitest';
import { createClimate } from './figures.ts';
import { tree } from './tree.test-helper.ts';

const base = { 'proc/stat': 'cpu  100 0 50 800 50 0 0 0 0 0\n', 'proc/uptime': '90.5 100\n' };
const monitor = (at: number, files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`sys/class/hwmon/hwmon${at}/${name}`, `${text}\n`]));
const read = (entries: Record<string, string>) => createClimate(tree({ ...base, ...entries }))();

it('the sensor list classifies temperature sensors by driver or label, and skips inputs that may have no sensor', async () => {
  const { sensors, humidityRatio } = await read({
    ...monitor(0, { name: 'coretemp', temp1_input: '41000', temp1_label: 'Package id 0' }),
    ...monitor(1, { name: 'nvme', temp1_input: '-3850', temp1_label: 'Composite' }),
    ...monitor(2, { name: 'nct6775', temp1_input: '21000', temp1_label: 'SYSTIN', temp3_input: '-62000', temp3_label: 'AUXTIN0' }),
    ...monitor(3, { name: 'dell_smm', temp1_input: '18000', temp1_label: 'Ambient', temp2_input: '77000', temp2_label: 'GPU' }),
    ...monitor(4, { name: 'acpitz', temp1_input: '0' }),
  });
  expect(sensors).toEqual([
    { kind: 'processor', celsius: 41 },
    { kind: 'disk', celsius: -3.85 },
    { kind: 'board', celsius: 21 },
    { kind: 'room', celsius: 18 },
  ]);
  expect(humidityRatio).toBeNull();
});

it('the sensor list reads the thermal zone of the processor only if no processor driver is loaded', async () => {
  const zone = { 'sys/class/thermal/thermal_zone0/type': 'x86_pkg_temp\n', 'sys/class/thermal/thermal_zone0/temp': '52000\n' };
  expect((await read(zone)).sensors).toEqual([{ kind: 'processor', celsius: 52 }]);
  const driver = monitor(0, { name: 'k10temp', temp1_input: '41000' });
  expect((await read({ ...zone, ...driver })).sensors).toEqual([{ kind: 'processor', celsius: 41 }]);
});
