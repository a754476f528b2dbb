/** Load, memory, disk and temperature by /proc, /sys and one statfs: no child process. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { PcFigures } from '../platform.ts';
import { readNames, readNumber, readText, required } from './files.ts';

type Sensor = { celsius: number; limit: number | null };

/** Beyond these a sensor is broken or absent, or a limit is a placeholder. */
const coldestCelsius = 1;
const hottestCelsius = 125;

/** Reads the figures of the PC; each call measures the load since the one before. */
export function createFigures(root: string): () => Promise<PcFigures> {
  const load = createLoadMeter(root);
  return async () => {
    const loadRatio = await load();
    const sensor = hottest([...(await thermalZones(root)), ...(await hardwareMonitors(root))]);
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

/** As `df` counts: blocks kept for root are not free for people. */
async function diskUsed(root: string): Promise<number> {
  const disk = await statfs(root);
  const used = disk.blocks - disk.bfree;
  return used + disk.bavail === 0 ? 0 : used / (used + disk.bavail);
}

async function thermalZones(root: string): Promise<Sensor[]> {
  const folder = join(root, 'sys/class/thermal');
  const sensors: Sensor[] = [];
  for (const zone of (await readNames(folder)) ?? []) {
    if (!zone.startsWith('thermal_zone')) continue;
    const files = (await readNames(join(folder, zone))) ?? [];
    let limit: number | undefined;
    for (const file of files.filter((one) => /^trip_point_\d+_type$/.test(one)))
      if ((await readText(join(folder, zone, file))) === 'critical')
        limit = await readNumber(join(folder, zone, file.replace('_type', '_temp')));
    sensors.push(...sensor(await readNumber(join(folder, zone, 'temp')), limit));
  }
  return sensors;
}

async function hardwareMonitors(root: string): Promise<Sensor[]> {
  const folder = join(root, 'sys/class/hwmon');
  const sensors: Sensor[] = [];
  for (const monitor of (await readNames(folder)) ?? []) {
    const files = (await readNames(join(folder, monitor))) ?? [];
    for (const file of files.filter((one) => /^temp\d+_input$/.test(one))) {
      const limit = await readNumber(join(folder, monitor, file.replace('_input', '_crit')));
      sensors.push(...sensor(await readNumber(join(folder, monitor, file)), limit));
    }
  }
  return sensors;
}

/** The kernel counts in thousandths of a degree. */
function sensor(milli: number | undefined, limitMilli: number | undefined): Sensor[] {
  if (milli === undefined || !isTemperature(milli / 1000)) return [];
  const limit = limitMilli === undefined || !isTemperature(limitMilli / 1000) ? null : limitMilli / 1000;
  return [{ celsius: milli / 1000, limit }];
}

function isTemperature(celsius: number): boolean {
  return celsius >= coldestCelsius && celsius <= hottestCelsius;
}

/** Of two equal ones, which are often one sensor by two doors, the one that names its limit. */
function hottest(sensors: Sensor[]): Sensor | undefined {
  return sensors.toSorted((a, b) => b.celsius - a.celsius || Number(b.limit !== null) - Number(a.limit !== null))[0];
}

type Ticks = { busy: number; all: number };

/** Busy time of all cores since the call before, 0 to 1; null at the first. Each meter has its own window. */
export function createLoadMeter(root: string): () => Promise<number | null> {
  let before: Ticks | undefined;
  return async () => {
    const ticks = readTicks(await required(root, 'proc/stat'));
    const ratio = before && ticks.all > before.all ? (ticks.busy - before.busy) / (ticks.all - before.all) : null;
    before = ticks;
    return ratio === null ? null : Math.min(1, Math.max(0, ratio));
  };
}

/** First line: user, nice, system, idle, iowait, irq, softirq, steal. Time that waits for a disk is not busy. */
function readTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}
