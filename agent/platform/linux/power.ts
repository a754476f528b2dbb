/** Mains and batteries by /sys/class/power_supply. */
import { join } from 'node:path';
import type { PcFigures } from '../platform.ts';
import { readNames, readNumber, readText } from './files.ts';

type Power = Pick<PcFigures, 'onMains' | 'batteryChargeRatio'>;
type Supply = { type: string | undefined; status: string | undefined; online: boolean; charge: number | null };

/** Guarantee: a battery of a mouse or headset is not the PC's; a PC without a battery gives no answer, whatever its mains supply says. */
export async function readPower(root: string): Promise<Power> {
  const folder = join(root, 'sys/class/power_supply');
  const supplies: Supply[] = [];
  for (const name of (await readNames(folder)) ?? []) {
    if ((await readText(join(folder, name, 'scope'))) !== 'Device') supplies.push(await readSupply(join(folder, name)));
  }
  const batteries = supplies.filter((one) => one.type === 'Battery' && one.charge !== null);
  if (batteries.length === 0) return { onMains: null, batteryChargeRatio: null };
  const charges = batteries.map((one) => one.charge ?? 0);
  return { onMains: onMains(supplies, batteries), batteryChargeRatio: charges.reduce((sum, one) => sum + one, 0) / charges.length };
}

async function readSupply(folder: string): Promise<Supply> {
  const capacity = await readNumber(join(folder, 'capacity'));
  const absent = (await readNumber(join(folder, 'present'))) === 0;
  return {
    type: await readText(join(folder, 'type')),
    status: await readText(join(folder, 'status')),
    online: (await readNumber(join(folder, 'online'))) === 1,
    charge: capacity === undefined || absent ? null : Math.min(1, Math.max(0, capacity / 100)),
  };
}

/** Some machines show no mains supply at all: there a battery that is not being emptied says it. */
function onMains(supplies: Supply[], batteries: Supply[]): boolean {
  const mains = supplies.filter((one) => one.type === 'Mains' || one.type === 'USB');
  if (mains.some((one) => one.online)) return true;
  return mains.length === 0 && !batteries.some((one) => one.status === 'Discharging');
}
