/** Mains and batteries by /sys/class/power_supply. */
import { join } from 'node:path';
import type { PowerFigures } from '../platform.ts';
import { readNames, readNumber, readText } from './files.ts';

type Supply = Awaited<ReturnType<typeof readSupply>>;

const none: PowerFigures = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };
/** Plausible range of battery temperatures in °C. */
const believedCelsius = { least: -40, most: 90 };

/**
 * Guarantee: the battery of a mouse or headset does not count. A PC without a battery returns null values, whatever its mains supply
 * reports.
 */
export async function readPower(root: string): Promise<PowerFigures> {
  const folder = join(root, 'sys/class/power_supply');
  const supplies: Supply[] = [];
  for (const name of (await readNames(folder)) ?? []) {
    if ((await readText(join(folder, name, 'scope'))) !== 'Device') supplies.push(await readSupply(join(folder, name)));
  }
  const batteries = supplies.filter((one) => one.type === 'Battery' && one.charge !== null);
  if (batteries.length === 0) return none;
  const charges = batteries.map((one) => one.charge ?? 0);
  const celsius = batteries.flatMap((one) => one.celsius ?? []);
  const runtimes = batteries.flatMap((one) => one.runtimeMs ?? []);
  return {
    onMains: onMains(supplies, batteries),
    batteryChargeRatio: charges.reduce((sum, one) => sum + one, 0) / charges.length,
    isCharging: batteries.some((one) => one.status === 'Charging'),
    // A PC discharges its batteries one after another, so their runtimes add up.
    runtimeMs: runtimes.length === 0 ? null : runtimes.reduce((sum, one) => sum + one, 0),
    batteryCelsius: celsius.length === 0 ? null : Math.min(...celsius),
  };
}

async function readSupply(folder: string) {
  const capacity = await readNumber(join(folder, 'capacity'));
  const absent = (await readNumber(join(folder, 'present'))) === 0;
  const status = await readText(join(folder, 'status'));
  return {
    type: await readText(join(folder, 'type')),
    status,
    online: (await readNumber(join(folder, 'online'))) === 1,
    charge: capacity === undefined || absent ? null : Math.min(1, Math.max(0, capacity / 100)),
    celsius: celsiusOf(await readNumber(join(folder, 'temp'))),
    runtimeMs: status === 'Discharging' ? await runtimeMsOf(folder) : null,
  };
}

/** Converts tenths of a degree. A value of 0 comes from firmware without a sensor and counts as unknown. */
function celsiusOf(tenths: number | undefined): number | null {
  if (tenths === undefined || tenths === 0) return null;
  const celsius = tenths / 10;
  return celsius >= believedCelsius.least && celsius <= believedCelsius.most ? celsius : null;
}

/** Computes the remaining time of a battery: energy by power, or charge by current. Null if a value is missing. */
async function runtimeMsOf(folder: string): Promise<number | null> {
  for (const [left, drawn] of [
    ['energy_now', 'power_now'],
    ['charge_now', 'current_now'],
  ] as const) {
    const [amount, rate] = [await readNumber(join(folder, left)), await readNumber(join(folder, drawn))];
    if (amount !== undefined && rate) return Math.round((amount / Math.abs(rate)) * 3_600_000);
  }
  return null;
}

/** Returns whether mains is present. On a PC that reports no mains supply, a battery that is not discharging shows that mains is present. */
function onMains(supplies: Supply[], batteries: Supply[]): boolean {
  const mains = supplies.filter((one) => one.type === 'Mains' || one.type === 'USB');
  if (mains.some((one) => one.online)) return true;
  return mains.length === 0 && !batteries.some((one) => one.status === 'Discharging');
}
