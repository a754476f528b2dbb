/** How warm the parts of the PC are, and the air around it, by /sys/class/hwmon and the thermal zones. */
import { join } from 'node:path';
import type { ClimateFigures, Sensor } from '../platform.ts';
import { createLoadMeter } from './figures.ts';
import { readNames, readNumber, readText, required } from './files.ts';

/** Drivers that measure one kind of thing, whatever their sensors are called. */
const drivers: readonly (readonly [RegExp, Sensor['kind']])[] = [
  [/^(coretemp|k10temp|zenpower|cpu_thermal|x86_pkg_temp)$/, 'processor'],
  [/^(nvme|drivetemp)$/, 'disk'],
  [/^(acpitz|jc42|spd5118|pch_.*)$/, 'board'],
];
/** Of all other drivers only what names its place is taken: the rest are often inputs to which nothing is connected. */
const labels: readonly (readonly [RegExp, Sensor['kind']])[] = [
  [/\b(ambient|room)\b/i, 'room'],
  [/^(systin|system|motherboard|mb|board)\b/i, 'board'],
];
/** What is said beyond these, and exactly 0, is an input without a sensor. */
const believedCelsius = { least: -50, most: 125 };

/** Reads the sensors of the PC; each call gives the load since the one before. */
export function createClimate(root: string): () => Promise<ClimateFigures> {
  const load = createLoadMeter(root);
  return async () => {
    const loadRatio = await load();
    const monitors = await hardwareMonitors(root);
    const processor = monitors.sensors.some(({ kind }) => kind === 'processor') ? [] : await thermalZones(root);
    return {
      uptimeSeconds: Number.parseFloat(await required(root, 'proc/uptime')),
      loadRatio,
      sensors: [...monitors.sensors, ...processor],
      humidityRatio: monitors.humidityRatio,
    };
  };
}

type Air = Pick<ClimateFigures, 'sensors' | 'humidityRatio'>;

async function hardwareMonitors(root: string): Promise<Air> {
  const folder = join(root, 'sys/class/hwmon');
  const found: Air[] = [];
  for (const monitor of (await readNames(folder)) ?? []) found.push(await readMonitor(join(folder, monitor)));
  return {
    sensors: found.flatMap(({ sensors }) => sensors),
    humidityRatio: found.find(({ humidityRatio }) => humidityRatio !== null)?.humidityRatio ?? null,
  };
}

async function readMonitor(folder: string): Promise<Air> {
  const files = (await readNames(folder)) ?? [];
  const driver = (await readText(join(folder, 'name'))) ?? '';
  const humid = files.find((one) => /^humidity\d+_input$/.test(one));
  const sensors: Sensor[] = [];
  for (const file of files.filter((one) => /^temp\d+_input$/.test(one))) {
    const label = await readText(join(folder, file.replace('_input', '_label')));
    // What measures the humidity too stands in the air of the room.
    const kind = humid ? 'room' : kindOf(driver, label ?? '');
    if (kind) sensors.push(...believed(kind, await readNumber(join(folder, file))));
  }
  return { sensors, humidityRatio: humid ? ratioOf(await readNumber(join(folder, humid))) : null };
}

/** Where no driver of the processor is loaded, its zone says it. */
async function thermalZones(root: string): Promise<Sensor[]> {
  const folder = join(root, 'sys/class/thermal');
  const sensors: Sensor[] = [];
  for (const zone of (await readNames(folder)) ?? []) {
    const type = (await readText(join(folder, zone, 'type'))) ?? '';
    if (kindOf(type, '') === 'processor') sensors.push(...believed('processor', await readNumber(join(folder, zone, 'temp'))));
  }
  return sensors;
}

function kindOf(driver: string, label: string): Sensor['kind'] | undefined {
  const byDriver = drivers.find(([pattern]) => pattern.test(driver));
  return (byDriver ?? labels.find(([pattern]) => pattern.test(label)))?.[1];
}

/** The kernel counts in thousandths of a degree. */
function believed(kind: Sensor['kind'], milli: number | undefined): Sensor[] {
  const celsius = (milli ?? 0) / 1_000;
  return celsius !== 0 && celsius >= believedCelsius.least && celsius <= believedCelsius.most ? [{ kind, celsius }] : [];
}

function ratioOf(milliPercent: number | undefined): number | null {
  const ratio = (milliPercent ?? 0) / 100_000;
  return ratio > 0 && ratio <= 1 ? ratio : null;
}
