import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createFigures } from './figures.ts';

const base = {
  'proc/stat': 'cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1 1',
  'proc/uptime': '3600.50 7000.00',
  'proc/meminfo': 'MemTotal:       8000 kB\nMemFree:         100 kB\nMemAvailable:   2000 kB',
};

function tree(entries: Record<string, string>): { root: string; put: (path: string, text: string) => void } {
  const root = scratch();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  for (const [path, text] of Object.entries({ ...base, ...entries })) put(path, text);
  return { root, put };
}

it('the reader of PC figures returns uptime, memory and disk use, and from the second call on the load', async () => {
  const { root, put } = tree({});
  const figures = createFigures(root);
  const first = await figures();
  expect(first).toMatchObject({ uptimeSeconds: 3600.5, loadRatio: null, memoryUsedRatio: 0.75, temperatureCelsius: null });
  expect(first.diskUsedRatio).toBeGreaterThan(0);
  expect(first.diskUsedRatio).toBeLessThanOrEqual(1);
  put('proc/stat', 'cpu  160 0 70 810 60 0 0 0 0 0');
  expect((await figures()).loadRatio).toBeCloseTo(0.8);
  expect((await figures()).loadRatio).toBeNull();
});

it('the reader of PC figures returns the hottest temperature with the limit from the firmware, and skips broken sensors', async () => {
  const { root } = tree({
    'sys/class/thermal/thermal_zone0/temp': '27800',
    'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical',
    'sys/class/thermal/thermal_zone0/trip_point_0_temp': '105000',
    'sys/class/thermal/cooling_device0/temp': '99000',
    'sys/class/hwmon/hwmon0/temp1_input': '71000',
    'sys/class/hwmon/hwmon0/temp1_crit': '90000',
    'sys/class/hwmon/hwmon1/temp1_input': '-128000',
    'sys/class/hwmon/hwmon1/temp2_input': '255000',
    'sys/class/hwmon/hwmon1/temp3_input': 'garbage',
  });
  expect(await createFigures(root)()).toMatchObject({ temperatureCelsius: 71, temperatureLimitCelsius: 90 });
});

it('the reader of PC figures throws if a figure cannot be read', async () => {
  await expect(createFigures(scratch())()).rejects.toThrow('/proc/stat cannot be read');
  await expect(createFigures(tree({ 'proc/meminfo': 'MemTotal: x' }).root)()).rejects.toThrow('/proc/meminfo cannot be read');
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-figures-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
