/** Can this PC carry a meeting: processor, memory, disk, temperature. */
import { type BeatKey, type Check, realClock } from '#contracts';
import type { Probe } from '../../checks/probe.ts';
import type { PcFigures } from '../../platform/platform.ts';
import { createUpkeep, type UpkeepClock } from './upkeep.ts';

/** How long a figure must stand before anybody is told is the fault's hold time, in the catalogue. */
const limits = { load: 0.9, memory: 0.95, disk: 0.9 };
/** Where the sensor names no limit of its own. */
const hotCelsius = 95;
/** A PC is slowed down before it reaches the limit of its sensor. */
const marginCelsius = 5;

/** Is the PC too busy, too full or too warm, and does somebody have to look after it? */
export function createPcProbe(clock: UpkeepClock = realClock()): Probe {
  const upkeep = createUpkeep(clock);
  return {
    name: 'pc',
    everyMs: 30_000,
    timeoutMs: 5_000,
    async run({ platform, signal }) {
      const figures = await platform.figures(signal);
      return { checks: [...checksOf(figures), ...(await upkeep(platform, signal))], numbers: numbersOf(figures) };
    },
  };
}

/** A PC without a temperature sensor has no such check: a standing `unknown` would say nothing. */
function checksOf(figures: PcFigures): Check[] {
  const { loadRatio, memoryUsedRatio, diskUsedRatio, temperatureCelsius, temperatureLimitCelsius } = figures;
  const processor = loadRatio === null ? notMeasured : judge('processor', 'pc.load_high', loadRatio > limits.load);
  const checks = [
    processor,
    judge('memory', 'pc.memory_low', memoryUsedRatio > limits.memory),
    judge('disk', 'pc.disk_full', diskUsedRatio > limits.disk),
  ];
  if (temperatureCelsius === null) return checks;
  const limit = temperatureLimitCelsius === null ? hotCelsius : temperatureLimitCelsius - marginCelsius;
  return [...checks, judge('temperature', 'pc.hot', temperatureCelsius >= limit)];
}

const notMeasured: Check = {
  component: 'pc',
  device: 'processor',
  status: 'unknown',
  fault: null,
  reason: 'measured from the second look on',
};

function judge(device: string, fault: string, bad: boolean): Check {
  return { component: 'pc', device, status: bad ? 'fault' : 'ok', fault: bad ? fault : null, reason: null };
}

function numbersOf(figures: PcFigures): Partial<Record<BeatKey, number>> {
  const { uptimeSeconds, loadRatio, memoryUsedRatio, diskUsedRatio, temperatureCelsius } = figures;
  return {
    up: uptimeSeconds,
    mem: memoryUsedRatio,
    disk: diskUsedRatio,
    ...(loadRatio !== null && { load: loadRatio }),
    ...(temperatureCelsius !== null && { temp: temperatureCelsius }),
  };
}
