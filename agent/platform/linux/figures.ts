/** Load, memory, disk and temperature by /proc, /sys and one statfs call, without a child process. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClimateFigures, PcFigures, Sensor } from '../platform.ts';
import { readNames, readNumber, readText, required } from './files.ts';

/** Plausible temperatures and limits in °C. Other readings come from broken or absent sensors; other limits are placeholders. */
const coldestCelsius = 1;
const hottestCelsius = 125;

/** Reads the figures of the PC. Each call measures the load since the previous one. */
export function createFigures(root: string): () => Promise<PcFigures> {
  const load = createLoadMeter(root);
  return async () => {
    const loadRatio = await load();
    const sensor = hottest([...(await readZones(root)), ...(await readMonitors(root)).sensors]);
    return {
      uptimeSeconds: Number.parseFloat(await required(root, 'proc/uptime')),
      loadRatio,
      memoryUsedRatio: memoryUsed(await required(root, 'proc/meminfo')),
      diskUsedRatio: await diskUsed(root),
      temperatureCelsius: sensor?.celsius ?? null,
      temperatureLimitCelsius: sensor?.limit ?? null,
    };
  };
}

function memoryUsed(meminfo: string): number {
  const [total, available] = ['MemTotal', 'MemAvailable'].map((key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1]));
  if (!total || available === undefined || !Number.isFinite(available)) throw new Error('/proc/meminfo cannot be read');
  return 1 - available / total;
}

/** Returns the used share of the disk like `df`: blocks reserved for root count as neither used nor free. */
async function diskUsed(root: string): Promise<number> {
  const disk = await statfs(root);
  const used = disk.blocks - disk.bfree;
  return used + disk.bavail === 0 ? 0 : used / (used + disk.bavail);
}

/** Returns the hottest reading. Among equal readings, often of the same sensor, it prefers one with a limit. */
function hottest(sensors: TemperatureReading[]): TemperatureReading | undefined {
  return sensors
    .filter(({ celsius }) => isTemperature(celsius))
    .toSorted((a, b) => b.celsius - a.celsius || Number(b.limit !== null) - Number(a.limit !== null))[0];
}

type Ticks = { busy: number; all: number };

/** Measures the busy time of all cores since the previous call, 0 to 1; null at the first. Each meter has a separate window. */
function createLoadMeter(root: string): () => Promise<number | null> {
  let before: Ticks | undefined;
  return async () => {
    const ticks = readTicks(await required(root, 'proc/stat'));
    const ratio = before && ticks.all > before.all ? (ticks.busy - before.busy) / (ticks.all - before.all) : null;
    before = ticks;
    return ratio === null ? null : Math.min(1, Math.max(0, ratio));
  };
}

/** Reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. `iowait` does not count as busy. */
function readTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}

/** Drivers of which every sensor measures the same kind of thing. */
const drivers: readonly (readonly [RegExp, Sensor['kind']])[] = [
  [/^(coretemp|k10temp|zenpower|cpu_thermal|x86_pkg_temp)$/, 'processor'],
  [/^(nvme|drivetemp)$/, 'disk'],
  [/^(acpitz|jc42|spd5118|pch_.*)$/, 'board'],
];
/** Labels that name what a sensor of another driver measures. Inputs without a label are skipped: often no sensor is connected. */
const labels: readonly (readonly [RegExp, Sensor['kind']])[] = [
  [/\b(ambient|room)\b/i, 'room'],
  [/^(systin|system|motherboard|mb|board)\b/i, 'board'],
];
/** Plausible range in °C. A reading outside it, or of exactly 0, comes from an input without a sensor. */
const believedCelsius = { least: -50, most: 125 };

/** Reads the sensors of the PC. Each call measures the load since the previous one. */
export function createClimate(root: string): () => Promise<ClimateFigures> {
  const load = createLoadMeter(root);
  return async () => {
    const loadRatio = await load();
    const { sensors, humidityRatio } = await readMonitors(root);
    // Without a driver for the processor's sensor, the thermal zone of the processor is read.
    const hasProcessor = sensors.some(({ kind }) => kind === 'processor');
    const zones = hasProcessor ? [] : (await readZones(root)).filter(({ kind }) => kind === 'processor');
    return {
      uptimeSeconds: Number.parseFloat(await required(root, 'proc/uptime')),
      loadRatio,
      sensors: [...sensors, ...zones].flatMap(({ kind, celsius }) => (kind === undefined ? [] : [{ kind, celsius }])),
      humidityRatio,
    };
  };
}

/** A reading in °C; `kind` is undefined if it is unknown what the sensor measures. */
type TemperatureReading = { celsius: number; limit: number | null; kind: Sensor['kind'] | undefined };

async function readMonitors(root: string): Promise<{ sensors: TemperatureReading[]; humidityRatio: number | null }> {
  const folder = join(root, 'sys/class/hwmon');
  const sensors: TemperatureReading[] = [];
  let humidityRatio: number | null = null;
  for (const monitor of (await readNames(folder)) ?? []) {
    const at = join(folder, monitor);
    const files = (await readNames(at)) ?? [];
    const driver = (await readText(join(at, 'name'))) ?? '';
    const humid = files.find((one) => /^humidity\d+_input$/.test(one));
    if (humid) humidityRatio ??= ratioOf(await readNumber(join(at, humid)));
    for (const file of files.filter((one) => /^temp\d+_input$/.test(one))) {
      const label = (await readText(join(at, file.replace('_input', '_label')))) ?? '';
      const limit = await readNumber(join(at, file.replace('_input', '_crit')));
      // A sensor that also measures humidity measures the air of the room.
      const kind = humid ? 'room' : kindOf(driver, label);
      sensors.push(...reading(kind, await readNumber(join(at, file)), limit));
    }
  }
  return { sensors, humidityRatio };
}

async function readZones(root: string): Promise<TemperatureReading[]> {
  const folder = join(root, 'sys/class/thermal');
  const sensors: TemperatureReading[] = [];
  for (const zone of (await readNames(folder)) ?? []) {
    if (!zone.startsWith('thermal_zone')) continue;
    const at = join(folder, zone);
    let limit: number | undefined;
    for (const file of ((await readNames(at)) ?? []).filter((one) => /^trip_point_\d+_type$/.test(one)))
      if ((await readText(join(at, file))) === 'critical') limit = await readNumber(join(at, file.replace('_type', '_temp')));
    const kind = kindOf((await readText(join(at, 'type'))) ?? '', '');
    sensors.push(...reading(kind, await readNumber(join(at, 'temp')), limit));
  }
  return sensors;
}

function kindOf(driver: string, label: string): Sensor['kind'] | undefined {
  const byDriver = drivers.find(([pattern]) => pattern.test(driver));
  return (byDriver ?? labels.find(([pattern]) => pattern.test(label)))?.[1];
}

/** Converts a reading and its limit from thousandths of a degree. Returns an empty list if the reading is not plausible. */
function reading(kind: TemperatureReading['kind'], milli = 0, limitMilli = 0): TemperatureReading[] {
  const celsius = milli / 1_000;
  const limit = isTemperature(limitMilli / 1_000) ? limitMilli / 1_000 : null;
  return celsius !== 0 && celsius >= believedCelsius.least && celsius <= believedCelsius.most ? [{ kind, celsius, limit }] : [];
}

function isTemperature(celsius: number): boolean {
  return celsius >= coldestCelsius && celsius <= hottestCelsius;
}

function ratioOf(milliPercent: number | undefined): number | null {
  const ratio = (milliPercent ?? 0) / 100_000;
  return ratio > 0 && ratio <= 1 ? ratio : null;
}
